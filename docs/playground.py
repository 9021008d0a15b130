"""What the playground knows: its examples, and how a formula becomes a page. Runs when the site is built and, for what
a reader types, in the reader's browser.
"""

from typing import Any, NamedTuple

from autograd import Value, step
from autograd.parser import CONSTANTS, Formula, FormulaError
from autograd.picture.formula import labels

UNSAID = 1.0  # the number of a name that was given none


class Example(NamedTuple):
    title: str
    formula: str
    numbers: dict[str, float]


EXAMPLES = {
    "one-neuron": Example("one neuron", "C = (sigmoid(w*a + b) - y)**2", {"w": 2.0, "a": 0.5, "b": -0.3, "y": 1.0}),
    "chain": Example(
        "1-1-1-1",
        "C = (sigmoid(w_3*sigmoid(w_2*sigmoid(w_1*x + b_1) + b_2) + b_3) - y)**2",
        {"w_1": 0.7, "b_1": 0.0, "w_2": 0.5, "b_2": 0.0, "w_3": -0.2, "b_3": 0.0, "x": -0.4, "y": 1.0},
    ),
    "softplus": Example("softplus", "s = softplus(beta*x)/beta", {"beta": 2.0, "x": 0.5}),
    "black-scholes": Example(
        "Black–Scholes",  # a call: what it is worth beside its price S, strike K, rate r, volatility v, years T
        "C = S*ndtr((log(S/K) + (r + v**2/2)*T)/(v*sqrt(T)))"
        " - K*exp(-r*T)*ndtr((log(S/K) + (r - v**2/2)*T)/(v*sqrt(T)))",
        {"S": 100.0, "K": 105.0, "r": 0.03, "v": 0.2, "T": 1.0},
    ),
    "pendulum": Example(
        "a pendulum",  # its energy in units of m l²; the derivative in the angle is what drives it back
        "E = omega**2/2 + g/l*(1 - cos(theta))",
        {"omega": 0.6, "g": 9.81, "l": 1.2, "theta": 0.8},
    ),
}


def page(text: str, numbers: dict[str, float]) -> dict[str, Any]:
    """{html, numbers, shown}: the live page of a formula, its numbers, and each name as the page shows it.

    {error, column} for what cannot be read.
    """
    try:
        formula = Formula(text)
        names = [name for name in formula.names if name not in CONSTANTS]
        leaves = {name: Value(numbers.get(name, UNSAID), name) for name in names}
        result = formula.evaluate(CONSTANTS | leaves)
        if not isinstance(result, Value):
            raise FormulaError("there is no name in it to differentiate by; write one such as x", 0)
        html = step(result).html()
    except FormulaError as error:
        return {"error": str(error), "column": error.column}
    except (ValueError, ArithmeticError) as error:
        return {"error": str(error), "column": None}
    return {
        "html": html,
        "numbers": {n: v.data for n, v in leaves.items()},
        "shown": {n: labels.text(n) for n in names},
    }
