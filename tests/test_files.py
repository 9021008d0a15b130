"""Writing: whole or not at all, into what is there, with the permissions it has, and errors that name the path."""

import os
import stat
import threading

import pytest

import nn
from autograd import Value, draw
from autograd.files import printable, write

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and pipes as POSIX has them")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "m.json"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path, b"new")
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    write(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@posix
def test_a_hard_link_stays_one(tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"a longer content than the new one")
    os.link(path, other)
    write(path, b"new")
    assert other.read_bytes() == b"new" and path.samefile(other)


@posix
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_bytes() == b"new"


@posix
def test_a_pipe_is_written_into(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    nn.Neuron(1, seed=0).save(pipe)
    reader.join(10)
    assert b'"module": "Neuron"' in read[0] and stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_a_device_stays_one():
    write("/dev/null", b"new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


WRITTEN = {".json": lambda path: nn.Neuron(1).save(path), ".svg": lambda path: draw(Value(1.0) * 2).save(path)}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_name_as_long_as_can_be_is_written(tmp_path, suffix):
    path = tmp_path / ("n" * (255 - len(suffix)) + suffix)
    WRITTEN[suffix](path)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_name_that_is_too_long_is_named(tmp_path, suffix):
    with pytest.raises(OSError, match=rf"save: '.*nnn\{suffix}' cannot be written: File name too long"):
        WRITTEN[suffix](tmp_path / ("n" * 300 + suffix))
    assert os.listdir(tmp_path) == []


def test_what_moves_the_cursor_is_escaped():
    assert printable("a\x1b[31mb\x07 é→") == r"a\x1b[31mb\x07 é→"
