"""`python -m nn [data.csv]`: backpropagation in the 1-1-1-1 network, shown on real data. See `nn.lecture`.

Installed, it is also the command `chainrule`: `chainrule train [data.csv]`, and `chainrule derive "w*a" w=2 a=3`, which
is `python -m autograd`.
"""

import sys

from autograd.terminal import run
from nn.lecture import main

USAGE = """usage: chainrule train [data.csv] [options]
       chainrule derive FORMULA name=number ... [options]

train   train a small network on a table of numbers, and write every chain rule
derive  differentiate a formula: its value, every derivative, a check

chainrule train -h, chainrule derive -h: the options"""


def chainrule() -> int:
    """The command `chainrule`; returns the exit status."""
    return run(_chosen)


def _chosen() -> int:
    which, arguments = sys.argv[1:2], sys.argv[2:]
    if which == ["train"]:
        return main(arguments)
    if which == ["derive"]:
        from autograd.__main__ import main as derive

        return derive(arguments)
    if which in ([], ["-h"], ["--help"]):
        print(USAGE)
        return 0 if which else 2
    print(f"{USAGE}\nchainrule: error: {which[0]!r} is no command of these", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run(main))
