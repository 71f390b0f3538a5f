"""Seconds that `diff` and `diagnose` take, by size and by what there is to find.

Run from the repository, on a machine that does nothing else::

    .venv/bin/python benchmarks/diff.py
    .venv/bin/python benchmarks/diff.py --size 512 400 16 --kind explained

Every row is a process of its own, since peak memory is that of a whole process. CPU seconds are
those of all threads: where they differ much between two runs of one row, the machine was busy.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import gru_ref

SIZES = ((32, 50, 2), (256, 200, 8), (512, 400, 16))  # units, timesteps, batch
KINDS = ("equal", "explained", "unexplained", "doctor")
FEATURES = 64


def layer_of(units: int) -> gru_ref.GRU:
    """Return a GRU whose gates are all alive."""
    rng = np.random.default_rng(1)
    layer = gru_ref.GRU(units, return_sequences=True, seed=1)
    layer.build((None, None, FEATURES))
    shapes = layer.weight_shapes().values()
    layer.set_weights([rng.normal(size=s).astype("float32") / np.sqrt(s[0]) for s in shapes])
    return layer


def measure(units: int, timesteps: int, batch: int, kind: str) -> None:
    """Print a row of the table."""
    layer = layer_of(units)
    x = np.random.default_rng(2).normal(size=(batch, timesteps, FEATURES)).astype("float32")
    theirs = np.asarray(layer(x))
    weights = layer.get_weights()
    if kind == "explained":
        other = gru_ref.GRU(units, return_sequences=True, reset_after=False, seed=1)
        other.build((None, None, FEATURES))
        other.set_weights([*weights[:2], weights[2].sum(axis=0)])
        theirs = np.asarray(other(x))
    elif kind == "unexplained":
        layer.set_weights([weights[0] * 1.01, weights[1], weights[2] - 0.01])
    started, cpu = time.perf_counter(), time.process_time()
    if kind == "doctor":
        found = gru_ref.diagnose(weights, x, theirs).verdict
    else:
        difference = gru_ref.diff(layer, x, theirs)
        causes = " or ".join(one.name for one in difference.explanations)
        found = "equal" if difference.equal else causes or "unexplained"
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{units:5} {timesteps:4} {batch:3}  {kind:12} {wall:7.2f} {cpu:7.2f} {peak:6.0f}  {found}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs=3, metavar=("UNITS", "TIMESTEPS", "BATCH"))
    parser.add_argument("--kind", choices=KINDS)
    chosen = parser.parse_args()
    if chosen.size and chosen.kind:
        measure(*chosen.size, chosen.kind)
        return
    print("units time rows kind            wall     CPU     MB  verdict", flush=True)
    for size in [chosen.size] if chosen.size else SIZES:
        for kind in [chosen.kind] if chosen.kind else KINDS:
            row = ["--size", *map(str, size), "--kind", kind]
            subprocess.run([sys.executable, Path(__file__), *row], check=True)


if __name__ == "__main__":
    main()
