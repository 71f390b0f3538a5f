"""Judges one file: what gru_ref reads in it and computes, against the live output.

A file counts as right only if the numbers are equal; what is equal by luck, under an assumption,
counts as said. What differs has to differ by an argument that was said to be assumed, and has to be
right once that argument is supplied.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

import gru_ref
from gru_ref import MalformedFileError, load_layers
from gru_ref.errors import NotRepresentableError

Array = NDArray[Any]
Verdict = Literal["right", "right, said", "wrong, said", "refused", "WRONG IN SILENCE"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# Kind of file → the greatest difference from the live output or the interpreter, for outputs up to
# 1 and in proportion above, and the reason. An argument read wrong differs by 0.01 or more.
_TOLERANCE = {
    "tflite_float16": (5e-4, "the numbers of hard_sigmoid are rounded to float16 too"),
    "tflite_int8": (0.04, "the interpreter quantizes inputs and states too"),
}
_FLOAT32 = (4e-6, "float32, six steps, sums in another order")

# What can change the numbers of a call without dropout.
ARGUMENTS = (
    "activation", "recurrent_activation", "go_backwards", "reset_after", "return_sequences",
    "time_major",
)  # fmt: skip
# Of Keras 1, whose config has other names or none.
_KERAS_1 = {"reset_after": False, "time_major": False}


class FileOutcome(NamedTuple):
    """What became of one file.

    Parameters
    ----------
    verdict : str
    error : float or None
        The greatest difference from the expected output; None where nothing was computed, infinite
        where the shape is another.
    reason : str
        Why it was refused, or which arguments are assumed or wrong.
    """

    verdict: Verdict
    error: float | None
    reason: str


@dataclass(frozen=True)
class RecordedCase:
    """A case as `live_file_kinds` recorded it.

    Parameters
    ----------
    arrays : mapping
    about : mapping
    """

    arrays: Mapping[str, Array]
    about: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> RecordedCase:
        """Return the case in a .npz file."""
        with np.load(path) as file:
            arrays = dict(file)
        return cls(arrays, json.loads(str(arrays["about"])))

    def output(self, kind: str) -> Array:
        """Return the output of the interpreter of that kind of file, else of the live model."""
        return self.arrays.get(f"y/{kind}", self.arrays["y"])

    def kernel(self, number: int) -> Array:
        """Return the kernel of one GRU, of which Keras 1 has an array a gate."""
        names = sorted(name for name in self.arrays if name.startswith(f"weights/{number}/"))
        if len(names) == 9:
            return np.concatenate([self.arrays[name] for name in names[::3]], axis=-1)
        return self.arrays[names[0]]

    def truth(self, number: int) -> dict[str, Any]:
        """Return the arguments of one live GRU."""
        config = self.about["layers"][number]
        if "inner_activation" in config:
            config = {**config, "recurrent_activation": config["inner_activation"]}
        return {name: config.get(name, _KERAS_1.get(name, False)) for name in ARGUMENTS}


def judge(path: Path, kind: str, recorded: RecordedCase, **given: Any) -> FileOutcome:
    """Return what becomes of a file.

    Parameters
    ----------
    path : Path
    kind : str
        Of `live_file_kinds.KINDS`.
    recorded : RecordedCase
    **given
        For `load_layers`.
    """
    try:
        return _judge(path, kind, recorded, given)
    except (MalformedFileError, NotRepresentableError) as error:
        return FileOutcome("refused", None, _without_place(str(error), path))
    except Exception as error:  # a defect: an unreadable file has an error of its own
        return FileOutcome("WRONG IN SILENCE", None, f"{type(error).__name__}: {error}"[:300])


def tolerance(kind: str) -> tuple[float, str]:
    """Return the tolerance of a kind of file, and its reason."""
    return _TOLERANCE.get(kind, _FLOAT32)


@dataclass(frozen=True)
class LoadedCase:
    """What gru_ref read of one case.

    Parameters
    ----------
    grus : list of GRU
        In the order of the recorded ones.
    whole : Bidirectional or None
        That the file was read as.
    said : frozenset of str
        The arguments that a warning said to be assumed.
    problem : str
        Why these are not the recorded GRUs; empty where they are.
    """

    grus: list[gru_ref.GRU]
    whole: gru_ref.Bidirectional | None
    said: frozenset[str]
    problem: str = ""


def _judge(path: Path, kind: str, recorded: RecordedCase, given: Mapping[str, Any]) -> FileOutcome:
    loaded = _load(path, recorded, given)
    if loaded.problem:
        return FileOutcome("WRONG IN SILENCE", None, loaded.problem)
    error = _error(loaded, kind, recorded)
    right = error <= tolerance(kind)[0]
    mattering = _mattering(loaded.said, recorded)
    if right and not mattering:
        return FileOutcome("right", error, "")
    wrong = set() if right else _wrong(loaded, recorded)
    unsaid = sorted(wrong - loaded.said)
    if not right and (unsaid or not wrong):
        return FileOutcome("WRONG IN SILENCE", error, ", ".join(unsaid) or "no argument differs")
    mended = _mended(path, kind, recorded, loaded, given)
    if mended > tolerance(kind)[0]:
        return FileOutcome("WRONG IN SILENCE", mended, f"supplied {', '.join(sorted(loaded.said))}")
    if right:
        return FileOutcome("right, said", error, ", ".join(mattering))
    return FileOutcome("wrong, said", error, ", ".join(sorted(wrong)))


def _load(path: Path, recorded: RecordedCase, given: Mapping[str, Any]) -> LoadedCase:
    """Return what is read of a file, its GRUs told by their kernels."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = list(load_layers(path, **given).values())
    messages = [str(w.message) for w in caught if w.category.__name__ == "AssumptionWarning"]
    whole = next((one for one in read if isinstance(one, gru_ref.Bidirectional)), None)
    found = [half for one in read for half in _halves(one)]
    expected = len(recorded.about["layers"])
    if len(found) != expected:
        return LoadedCase([], None, frozenset(), f"{len(found)} of {expected} GRUs are found")
    grus = []
    for number in range(expected):
        kernel = recorded.kernel(number)
        same = [one for one in found if one.weights[0].shape == kernel.shape]
        if not same:
            return LoadedCase([], None, frozenset(), f"no kernel is of shape {kernel.shape}")
        grus.append(min(same, key=lambda one: float(np.abs(one.weights[0] - kernel).max())))
    assumed = {
        name
        for layer in (*read, *grus)
        for name in getattr(getattr(layer, "provenance", None), "assumed", ())
    }
    said = frozenset(name for name in assumed if any(name in message for message in messages))
    return LoadedCase(grus, whole, said)


def _halves(layer: Any) -> list[gru_ref.GRU]:
    """Return the GRUs of a layer."""
    if isinstance(layer, gru_ref.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]


def _mattering(said: frozenset[str], recorded: RecordedCase) -> list[str]:
    """Return what is assumed and can change the numbers of the recorded call."""
    matters = {*ARGUMENTS, "merge_mode"}
    layers = range(len(recorded.about["layers"]))
    if any(recorded.truth(i)["recurrent_activation"] == "hard_sigmoid" for i in layers):
        matters.add("keras_version")
    if "mask" in recorded.arrays:
        matters.add("zero_output_for_mask")
    return sorted(said & matters)


def _error(loaded: LoadedCase, kind: str, recorded: RecordedCase) -> float:
    """Return the greatest difference from the expected output, in proportion above 1."""
    expected = recorded.output(kind)
    output = _output(loaded, recorded)
    if output.shape != expected.shape:
        return float("inf")
    difference = np.abs(output - expected).max() / max(1.0, float(np.abs(expected).max()))
    return float(difference) if np.isfinite(difference) else float("inf")


def _output(loaded: LoadedCase, recorded: RecordedCase) -> Array:
    x, mask = recorded.arrays["x"], recorded.arrays.get("mask")
    if loaded.whole is not None:
        return first_output(loaded.whole(x, mask=mask))
    layers = loaded.grus
    first = first_output(layers[0](x, recorded.arrays.get("initial_state"), mask=mask))
    merge = recorded.about["merge"]
    if merge == "one":
        return first
    if merge == "stacked":
        return first_output(layers[1](first)) if first.ndim == 3 else first
    backward = first_output(layers[1](x, mask=mask))
    if backward.ndim != first.ndim:
        return first
    if backward.ndim == 3:
        backward = backward[:, ::-1]
    return np.concatenate([first, backward], axis=-1)


def first_output(returned: Any) -> Array:
    """Return the output of a layer that may return its state too."""
    return np.asarray(returned[0] if isinstance(returned, (list, tuple)) else returned)


def _wrong(loaded: LoadedCase, recorded: RecordedCase) -> set[str]:
    """Return the arguments that a layer has otherwise than the live one."""
    wrong = set()
    for number, layer in enumerate(loaded.grus):
        truth = recorded.truth(number)
        wrong |= {name for name, value in truth.items() if getattr(layer.config, name) != value}
        if truth["recurrent_activation"] == "hard_sigmoid" and "recurrent_activation" not in wrong:
            versions = layer.keras_version, recorded.about["keras"]
            if len({str(version).startswith("3") for version in versions}) == 2:
                wrong.add("keras_version")
    return wrong


def _mended(
    path: Path,
    kind: str,
    recorded: RecordedCase,
    loaded: LoadedCase,
    given: Mapping[str, Any],
) -> float:
    """Return the error once the true value of everything that was said assumed is supplied."""
    # What is supplied goes to every GRU, so nothing that the file says of one of them.
    said = [n for n in loaded.said if all(_is_open(gru, n) for gru in loaded.grus)]
    loads = []
    for number in range(len(recorded.about["layers"])):
        # The backward layer of a Bidirectional takes the opposite of what its forward layer does.
        from_layer = 0 if recorded.about["merge"] == "bidirectional" else number
        truth = {**recorded.truth(from_layer), "keras_version": recorded.about["keras"]}
        if truth["keras_version"].startswith("3"):
            del truth["time_major"]  # which Keras 3 does not have
        truth["merge_mode"] = "concat"
        supplied = {name: truth[name] for name in said if name in truth}
        loads.append(_load(path, recorded, {**given, **supplied}))
        if loads[-1].problem:
            return float("inf")
    grus = [one.grus[number] for number, one in enumerate(loads)]
    return _error(LoadedCase(grus, loads[0].whole, loaded.said), kind, recorded)


def _is_open(layer: gru_ref.GRU, name: str) -> bool:
    """Return whether an argument of a layer may be supplied."""
    provenance = layer.provenance
    return provenance is None or name not in provenance.read


def _without_place(message: str, path: Path) -> str:
    """Return a message without the place of the file, which differs from machine to machine."""
    return " ".join(message.replace(str(path), "FILE").split())[:300]
