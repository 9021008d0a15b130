"""The core: the table, a scalar that remembers, the chain rule; all else reads it."""

from autograd.core import arrays as arrays  # binds numpy's protocol to Value
from autograd.core import comparisons as comparisons  # < and ==
from autograd.core import copies as copies  # copy, pickle
from autograd.core import fast as fast  # puts the faster operators and sweeps in place
from autograd.core import printed as printed  # repr(v), f"{v:.3f}"
from autograd.core import refusals as refusals  # bool(v), float(v)
from autograd.core import whole_numbers as whole_numbers  # %, round
