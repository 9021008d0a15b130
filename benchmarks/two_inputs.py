"""W1 and W2 differ only in their formula; this is what each engine does with a formula of two numbers.

`one_call` takes the engine from two floats to the value and both derivatives, as a program would that
asks for one point at a time. `whole_batch` does it for many rows at once, in the engines that can.
"""

from __future__ import annotations

from array import array

import numpy as np

from benchmarks.harness import COMPILED, OURS, Work
from benchmarks.native import address, load

ROWS = 100_000


def relu_of_a_number(x):
    """relu for the engines that compare by value and have no relu of their own."""
    return x if x > 0 else x * 0.0


def one_call(id, formula, a0, b0, golden) -> Work:
    """formula(a, b, relu) at one point."""
    work = Work(id, "one call: value and both derivatives", expect=golden)

    @work.engine(COMPILED, "autograd", "llvmlite")
    def compiled():
        import autograd

        call = autograd.compile(autograd.value_and_grad(lambda a, b: formula(a, b, autograd.relu), argnums=(0, 1)))
        return lambda: call(a0, b0)

    def by_class(Value, relu):
        def run():
            a, b = Value(a0), Value(b0)
            g = formula(a, b, relu)
            g.backward()
            return g.data, a.grad, b.grad

        return run

    @work.engine(OURS, "autograd")
    def eager():
        from autograd import Value, relu

        return by_class(Value, relu)

    @work.engine("micrograd", "micrograd.engine")
    def micrograd():
        from micrograd.engine import Value

        return by_class(Value, Value.relu)

    @work.engine("fastdual", "fastdual")
    def fastdual():
        from fastdual import Dual, der

        def run():
            a, b = Dual(a0), Dual(b0)
            g = formula(a, b, relu_of_a_number)
            return g.val, der(g, a), der(g, b)

        return run

    @work.engine("num-dual", "num_dual")
    def num_dual():
        from num_dual import gradient

        relu = lambda x: x if x.value > 0 else x * 0.0
        f = lambda x: formula(x[0], x[1], relu)
        return lambda: gradient(f, [a0, b0])

    @work.engine("hyperjet", "hyperjet")
    def hyperjet():
        from hyperjet import D2Scalar

        def run():
            g = formula(*D2Scalar.variables([a0, b0]), relu_of_a_number)
            return g.f, g.g

        return run

    @work.engine("xad", "xad")
    def xad():
        from xad.adj_1st import Real, Tape

        tape = Tape()
        tape.activate()

        def run():
            a, b = Real(a0), Real(b0)
            tape.registerInput(a)
            tape.registerInput(b)
            tape.newRecording()
            g = formula(a, b, relu_of_a_number)
            tape.registerOutput(g)
            g.derivative = 1.0
            tape.computeAdjoints()
            answer = g.value, a.derivative, b.derivative
            tape.clearAll()
            return answer

        return run

    @work.engine("casadi", "casadi")
    def casadi():
        a, b = array("d", [a0]), array("d", [b0])  # which take a number in half the time that numpy's do
        results = [np.zeros(1) for _ in range(3)]
        evaluate = casadi_evaluation(casadi_function(formula), [a, b], results)

        def run():
            a[0], b[0] = a0, b0
            evaluate()
            return results

        return run

    @work.engine("jax.jit", "jax")
    def jax():
        import jax

        call = jax.jit(jax.value_and_grad(lambda a, b: formula(a, b, jax.nn.relu), argnums=(0, 1)))
        a, b = jax.device_put(a0), jax.device_put(b0)
        return lambda: jax.block_until_ready(call(a, b))

    @work.engine("torch scalars", "torch")
    def torch():
        import torch

        def run():
            a = torch.tensor(a0, dtype=torch.float64, requires_grad=True)
            b = torch.tensor(b0, dtype=torch.float64, requires_grad=True)
            g = formula(a, b, torch.relu)
            g.backward()
            return g.item(), a.grad.item(), b.grad.item()

        return run

    return work


def whole_batch(id, formula, by_hand, c_name) -> Work:
    """formula(a, b, relu) at 1, 10 ... 100,000 rows."""
    work = Work(
        id,
        "a batch: value and both derivatives per row",
        unit="ns a row",
        scale=1e9,
        expect=lambda n: complex_step(formula, *rows(n)),
        rtol=1e-7,
        sizes=(1, 10, 100, 1_000, 10_000, ROWS),
        quick_sizes=(1_000,),
        per=lambda n: n,
        seconds=0.6,
    )

    @work.engine(COMPILED, "autograd", "llvmlite")
    def compiled(n):
        import autograd

        call = autograd.compile(autograd.value_and_grad(lambda a, b: formula(a, b, autograd.relu), argnums=(0, 1)))
        a, b = rows(n)
        return lambda: call(a, b)

    @work.engine("jax.jit(vmap)", "jax")
    def jax(n):
        import jax

        one = jax.value_and_grad(lambda a, b: formula(a, b, jax.nn.relu), argnums=(0, 1))
        call = jax.jit(jax.vmap(one))
        a, b = map(jax.device_put, rows(n))
        return lambda: jax.block_until_ready(call(a, b))

    @work.engine("casadi map", "casadi")
    def casadi(n):
        return casadi_call(casadi_function(formula).map(n), rows(n), [np.zeros(n) for _ in range(3)])

    @work.engine("torch", "torch")
    def torch(n):
        import torch

        a, b = (torch.from_numpy(x).requires_grad_() for x in rows(n))

        def run():
            g = formula(a, b, torch.relu)
            return [g.detach(), *torch.autograd.grad(g.sum(), (a, b))]

        return run

    @work.engine("numpy by hand")
    def numpy(n):
        a, b = rows(n)
        return lambda: by_hand(a, b)

    @work.engine("C by hand")
    def c(n):
        function = getattr(load("rows"), c_name)
        a, b = rows(n)
        results = np.zeros((3, n))
        pointers = [address(x) for x in (a, b, *results)]

        def run():
            function(n, *pointers)
            return results

        run.inputs = a, b  # the pointers hold addresses only: keep the arrays alive
        return run

    return work


def rows(n: int) -> list[np.ndarray]:
    return list(np.random.default_rng(7).uniform(-5.0, 5.0, (2, n)))


def complex_step(formula, a, b):
    """The reference: Im f(x + ih) / h is the derivative to the last bits, and knows nothing of autograd."""
    h = 1e-200
    relu = lambda x: np.where(x.real > 0, x, 0)
    da, db = formula(a + 1j * h, b, relu), formula(a, b + 1j * h, relu)
    return da.real, da.imag / h, db.imag / h


def casadi_function(formula):
    import casadi

    a, b = casadi.SX.sym("a"), casadi.SX.sym("b")
    g = formula(a, b, lambda x: casadi.fmax(x, 0))
    return casadi.Function("f", [a, b], [g, casadi.gradient(g, a), casadi.gradient(g, b)])


def casadi_evaluation(function, arguments, results):
    """The fastest way into a CasADi function: buffers bound once, no conversion at the call."""
    buffer, evaluate = function.buffer()
    for i, x in enumerate(arguments):
        buffer.set_arg(i, memoryview(x))
    for i, x in enumerate(results):
        buffer.set_res(i, memoryview(x))
    evaluate.alive = function, buffer, arguments, results  # it holds addresses only
    return evaluate


def casadi_call(function, arguments, results):
    """The same, as a function that returns the results."""
    evaluate = casadi_evaluation(function, arguments, results)

    def run():
        evaluate()
        return results

    return run
