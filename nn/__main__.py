"""`python -m nn [data.csv]`: backpropagation in the 1-1-1-1 network, shown on real data. See `nn.lecture`."""

import sys

from autograd.terminal import run
from nn.lecture import main

if __name__ == "__main__":
    sys.exit(run(main))
