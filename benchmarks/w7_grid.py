"""W7: the moons loss on a grid of data sizes and networks: where each engine starts to pay off."""

from benchmarks.moons_engines import gradient_work

NETWORKS = [(2, 8, 1), (2, 16, 16, 1), (2, 32, 32, 1)]

WORKS = [
    gradient_work(f"W7.{'-'.join(map(str, network))}", network, sizes=(100, 1_000, 10_000), quick_sizes=(100,))
    for network in NETWORKS
]
