"""Benchmarks: the same work in several engines, answers asserted before times, engines taking turns.

One file holds one workload (`w1_tiny.py` ... ), written once per engine in that engine's own idiom.
`python -m benchmarks` runs them; `harness.py` says what a workload is and `turns.py` how it is timed.
"""
