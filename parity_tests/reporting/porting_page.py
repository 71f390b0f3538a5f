"""Writes docs/porting.md from the facts of gru_ref.layouts, and checks that it is up to date."""

from __future__ import annotations

import argparse
import sys

from gru_ref.debugging.mistakes.porting import cost
from gru_ref.layouts import LAYOUTS, Facts
from parity_tests.environment import ROOT

PATH = ROOT / "docs" / "porting.md"
# The mistakes that some layout invites.
MISTAKES = sorted({name for module in LAYOUTS.values() for name, _ in module.FACTS.mistakes})

INTRODUCTION = """\
# Porting Keras GRU weights

Written by `python -m parity_tests.reporting.porting_page` from the tables in `gru_ref/layouts`;
do not edit.

f is features, u is units. Keras's arrays are kernel (f, 3u), recurrent_kernel (u, 3u) and bias,
(2, 3u) for reset_after=True (row 0 is the input bias, row 1 the recurrent bias) or (3u,). The
columns are the gates z | r | h, and a step is

```
z  = σ(x W_z + b_z + h R_z + c_z)
r  = σ(x W_r + b_r + h R_r + c_r)
n  = tanh(x W_h + b_h + r ∘ (h R_h + c_h))      reset_after=True
n  = tanh(x W_h + b_h + (r ∘ h) R_h)            reset_after=False
h' = z ∘ h + (1 − z) ∘ n
```

`gru_ref.layouts.convert(layer, to="torch")` returns the arrays and attributes under the names
below; `gru_ref.layouts.layout("torch").from_layout(...)` reads them back. A layer that a runtime
cannot represent raises `NotRepresentableError`. How a layer is called (return_sequences, masks,
state) and what acts only in training (dropout, regularizers) is not part of a layout.

*Unverified* means that the facts were read in documentation or source and nothing was run. The
other layouts were run: the parity tests in `parity_tests/tests/runtimes` compare outputs on
converted weights (for CuDNNGRU, which needs a GPU, the arrays of Keras's own converter).

The error that a mistake causes is measured with gru_ref: the largest error of a state, which lies
in (−1, 1), after at most 20 timesteps of a layer with 32 units, 16 features and random numbers in
both rows of the bias.
"""

GENERAL = """\
## The usual mistakes

| mistake | largest error |
|---|---|
"""


def markdown() -> str:
    """Return docs/porting.md."""
    parts = [INTRODUCTION, _overview(), _costs()]
    parts += [_section(module.FACTS) for module in LAYOUTS.values()]
    return "\n".join(parts)


def _overview() -> str:
    lines = [
        "| runtime | name | gates | reset | z keeps the old state | compared with |",
        "|---|---|---|---|---|---|",
    ]
    for name, module in LAYOUTS.items():
        facts = module.FACTS
        forms = ", ".join(form.split()[0] for form in facts.reset_forms)
        lines.append(
            f"| {facts.title} | `{name}` | {' '.join(facts.gates)} | {forms} | "
            f"{'yes' if facts.z_keeps_old else '**no**'} | {facts.verified or '*unverified*'} |"
        )
    return "\n".join([*lines, ""])


def _costs() -> str:
    costs = sorted(((cost(name), name) for name in MISTAKES), reverse=True)
    rows = "".join(f"| {name} | {error:.2g} |\n" for error, name in costs)
    return GENERAL + rows


def _section(facts: Facts) -> str:
    verified = f"Compared with {facts.verified}" if facts.verified else "*Unverified*: nothing run"
    order = {
        "as the input": " A reversed sequence output has to be flipped in time to match Keras's.",
        "as processed": " A reversed sequence output is in processing order, as in Keras.",
        "": "",
    }[facts.reversed_output]
    lines = [
        f"## {facts.label}",
        "",
        f"{verified}. Source: {facts.source}.",
        "",
        "| name | shape and meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in facts.arrays.items()),
        "",
        "```",
        *facts.formula,
        "```",
        "",
        f"- Gates: {', '.join(facts.gates)}",
        f"- Transposed: {facts.transposes}",
        f"- Bias: {facts.bias}",
        f"- Reset: {', '.join(facts.reset_forms)}",
        f"- z: {_Z[facts.z_keeps_old]}",
        f"- Activations: {facts.activations}",
        f"- go_backwards: {facts.direction}.{order}",
        f"- Round trip: {facts.round_trip}",
        "",
        "| mistake | what the port does | largest error |",
        "|---|---|---|",
        *(f"| {name} | {why} | {cost(name):.2g} |" for name, why in facts.mistakes),
        "",
    ]
    return "\n".join(lines)


_Z = {
    True: "the share of the old state, as in Keras",
    False: "the share of the candidate: what enters z changes sign",
}


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only check that it is up to date")
    text = markdown()
    if not parser.parse_args().check:
        PATH.write_text(text, encoding="utf-8")
        return 0
    if PATH.is_file() and PATH.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PATH.name} is stale: python -m parity_tests.reporting.porting_page", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
