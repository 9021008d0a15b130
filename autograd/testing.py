"""The public home of `autograd.trust.strategies`, whose page of examples this is too."""

from autograd.trust import strategies as _strategies
from autograd.trust.conformance import Adapter, Scorecard, check_engine, offered, own
from autograd.trust.strategies import Expression as Expression
from autograd.trust.strategies import assert_gradients_match, check_gradients, expressions, inputs, values

__doc__ = _strategies.__doc__
__all__ = [  # noqa: RUF022
    "Expression", "assert_gradients_match", "check_gradients", "expressions", "inputs", "values",
    "Adapter", "Scorecard", "check_engine", "offered", "own",
]  # fmt: skip
