"""A program in a terminal, or before a pipe: its signs, a reader who has read enough, Ctrl-C.

None of these is an error of the program, so none ends in a traceback; the exit status says what happened.
"""

import io
import os
import sys
from collections.abc import Callable

INTERRUPTED, CLOSED_PIPE, FAILED = 130, 141, 1  # the first two as a shell reports SIGINT and SIGPIPE


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
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
