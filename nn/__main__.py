"""`python -m nn [data.csv]`: backpropagation in the 1-1-1-1 network, shown on real data. See `nn.lecture`."""

import sys

from nn.lecture import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks ∂ and σ gets a question mark
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
