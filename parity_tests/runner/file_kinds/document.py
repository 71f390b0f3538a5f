"""docs/file-kinds.md: what became of the files, by kind, by writer and by argument."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from parity_tests.environment import ROOT
from parity_tests.runner.file_kinds import judging, results
from parity_tests.runner.file_kinds.results import ENDINGS, WITH_JSON, Judged, Results

PATH = ROOT / "docs" / "file-kinds.md"
KINDS = [
    kind for ending in ENDINGS for kind in (ending, f"{ending} + json")[: 1 + (ending in WITH_JSON)]
]
_NAMES = {
    "model_h5": "whole model, `.h5`",
    "model_keras": "whole model, `.keras`",
    "v3_keras": "`.keras` by save_format",
    "weights_alone_h5": "weights, legacy `.h5`",
    "weights_h5": "weights, `.weights.h5`",
    "npz": "`np.savez` of get_weights()",
    "checkpoint": "checkpoint",
    "saved_model": "SavedModel",
    "export": "SavedModel by export",
    "json": "`to_json()`",
    "tflite": "TFLite",
    "tflite_float16": "TFLite, float16",
    "tflite_int8": "TFLite, int8",
    "onnx": "ONNX",
}
# What is counted as a row of the table of arguments → the words in the name of a case.
_ROWS = (
    *("-".join(pair) for pair in (
        ("tanh", "sigmoid"), ("tanh", "hard_sigmoid"), ("relu", "sigmoid"),
        ("relu", "hard_sigmoid"), ("linear", "sigmoid"), ("linear", "hard_sigmoid"),
    )),
    "backwards", "before", "unroll", "bidirectional", "masking", "embedding", "initial_state",
    "no_bias", "one_unit", "even", "stacked", "default", "return_state", "dropout", "time_major",
    "large",
)  # fmt: skip
_HEAD = """# Kinds of files, and what is read of each

Written by `make files ARGS=--write`, which has each release of Keras write one small model of every
argument in every kind of file that it can write, and compares what gru_ref reads and computes with
the output of the live model, or of the interpreter of that file.

- **right**: the numbers are equal, and nothing that they rest on is assumed.
- **said**: what the file does not say is assumed, and the warning names it; supplying it gives
  equal numbers. First those whose assumption is true, then those whose numbers differ by it.
- **refused**: an error that names the reason.
- **silent**: other numbers than the live model's by something that no warning names.
"""


def write(found: Results) -> None:
    """Write docs/file-kinds.md."""
    PATH.write_text(text(found), encoding="utf-8")


def text(found: Results) -> str:
    """Return the page."""
    parts = [_HEAD, _tolerances(), _by_kind(found.judged), _by_writer(found.judged)]
    parts += [_by_argument(found.judged), _refusals(found.judged), _unwritten(found)]
    return "\n".join(parts)


def _tolerances() -> str:
    (size, reason), *_ = [judging.tolerance("model_h5")]
    lines = [f"Equal means within {size:.0e} ({reason}), in proportion for outputs above 1."]
    for kind in ENDINGS:
        other, why = judging.tolerance(kind)
        if other != size:
            lines.append(f"{_NAMES[kind]}: within {other:g} ({why}).")
    return "\n".join(lines) + "\n"


def _by_kind(judged: Sequence[Judged]) -> str:
    rows = []
    for kind in KINDS:
        of_kind = [one for one in judged if one.kind == kind]
        if of_kind:
            rows.append([_name(kind), *_cells(of_kind)])
    rows.append(["all", *_cells(judged)])
    return _table("By kind of file", "kind", rows)


def _by_argument(judged: Sequence[Judged]) -> str:
    rows = []
    for row in _ROWS:
        of_row = [one for one in judged if _is_of(one.case, row)]
        if of_row:
            rows.append([row, *_cells(of_row)])
    return _table("By argument", "case", rows)


def _is_of(case: str, row: str) -> bool:
    """Return whether a case has the words of a row."""
    return case == row or f"-{row}-" in f"-{case}-"


def _by_writer(judged: Sequence[Judged]) -> str:
    """Return kind × writer: right, said as assumed, refused and silent of each."""
    writers = list(dict.fromkeys(one.writer for one in judged))
    lines = ["## By kind and writer\n"]
    lines.append("Right · said · refused; silent after a cross.\n")
    lines.append(_line(["kind", *writers]))
    lines.append(_line(["---"] * (len(writers) + 1)))
    for kind in KINDS:
        cells = [_short([j for j in judged if (j.kind, j.writer) == (kind, w)]) for w in writers]
        if any(cells):
            lines.append(_line([_name(kind), *cells]))
    return "\n".join(lines) + "\n"


def _short(judged: Sequence[Judged]) -> str:
    if not judged:
        return ""
    right, true, false, refused, silent = results.count(judged).values()
    return f"{right} · {true + false} · {refused}" + (f" ✗ {silent}" if silent else "")


def _refusals(judged: Iterable[Judged]) -> str:
    reasons = Counter(
        (_name(one.kind), one.outcome.reason) for one in judged if one.outcome.verdict == "refused"
    )
    return _reasons("Why files are refused", reasons)


def _unwritten(found: Results) -> str:
    reasons = Counter((f"{writer}, {_name(kind)}", why) for writer, kind, why in found.unwritten)
    return _reasons("What a release itself fails to write", reasons)


def _reasons(title: str, reasons: Counter[tuple[str, str]]) -> str:
    rows = [f"- {what}, {number}: {_code(why)}" for (what, why), number in sorted(reasons.items())]
    return f"## {title}\n\n" + ("\n".join(rows) or "None.") + "\n"


def _table(title: str, first: str, rows: Iterable[Sequence[str]]) -> str:
    heads = [first, "files", "right", "said: true", "said: not", "refused", "silent", "worst error"]
    lines = [f"## {title}\n", _line(heads), _line(["---", *["---:"] * 7])]
    return "\n".join([*lines, *map(_line, rows)]) + "\n"


def _cells(judged: Sequence[Judged]) -> list[str]:
    counts = [str(number) for number in results.count(judged).values()]
    return [str(len(judged)), *counts, _rounded(results.worst(judged))]


def _rounded(error: float) -> str:
    """Return an error rounded up to one digit, which does not differ between machines."""
    if math.isnan(error):
        return "–"
    if error == 0:
        return "0"
    power = 10.0 ** math.floor(math.log10(error))
    return f"{math.ceil(error / power) * power:.0e}"


def _name(kind: str) -> str:
    plain, _, json = kind.partition(" ")
    return _NAMES[plain] + (" + `to_json()`" if json else "")


def _code(text_of_error: str) -> str:
    return f"`{text_of_error.replace('`', chr(39))}`"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
