"""Both commands end quietly when nobody reads on, the disk is full, stdout is closed, or a package is missing."""

import os
import subprocess
import sys

import pytest

from tests.processes import variables

COMMANDS = {
    "autograd": ("-m", "autograd", "w*w", "w=2"),
    "autograd help": ("-m", "autograd", "-h"),
    "nn": ("-m", "nn", "--epochs", "0"),
    "nn help": ("-m", "nn", "--help"),
}
commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def start(command, folder, **options):
    return subprocess.Popen([sys.executable, *command], cwd=folder, env=variables(), stderr=subprocess.PIPE, **options)


def complaint(process):
    """What it wrote to stderr, but for the progress bar."""
    said = process.communicate(timeout=120)[1].decode()
    return "\n".join(line for line in said.splitlines() if not line.startswith("training:"))


@commands
def test_a_reader_who_stops_reading_is_no_error(command, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    process = start(command, tmp_path, stdout=writing)
    os.close(writing)
    assert complaint(process) == ""
    assert process.returncode in (0, 141)  # 0 where argparse has noticed it, and says nothing


@pytest.mark.parametrize("name", ["autograd", "nn"])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_one_line(name, tmp_path):
    with open("/dev/full", "wb") as full:
        process = start(COMMANDS[name], tmp_path, stdout=full)
    assert complaint(process) == "error: [Errno 28] No space left on device"
    assert process.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell's way of closing stdout")
@pytest.mark.parametrize("name", ["autograd", "nn"])
def test_a_closed_stdout_is_silence(name, tmp_path):
    process = start(COMMANDS[name], tmp_path, preexec_fn=lambda: os.close(1))
    assert complaint(process) == ""
    assert process.returncode == 0


def test_a_package_that_is_missing_is_one_line(tmp_path):
    (tmp_path / "tqdm.py").write_text("raise ImportError")
    process = start(COMMANDS["nn"], tmp_path, stdout=subprocess.DEVNULL)
    assert (
        " ".join(complaint(process).split())
        == "error: fit: progress=True shows a bar of tqdm's: pip install tqdm, or progress=False"
    )
    assert process.returncode == 1
