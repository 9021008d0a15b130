"""Public problem sets, run against this engine: `python -m benchmarks.independent`. It needs scipy.

Minimisers of scipy's get our derivatives and must end in the published minima; certified deviations of parameters check
a Jacobian; tables of special functions check values and slopes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd import jacobian, value_and_grad
from benchmarks.independent import cutest, more_garbow_hillstrom, strd, tables


class Checked(NamedTuple):
    """What was compared, how far apart it may be (relative), and how far it was."""

    name: str
    allowed: float
    apart: float

    @property
    def right(self) -> bool:
        return self.apart <= self.allowed


def sums_of_squares() -> Iterator[Checked]:
    """The published minima of Moré, Garbow and Hillstrom have six digits."""
    for name, problem in more_garbow_hillstrom.PROBLEMS.items():
        _, found = _least_squares(problem.residuals, problem.start)
        apart = min([abs(found - minimum) / (minimum or 1.0) for minimum in problem.minima])
        yield Checked(name, 1e-5, apart)


def objectives() -> Iterator[Checked]:
    from scipy.optimize import minimize

    for name, (f, start, minimum) in cutest.OBJECTIVES.items():
        both = value_and_grad(f)
        found = minimize(
            lambda x, both=both: both(x), start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5_000}
        )
        yield Checked(name, 1e-4, abs(found.fun - minimum) / max(1.0, abs(minimum)))


def regressions() -> Iterator[Checked]:
    """At the certified parameters: the sum of squares, the deviations; and from the nearer start: the parameters."""
    import numpy as np

    for name, data in strd.DATASETS.items():
        certified = np.array(data.certified)
        residuals, J = np.array(data.residuals(certified)), np.array(jacobian(data.residuals)(certified))
        scale = np.sqrt((J**2).sum(axis=0))  # the parameters' units differ by up to 10¹¹
        inverse = np.linalg.inv(np.linalg.qr(J / scale)[1])
        deviations = np.sqrt(data.squares / (len(residuals) - len(certified)) * (inverse**2).sum(axis=1)) / scale
        if data.squares > 1e-20:  # Lanczos1 is exact to 14 digits: eleven digits of its parameters do not reach its sum
            yield Checked(f"{name}: sum of squares", 1e-9, abs(float(residuals @ residuals) / data.squares - 1))
        yield Checked(f"{name}: deviations", 1e-9, float(abs(deviations / data.deviations - 1).max()))
        fitted, _ = _least_squares(data.residuals, data.starts[1])
        yield Checked(f"{name}: parameters", 1e-6, float(abs(fitted / certified - 1).max()))


def special_functions() -> Iterator[Checked]:
    for what, count, apart, where in tables.rows():
        at = ", ".join([f"{x:.6g}" for x in where])
        yield Checked(f"{what}, {count} points, worst at {at}", 1e-11, apart)


def _least_squares(residuals: Any, start: Sequence[float]) -> tuple[Any, float]:
    """Where scipy's trust region ends with our Jacobian, and the sum of squares there.

    (Its Levenberg–Marquardt takes one of two ways from Biggs' start, by where in memory its arrays happen to lie.)
    """
    from numpy import array
    from scipy.optimize import least_squares

    derivative = jacobian(lambda x: residuals([*x]))
    plain = lambda x: [*map(float, residuals([*map(float, x)]))]
    exact = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
    found = least_squares(
        plain, start, lambda x: array(derivative([*map(float, x)])), method="trf", max_nfev=5_000, **exact
    )
    return found.x, 2.0 * float(found.cost)


SETS = {
    "Moré–Garbow–Hillstrom": sums_of_squares,
    "CUTEst": objectives,
    "NIST StRD": regressions,
    "special functions of Boost": special_functions,
}


def main() -> int:
    failed = 0
    for title, checks in SETS.items():
        found = list(checks())
        wrong = [check for check in found if not check.right]
        worst = max(found, key=lambda check: check.apart / check.allowed)
        print(
            f"{title}: {len(found) - len(wrong)} of {len(found)} right; nearest to its limit of {worst.allowed:g}: ",
            end="",
        )
        print(f"{worst.apart:.2g}, {worst.name}")
        for check in wrong:
            print(f"  WRONG: {check.name}: {check.apart:.3g} apart, {check.allowed:g} allowed")
        failed += len(wrong)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
