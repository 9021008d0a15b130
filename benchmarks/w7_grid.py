"""W7: the moons loss on a grid of data sizes and networks: where each engine starts to pay off; and on two cores."""

import os

from benchmarks.harness import COMPILED
from benchmarks.moons_engines import gradient_work

NETWORKS = [(2, 8, 1), (2, 16, 16, 1), (2, 32, 32, 1)]

cores = gradient_work("W7.cores", NETWORKS[-1], sizes=(10_000,), quick_sizes=(100,))
cores.title, cores.threads = "2-32-32-1 network: value and gradient over a batch, on two cores", 2
on_two = cores.engines[COMPILED].setup
cores.engines = {COMPILED: cores.engines[COMPILED]}


@cores.engine("one core", "nn", "llvmlite")
def on_one(n):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    return on_two(n)


WORKS = [
    gradient_work(f"W7.{'-'.join(map(str, network))}", network, sizes=(100, 1_000, 10_000), quick_sizes=(100,))
    for network in NETWORKS
]
WORKS.append(cores)
