"""`python -m benchmarks`: run the workloads and print the table."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time

from benchmarks import turns
from benchmarks.harness import COMPILED, OURS

MODULES = ["w1_tiny", "w2_small", "scalar_graph","w3_moons","w4_microgpt","w5_irregular","w6_digits","w7_grid","w8_deep","startup"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", action="append")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    for name in MODULES:
        module = f"benchmarks.{name}"
        for work in importlib.import_module(module).WORKS:
            if args.only and not any(work.id.startswith(o) for o in args.only): continue
            t=time.time()
            for row in turns.play(module, work, args.quick, print):
                if row["status"]=="ok":
                    s=row["scale"]; print(f"   {row['engine']:22} {row['size'] or '':>7} {row['median']*s:12.3f} [{row['low']*s:.3f} {row['high']*s:.3f}] x{len(row['figures'])} first {row['first']:.3f}")
                else: print(f"   {row['engine']:22} {row['size'] or '':>7} {row['status']}")
            print(f"{time.time()-t:.1f}s")

if __name__ == "__main__":
    main()
