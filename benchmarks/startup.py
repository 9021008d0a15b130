"""Before the first result: importing, the first compilation on a machine, every later one, and graphs of any size.

What a fresh process costs is measured in fresh processes; `first.*` is measured in one that has already
compiled something small, as in a notebook.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.first_result import jax_first, ours_first
from benchmarks.harness import COMPILED, Work, timed
from benchmarks.scalar_graph import MOONS, build, points

IMPORT = "import time; start = time.process_time(); import {0}; print(time.process_time() - start)"
FIRST = IMPORT.replace("import {0}", "from benchmarks.first_result import {0}; {0}()")


def fresh_process(program: str, **environment: str) -> float:
    """The number a new Python prints when it runs this program."""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, **environment}
    )
    if ran.returncode:
        raise RuntimeError((ran.stderr.strip() or "died").splitlines()[-1])
    return float(ran.stdout.split()[-1])


own = dict(meter="own", unit="ms", scale=1e3)
importing = Work("import", "importing, in a fresh process", **own)
for name, module in [("autograd", "autograd"), ("nn", "nn"), ("micrograd", "micrograd.nn"), ("numpy", "numpy"),
                     ("casadi", "casadi"), ("jax", "jax"), ("torch", "torch")]:  # fmt: skip

    @importing.engine(name, module)
    def import_it(module=module):
        return lambda: fresh_process(IMPORT.format(module))


own = dict(meter="own", unit="s", scale=1.0)
cold = Work("start.cold", "a new process, imports to first compiled result, nothing cached", seconds=10, **own)
warm = Work("start.warm", "the same with the disk cache of an earlier process", seconds=5, **own)


@cold.engine(COMPILED, "autograd", "llvmlite")
def cold_start():
    def run():
        with tempfile.TemporaryDirectory() as folder:
            return fresh_process(FIRST.format("ours_first"), CHAINRULE_CACHE=folder)

    return run


@warm.engine(COMPILED, "autograd", "llvmlite")
def warm_start():
    return lambda: fresh_process(FIRST.format("ours_first"))


for work in (cold, warm):

    @work.engine("jax.jit", "jax")
    def jax_start():
        return lambda: fresh_process(FIRST.format("jax_first"))


moons = Work(
    "first.moons",
    "the moons cost, from a fresh model to its first gradient over 100 rows",
    seconds=3,
    unit="ms",
    scale=1e3,
    meter="own",
)


@moons.engine(COMPILED, "nn", "llvmlite")
def our_moons():
    ours_first()
    return lambda: timed(our_moons_gradient)


def our_moons_gradient():
    from benchmarks.moons_data import NETWORK
    from benchmarks.moons_engines import gradient_work

    gradient_work("", NETWORK, (), ()).engines[COMPILED].setup(100)()


@moons.engine("jax.jit", "jax")
def jax_moons():
    from benchmarks.moons_data import NETWORK
    from benchmarks.moons_engines import gradient_work

    jax_first()
    return lambda: timed(lambda: gradient_work("", NETWORK, (), ()).engines["jax.jit"].setup(100)())


graph = Work(
    "first.graph",
    "scalar graph to first gradient",
    unit="µs a node",
    scale=1e6,
    meter="own",
    sizes=(100, 1_000, 10_000, MOONS, 1_000_000),
    quick_sizes=(100,),
    per=lambda n: n,
    seconds=2,
)


@graph.engine(COMPILED, "autograd", "llvmlite")
def our_graph(n):
    import autograd

    ours_first()
    leaves = [autograd.Value(x) for x in points(n)]
    return lambda: timed(lambda: autograd.compile(lambda: build(leaves, n)).value_and_grad())


@graph.engine("jax.jit", "jax", upto=1_000, why_not="minutes of compilation")
def jax_graph(n):
    import jax

    jax_first()
    leaves = points(n)
    return lambda: timed(lambda: jax.block_until_ready(jax.jit(jax.value_and_grad(lambda x: build(x, n)))(leaves)))


@graph.engine("casadi", "casadi")
def casadi_graph(n):
    import casadi

    def run():
        x = casadi.SX.sym("x", len(points(n)))
        y = build(casadi.vertsplit(x), n)
        casadi.Function("f", [x], [y, casadi.gradient(y, x)])(points(n))

    return lambda: timed(run)


WORKS = [importing, cold, warm, moons, graph]
