"""A whole model of Keras 1 or 2 as a file that Keras 3 opens.

`plan` says what changes and what cannot be carried before anything is written. Nothing of the file
is executed, and no class is looked up by a name of the file anywhere but in
`gru_ref.files.writers.keras3_model.layer_table`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.interpretation.model_config import KERAS_2_13
from gru_ref.files.interpretation.recorded_version import ledger_release
from gru_ref.files.limits import Budget
from gru_ref.files.readers.whole_model import GroupedArrays, ListedArrays, StoredModel
from gru_ref.files.writers.keras3_model.arrays import new_arrays, take_arrays
from gru_ref.files.writers.keras3_model.model import BATCH_IS_UNKNOWN, Carried, ModelWriter
from gru_ref.files.writers.keras3_model.report import Change, ConversionReport, NotCarriedError
from gru_ref.keras.ledger import resolve

Array = NDArray[Any]

__all__ = ["Change", "ModelPlan", "NotCarriedError", "plan"]


@dataclass(frozen=True, eq=False)
class ModelPlan:
    """What a file of Keras 3 with a model holds, and what is to be said of it.

    Parameters
    ----------
    config : dict
        As ``keras.models.model_from_json`` takes it.
    arrays : dict
        The place of each array → the array.
    changes : list of Change
        What is written otherwise than it was read.
    refused : list of Change
        What cannot be carried: in `config` are placeholders for it.
    placeholders : list of str
        The classes that ``custom_objects`` has to have.
    assumed : dict
        What the file does not say → what is taken, and what settles it.
    carried : mapping
        Nothing: a whole model has a config.
    """

    config: dict[str, Any]
    arrays: dict[str, Array]
    changes: list[Change]
    refused: list[Change]
    placeholders: list[str]
    assumed: dict[str, str]
    carried: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def plan(
    stored: StoredModel,
    budget: Budget,
    *,
    keras_version: str | None = None,
    batch: int | None = None,
    multiplied: bool = True,
) -> ModelPlan:
    """Return what a file of Keras 3 holds that computes what a model of Keras 1 or 2 does.

    Parameters
    ----------
    stored : StoredModel
    budget : Budget
        The account of the file.
    keras_version : str, optional
        The Keras that wrote the file, if the file does not say.
    batch : int, optional
        The batch of stateful models that do not say theirs.
    multiplied : bool
        Whether arrays are multiplied for hard_sigmoid; if not, the config is of another function.

    Raises
    ------
    MalformedFileError
        The file contradicts itself, or is beyond the limits.
    NotCarriedError
        The model itself is of a class of its own.
    ValueError
        The model is stateful, and its batch is unknown.
    """
    old = _is_keras_1(stored.keras_version or keras_version)
    release = ledger_release(stored.keras_version or keras_version)
    arrays = stored.arrays
    style = arrays.style if isinstance(arrays, GroupedArrays) else KERAS_2_13
    try:
        behaviour = resolve(release)
    except ValueError as error:
        raise budget.error("keras_version", str(error)) from None
    writer = ModelWriter(
        behaviour,
        style,
        budget,
        batch=batch,
        theano=_backend(stored, old) == "theano",
        old=old,
        multiplied=multiplied,
        attention_ignores_masks=_OLD_ATTENTION.match(release) is not None,
    )
    model = writer.model(stored.config)
    report: ConversionReport = writer.report
    if stored.keras_version is None and keras_version is None:
        generation = "1" if writer.met_keras_1 else "2"
        report.assumed["the Keras that wrote it"] = (
            f"taken as Keras {generation}; --keras-version VERSION says otherwise"
        )
    take_arrays(model, stored.arrays, budget)
    if writer.shape_is_missing:
        _infer_shape(model, report, batch)
    if stored.compiled:
        report.change(
            model.name, "the optimizer is left out", "compile the model again to train it"
        )
    return ModelPlan(
        model.serialized,
        new_arrays(model, budget, multiplied=multiplied),
        report.changes,
        report.refused,
        report.placeholders,
        report.assumed,
    )


_OLD_ATTENTION = re.compile(r"2\.[4-9]\.|tf-2\.[3-9]\b")


def _is_keras_1(version: str | None) -> bool:
    return version is not None and version.partition(".")[0] in ("0", "1")


def _backend(stored: StoredModel, old: bool) -> str | None:
    """Return the backend of the Keras that wrote a file; Keras 1 names it in no other way.

    TensorFlow's variables are named ``dense_1_W:0``, Theano's ``dense_1_W``.
    """
    if stored.backend is not None or not old or not isinstance(stored.arrays, ListedArrays):
        return stored.backend
    names = [name for layer in stored.arrays.layers.values() for name, _ in layer]
    named = [name for name in names if not name.startswith("param_")]
    if not named:
        return None
    return "tensorflow" if any(name.endswith(":0") for name in named) else "theano"


# The class of a first layer → the axes of its input before the features, if its kernel says those.
_AXES = {
    "Bidirectional": 2, "Conv1D": 2, "Conv2D": 3, "Conv3D": 4, "GRU": 2, "LSTM": 2, "RNN": 2,
    "SimpleRNN": 2,
}  # fmt: skip


def _infer_shape(model: Carried, report: ConversionReport, batch: int | None) -> None:
    """Give a Sequential model the shape of its input, which Keras 3 needs, by its first layer."""
    first = model.members[0].serialized["class_name"]
    arrays = model.placed[0].leaf.arrays if model.placed else []
    kernel = arrays[0] if arrays else np.empty(0)
    shape: list[int | None]
    if first == "Embedding":
        shape = [None, None]
    elif first in _AXES and kernel.ndim >= 2:
        shape = [None] * _AXES[first] + [int(kernel.shape[-2])]
    else:
        missing = "the file does not say it, and Keras 3 needs it"
        report.refuse(model.name, NotCarriedError("the shape of the input", missing))
        return
    if model.stateful:
        if batch is None:
            raise ValueError(BATCH_IS_UNKNOWN)
        shape[0] = batch
    model.serialized["config"]["build_input_shape"] = shape
    report.change(model.name, f"an input of shape {shape}", "as its first kernel says")
