"""Nonlinear regressions of NIST's Statistical Reference Datasets, with the certified parameters and their deviations.

https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml: the certified numbers were found in 128-bit arithmetic with two
algorithms. At the certified parameters b the residual sum of squares is the certified one, its gradient is 0, and the
certified standard deviations are √(RSS/(n − p)·(JᵀJ)⁻¹ᵢᵢ): a check of the Jacobian J that knows nothing of this library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import exp
from benchmarks.independent.more_garbow_hillstrom import KOWALIK, MEYER, OSBORNE_1


class Dataset(NamedTuple):
    """y ≈ model(b, x); from `start` the parameters, their standard deviations and the sum of squares are certified."""

    model: Callable[[Sequence[Any], float], Any]
    x: tuple[float, ...]
    y: tuple[float, ...]
    start: tuple[float, ...]
    certified: tuple[float, ...]
    deviations: tuple[float, ...]
    squares: float

    def residuals(self, b: Sequence[Any]) -> list[Any]:
        return [y - self.model(b, x) for x, y in zip(self.x, self.y, strict=True)]


# fmt: off
MISRA = (
    (77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0),
    (10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78),
)
DATASETS: dict[str, Dataset] = {
    "Misra1a": Dataset(
        lambda b, x: b[0] * (1 - exp(-b[1] * x)), *MISRA, (500.0, 0.0001),
        (2.3894212918e02, 5.5015643181e-04), (2.7070075241e00, 7.2668688436e-06), 1.2455138894e-01,
    ),
    "Misra1b": Dataset(
        lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2), *MISRA, (500.0, 0.0001),
        (3.3799746163e02, 3.9039091287e-04), (3.1643950207e00, 4.2547321834e-06), 7.5464681533e-02,
    ),
    "Misra1c": Dataset(
        lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5), *MISRA, (500.0, 0.0001),
        (6.3642725809e02, 2.0813627256e-04), (4.6638326572e00, 1.7728423155e-06), 4.0966836971e-02,
    ),
    "Misra1d": Dataset(
        lambda b, x: b[0] * b[1] * x / (1 + b[1] * x), *MISRA, (500.0, 0.0001),
        (4.3736970754e02, 3.0227324449e-04), (3.6489174345e00, 2.9334354479e-06), 5.6419295283e-02,
    ),
    "DanWood": Dataset(
        lambda b, x: b[0] * x ** b[1],
        (1.309, 1.471, 1.490, 1.565, 1.611, 1.680), (2.138, 3.421, 3.597, 4.340, 4.882, 5.660), (1.0, 5.0),
        (7.6886226176e-01, 3.8604055871e00), (1.8281973860e-02, 5.1726610913e-02), 4.3173084083e-03,
    ),
    "BoxBOD": Dataset(
        lambda b, x: b[0] * (1 - exp(-b[1] * x)),
        (1.0, 2.0, 3.0, 5.0, 7.0, 10.0), (109.0, 149.0, 149.0, 191.0, 213.0, 224.0), (100.0, 0.75),
        (2.1380940889e02, 5.4723748542e-01), (1.2354515176e01, 1.0455993237e-01), 1.1680088766e03,
    ),
    "MGH09": Dataset(
        lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
        tuple([x for _, x in KOWALIK]), tuple([y for y, _ in KOWALIK]),
        (0.25, 0.39, 0.415, 0.39),
        (1.9280693458e-01, 1.9128232873e-01, 1.2305650693e-01, 1.3606233068e-01),
        (1.1435312227e-02, 1.9633220911e-01, 8.0842031232e-02, 9.0025542308e-02), 3.0750560385e-04,
    ),
    "MGH10": Dataset(
        lambda b, x: b[0] * exp(b[1] / (x + b[2])),
        tuple([45.0 + 5 * i for i in range(1, 17)]),
        MEYER,
        (0.02, 4000.0, 250.0),
        (5.6096364710e-03, 6.1813463463e03, 3.4522363462e02),
        (1.5687892471e-04, 2.3309021107e01, 7.8486103508e-01), 8.7945855171e01,
    ),
    "Rat42": Dataset(
        lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)),
        (9.0, 14.0, 21.0, 28.0, 42.0, 57.0, 63.0, 70.0, 79.0),
        (8.930, 10.800, 18.590, 22.330, 39.350, 56.110, 61.730, 64.620, 67.080), (75.0, 2.5, 0.07),
        (7.2462237576e01, 2.6180768402e00, 6.7359200066e-02),
        (1.7340283401e00, 8.8295217536e-02, 3.4465663377e-03), 8.0565229338e00,
    ),
    "Rat43": Dataset(
        lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)) ** (1 / b[3]),
        tuple([float(i) for i in range(1, 16)]),
        (16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56, 717.41),
        (700.0, 5.0, 0.75, 1.3),
        (6.9964151270e02, 5.2771253025e00, 7.5962938329e-01, 1.2792483859e00),
        (1.6302297817e01, 2.0828735829e00, 1.9566123451e-01, 6.8761936385e-01), 8.7864049080e03,
    ),
    "MGH17": Dataset(
        lambda b, x: b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
        tuple([10.0 * i for i in range(33)]),
        OSBORNE_1,
        (0.5, 1.5, -1.0, 0.01, 0.02),
        (3.7541005211e-01, 1.9358469127e00, -1.4646871366e00, 1.2867534640e-02, 2.2122699662e-02),
        (2.0723153551e-03, 2.2031669222e-01, 2.2175707739e-01, 4.4861358114e-04, 8.9471996575e-04), 5.4648946975e-05,
    ),
}
# fmt: on
