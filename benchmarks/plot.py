"""Draws docs/images/performance.svg: every peer's time over that of gru_ref's fastest engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib

from benchmarks.files import ROOT
from benchmarks.page import measured_peers
from benchmarks.peers import ENGINES, PEERS
from benchmarks.problems import SHAPES, STREAMS

PICTURE = ROOT / "docs" / "images" / "performance.svg"
# Colours of Okabe and Ito, which stay apart for the colour-blind; shapes tell peers apart as well.
MARKS = {
    "numba": ("D", "#000000"),
    "numpy": ("o", "#0072b2"),
    "core": ("o", "#56b4e9"),
    "onnxruntime": ("s", "#d55e00"),
    "torch": ("^", "#cc79a7"),
    "litert": ("v", "#009e73"),
    "keras-xla": ("P", "#e69f00"),
    "keras-function": ("X", "#b8860b"),
    "keras-eager": ("*", "#8b4513"),
    "keras-jax": ("<", "#7f7f7f"),
    "keras-numpy": (">", "#7f7f7f"),
    "loop": ("h", "#4b0082"),
    "onnx-reference": ("p", "#7f7f7f"),
    "products": ("|", "#000000"),
    "products-columns": ("|", "#7f7f7f"),
}


def draw(cells: Mapping[str, Any]) -> None:
    """Write the picture of the part "shapes"."""
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "gru_ref", "font.size": 11, "axes.axisbelow": True}
    from matplotlib import pyplot

    problems = [*SHAPES, STREAMS[0]]
    peers = measured_peers(cells, problems)
    base = next(engine.name for engine in ENGINES if engine.name in peers)
    # Narrow, so that the letters stay large enough where a phone scales it down.
    figure, axes = pyplot.subplots(figsize=(5.4, 9), layout="constrained")
    for number, peer in enumerate(peers):
        mark, colour = MARKS[peer]
        # Peers below one another within a row, for equal ones to be seen.
        shift = 0.0 if mark == "|" else 0.7 * (number + 0.5) / len(peers) - 0.35
        points = [
            (1 / cell["ratios"][base][0], row + shift)
            for row, problem in enumerate(problems)
            if base in (cell := cells.get(problem.name, {}).get(peer, {})).get("ratios", {})
        ]
        size = 30 if mark == "|" else 7
        axes.plot(
            *zip(*points, strict=True),
            linestyle="none",
            marker=mark,
            color=colour,
            markersize=size,
            markeredgewidth=2 if mark == "|" else 0.8,
            markeredgecolor=colour if mark == "|" else "white",
            label=PEERS[peer].title,
        )
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_yticks(range(len(problems)), [_label(one) for one in problems])
    axes.set_ylim(len(problems) - 0.5, -0.5)
    axes.grid(axis="x", color="0.85")
    for row in range(0, len(problems), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="0.95")
    axes.set_xlabel(f"time / that of {PEERS[base].title}\n(to the right: slower)")
    legend = figure.legend(loc="outside lower center", ncols=2, frameon=False, handletextpad=0.2)
    for handle in legend.legend_handles:
        handle.set_markersize(min(handle.get_markersize(), 12))
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, facecolor="white", metadata={"Date": None})
    pyplot.close(figure)


def _label(problem: Any) -> str:
    return problem.shape if not problem.streams else f"{problem.shape}\na step a call"
