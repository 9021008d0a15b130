"""A program in a terminal, or before a pipe: its signs, a reader who has read enough, Ctrl-C.

None of these is an error of the program, so none ends in a traceback; the exit status says what happened.
"""

import argparse
import io
import os
import sys
import textwrap
from collections.abc import Callable
from typing import NoReturn

COLUMNS = 80
INTERRUPTED, CLOSED_PIPE, FAILED = 130, 141, 1  # the first two as a shell reports SIGINT and SIGPIPE


class Options(argparse.ArgumentParser):
    """A parser whose complaints are no wider than its help."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        complain(f"{self.prog}: error: {message}")
        sys.exit(2)


def wrapped(line: str, indent: int = 2) -> str:
    """A line of 80 columns at most, but for words that are longer; what goes on is indented."""
    below = " " * indent
    return textwrap.fill(line, COLUMNS, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)


def complain(error: str) -> None:
    """To stderr."""
    print(wrapped(error), file=sys.stderr)


def run(main: Callable[[], int]) -> int:
    """What `main()` returns or exits with, after all that it printed has arrived."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where the shell closed it: python -m nn >&-
            # A terminal says what it shows; a file or a pipe gets everything, whatever the locale is.
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")
    try:
        try:
            status = main()
        except SystemExit as stop:  # argparse, after its help or its complaint
            status = int(stop.code or 0)
        print(end="", flush=True)
    except (OSError, ImportError) as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        if isinstance(error, BrokenPipeError):  # `| head`
            return CLOSED_PIPE
        complain(f"error: {error}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
