"""The elementary functions as rules on `V`: what `math` computes, without a branch, on all lanes at once.

Each is within 2 ulp of the true value over its whole range, and answers infinities, nans, signed zeros and denormals
as C's function does. The plan is the same everywhere: reduce the argument to a short interval, carrying what the
reduction rounds away as a second number; there, a polynomial; then put the parts together so that the last operation
is the one that rounds. Coefficients are of interpolating polynomials at Chebyshev's points, taken at 250 bits.
"""

from autograd.native.vector import circular as circular
from autograd.native.vector import error_function as error_function
from autograd.native.vector import powers as powers
from autograd.native.vector.exponentials import exp as exp
from autograd.native.vector.logarithms import log as log
from autograd.native.vector.rules import RULES as RULES
from autograd.native.vector.rules import by_lane as by_lane
