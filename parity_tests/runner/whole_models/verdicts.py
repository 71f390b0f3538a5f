"""What is expected of a converted model, and what comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from click.testing import CliRunner

from gru_ref.cli.group import command
from parity_tests.runner.whole_models.corpus import WrittenModel
from parity_tests.runner.whole_models.openings import Opening


class Tolerance(NamedTuple):
    """How far outputs of Keras 3 may be from those of the Keras that wrote the model."""

    value: float
    reason: str


# An architecture, or "" for all others.
TOLERANCES = {
    "": Tolerance(2e-6, "float32 is summed in another order: a few eps32 a layer, 5e-07 measured"),
    "mixed_float16": Tolerance(2e-3, "float16 rounds in another order: 2 eps16, 3e-04 measured"),
}


@dataclass(frozen=True)
class Conversion:
    """What `gru-ref convert` said of one model.

    Parameters
    ----------
    path : Path
        The file that it writes, there or not.
    status : int
        Its exit status.
    said : str
        Its standard error.
    """

    path: Path
    status: int
    said: str


def convert(model: WrittenModel, folder: Path) -> Conversion:
    """Run ``gru-ref convert MODEL --to keras3`` into `folder`."""
    path = folder / model.writer / f"{model.architecture}.{model.ending}.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    arguments = ["convert", str(model.path), "--to", "keras3", "-o", str(path)]
    result = CliRunner().invoke(command, arguments, prog_name="gru-ref")
    said = result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        said += f"{type(result.exception).__name__}: {result.exception}"
    path.with_suffix(".txt").write_text(said, "utf-8")
    return Conversion(path, result.exit_code, said)


@dataclass(frozen=True)
class ModelOutcome:
    """What comes of one model.

    Parameters
    ----------
    model : WrittenModel
    before, after : Opening, optional
        `after` is None where nothing was written.
    outcome : str
        right, named (refused, each layer by its name) or failed.
    reason : str
        Of a failure.
    """

    model: WrittenModel
    before: Opening
    after: Opening | None
    outcome: Literal["right", "named", "failed"]
    reason: str = ""

    @property
    def before_is_right(self) -> bool:
        """Whether Keras 3 opens the original and computes the same."""
        return _wrong(self.model, self.before) is None


def tolerance(model: WrittenModel) -> Tolerance:
    """Return the tolerance of a model's outputs."""
    return TOLERANCES.get(model.architecture, TOLERANCES[""])


def verdict(
    model: WrittenModel, before: Opening, done: Conversion, after: Opening | None
) -> ModelOutcome:
    """Return what comes of one model."""
    if after is None:
        expected = model.not_carried or model.perhaps
        silent = [name for name in expected if not re.search(rf"\b{name}\b", done.said)]
        if not done.status or not expected:
            reason = f"convert ends with status {done.status}: {' '.join(done.said.split())}"
        elif silent:
            reason = f"convert does not name {', '.join(silent)}: {' '.join(done.said.split())}"
        else:
            return ModelOutcome(model, before, after, "named")
        return ModelOutcome(model, before, after, "failed", reason)
    if model.not_carried:
        return ModelOutcome(
            model, before, after, "failed", f"convert does not name {', '.join(model.not_carried)}"
        )
    wrong = _wrong(model, after)
    if wrong is None and (silent := [word for word in model.says if word not in done.said]):
        wrong = f"the report does not say {', '.join(silent)}"
    return ModelOutcome(model, before, after, "failed" if wrong else "right", wrong or "")


def _wrong(model: WrittenModel, opening: Opening) -> str | None:
    """Return what is wrong with an opened model, None where it computes the same."""
    if not opening.opened or opening.error:
        return f"{'' if opening.opened else 'Keras 3 does not open it: '}{opening.error}"
    if opening.worst is None:
        return "an output is not finite"
    allowed = tolerance(model)
    if opening.worst > allowed.value:
        return f"off by {opening.worst:.2g}, expected {allowed.value:g} ({allowed.reason})"
    return None
