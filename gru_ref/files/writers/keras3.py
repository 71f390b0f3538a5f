"""Files that Keras 3 opens: the GRUs of any file as a `.keras`, or as a `.weights.h5` and a config.

A plan is made first, and says what Keras 3 keeps in another form; only then are bytes made of it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gru_ref.errors import NotRepresentableError
from gru_ref.files.formats.carried import CONVERTED, KEY
from gru_ref.files.formats.float_arrays import BFLOAT16
from gru_ref.files.formats.hdf5 import import_h5py
from gru_ref.files.writers.archive import zip_bytes
from gru_ref.files.writers.keras3_arguments import Array, Keras3GRU, keras3_gru
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.ledger.releases import release_of

_MODEL = "model"


@dataclass(frozen=True, eq=False)
class Plan:
    """The contents of a file of Keras 3, and notes on them.

    Parameters
    ----------
    config : dict
        Keras 3's config of the model, as ``keras.models.model_from_json`` takes it.
    weights : list of lists of arrays
        Of each GRU, in the order of the model.
    names : mapping
        The path of each GRU in the file it was read from → the name of the layer in the model.
    notes : tuple of str
        What Keras 3 keeps in another form, a sentence each.
    carried : mapping
        The name of each layer in the model → what was assumed of it.
    """

    config: dict[str, Any]
    weights: list[list[Array]]
    names: Mapping[str, str]
    notes: tuple[str, ...]
    carried: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The place of each array in the file → the array."""
        return {
            f"layers/gru{f'_{i}' if i else ''}/cell/vars/{k}": array
            for i, arrays in enumerate(self.weights)
            for k, array in enumerate(arrays)
        }


def plan(layers: Mapping[str, GRU], *, batch: int | None = None) -> Plan:
    """Return what a file of Keras 3 with these GRUs holds.

    One GRU becomes a Sequential model. Several, or one with return_state, become a Functional model
    with an input and the outputs of each, side by side.

    Parameters
    ----------
    layers : mapping of str to GRU
        As `gru_ref.load_layers` returns it.
    batch : int, optional
        The batch of the stateful layers that do not know theirs.

    Raises
    ------
    NotRepresentableError
        Keras 3 has no such argument, or no activation that computes the same.
    ValueError
        There is no GRU, or a stateful one without a batch.

    Notes
    -----
    hard_sigmoid of Keras 2 is clip(0.2 x + 0.5, 0, 1), that of Keras 3 clip(x / 6 + 0.5, 0, 1). No
    activation of Keras 3 is the former, but the latter is the former at 1.2 x. So the columns of
    the gates are multiplied by 1.2 in kernel, recurrent_kernel and bias: x W + b + h R + c is
    linear in them. Each product is rounded once.

    Examples
    --------
    >>> import numpy as np
    >>> layer = GRU(2, recurrent_activation="hard_sigmoid")
    >>> layer.build((None, None, 1))
    >>> layer.set_weights([np.ones((1, 6)), np.ones((2, 6)), np.ones((2, 6))])
    >>> plan({"gru": layer}).weights[0][0]
    array([[1.2, 1.2, 1.2, 1.2, 1. , 1. ]], dtype=float32)
    """
    if not layers:
        raise ValueError("layers is empty, expected at least one GRU")
    names: dict[str, str] = {}
    made: list[Keras3GRU] = []
    batches = []
    for path, layer in layers.items():
        names[path] = _free_name(layer.name.replace("/", "_"), names)
        made.append(keras3_gru(layer, names[path], path))
        batches.append(_batch(layer, batch, path))
    if len(made) == 1 and not made[0].config["return_state"]:
        config = _sequential(made[0], batches[0])
    else:
        config = _functional(made, batches)
    by_path = dict(zip(layers, made, strict=True))
    notes = [f"{path}: {note}" for path, one in by_path.items() for note in one.notes]
    carried = {one.config["name"]: _assumed(layers[path], one) for path, one in by_path.items()}
    return Plan(
        config,
        [one.weights for one in made],
        names,
        tuple(notes),
        {name: assumed for name, assumed in carried.items() if assumed},
    )


def plan_of_weights(layers: Mapping[str, GRU]) -> Plan:
    """Return what a `.weights.h5` holds that has the arrays as they are, and no config.

    The notes say how to build the layers that load it, and where Keras 3 has no such layer.

    Examples
    --------
    >>> zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    >>> layer = GRU(2, reset_after=False, go_backwards=True, **zeros)
    >>> layer.build((None, None, 1))
    >>> plan_of_weights({"gru": layer}).notes
    ('gru: build it as GRU(2, reset_after=False, go_backwards=True)',)
    """
    names: dict[str, str] = {}
    notes = []
    for path, layer in layers.items():
        names[path] = _free_name(layer.name, names)
        try:
            one = keras3_gru(layer, names[path], path)
        except NotRepresentableError as error:
            notes.append(f"{path}: {error}")
            continue
        notes += [f"{path}: {note}" for note in getattr(layer.provenance, "notes", ())]
        notes.append(f"{path}: build it as GRU({_call(one.config)})")
        if one.multiplied:
            notes.append(
                f"{path}: the arrays are those of Keras 2's hard_sigmoid, with which Keras 3's "
                "computes something else"
            )
    return Plan({}, [layer.get_weights() for layer in layers.values()], names, tuple(notes))


class Contents(Protocol):
    """What a file of Keras 3 holds: `Plan`, or the plan of a whole model."""

    @property
    def config(self) -> dict[str, Any]:
        """Keras 3's config of the model, as ``keras.models.model_from_json`` takes it."""

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The place of each array ("layers/gru/cell/vars/0") → the array."""

    @property
    def carried(self) -> Mapping[str, Mapping[str, Any]]:
        """The name of each layer → what was assumed of it before."""


def keras_zip(contents: Contents) -> bytes:
    """Return the bytes of a `.keras` file."""
    metadata: dict[str, Any] = {"keras_version": f"{release_of('3')}.0"}
    if contents.carried:
        metadata[KEY] = contents.carried
    members = {
        "metadata.json": json.dumps(metadata, default=repr).encode(),
        "config.json": model_json(contents).encode(),
        "model.weights.h5": weights_h5(contents),
    }
    return zip_bytes(members)


def weights_h5(contents: Contents) -> bytes:
    """Return the bytes of a `.weights.h5` file.

    Raises
    ------
    ImportError
        h5py is not installed.
    """
    h5py = import_h5py()
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_group("vars")
        for place, array in contents.arrays.items():
            bfloat16 = array.dtype.name == "bfloat16"
            stored = file.create_dataset(place, data=array.view(BFLOAT16) if bfloat16 else array)
            if bfloat16:  # of no dtype of HDF5's: its bits, and Keras's own word for them
                stored.attrs["dtype"] = "bfloat16"
    return buffer.getvalue()


def model_json(contents: Contents) -> str:
    """Return the text that ``keras.models.model_from_json`` takes."""
    return json.dumps(contents.config, allow_nan=False)


# The arguments that make a difference to a call, and the values that need not be given.
_DEFAULTS = {
    "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "reset_after": True,
    "return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False,
    "zero_output_for_mask": False, "dtype": "float32",
}  # fmt: skip


def _call(config: Mapping[str, Any]) -> str:
    """Return the arguments of a call, as they are written."""
    others = (f"{k}={config[k]!r}" for k, v in _DEFAULTS.items() if config[k] != v)
    return ", ".join([str(config["units"]), *others])


# What a file of Keras 3 says itself, and what is no argument of its GRU.
_NOT_CARRIED = ("keras_version", "time_major", "mask", "initial_state")


def _assumed(layer: GRU, one: Keras3GRU) -> dict[str, Any]:
    """Return what is assumed of a layer; an activation that arrays are multiplied for is marked."""
    assumed = {} if layer.provenance is None else layer.provenance.assumed
    return {
        name: f"{value}{CONVERTED}" if one.multiplied and "hard_sigmoid" in str(value) else value
        for name, value in assumed.items()
        if name not in _NOT_CARRIED
    }


def _free_name(wanted: str, names: Mapping[str, str]) -> str:
    """Return `wanted`, with a number behind it where the name is taken."""
    name, number = wanted, 0
    while name in names.values():
        number += 1
        name = f"{wanted}_{number}"
    return name


def _batch(layer: GRU, given: int | None, path: str) -> int | None:
    """Return the batch of a stateful layer; None for any other."""
    if not layer.config.stateful:
        return None
    state = layer.recorded_state
    batch = given if state is None else state.shape[0]
    if batch is None:
        raise ValueError(
            f"batch of {path} is unknown, expected an int as batch: the layer is stateful, and "
            "Keras 3 keeps a state for each row"
        )
    return batch


def _sequential(one: Keras3GRU, batch: int | None) -> dict[str, Any]:
    layers = [_input(one, batch), _serialize("GRU", one.config)]
    return _serialize("Sequential", {"name": _MODEL, "layers": layers}, module="keras")


def _functional(made: Sequence[Keras3GRU], batches: Sequence[int | None]) -> dict[str, Any]:
    """Return the config of a model with an input and the outputs of each GRU."""
    inputs, grus, input_layers, output_layers = [], [], [], []
    for one, batch in zip(made, batches, strict=True):
        entry = _input(one, batch)
        source, name = entry["config"]["name"], one.config["name"]
        tensor = {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": entry["config"]["batch_shape"],
                "dtype": entry["config"]["dtype"],
                "keras_history": [source, 0, 0],
            },
        }
        inputs.append({**entry, "name": source, "inbound_nodes": []})
        grus.append(
            {
                **_serialize("GRU", one.config),
                "name": name,
                "inbound_nodes": [{"args": [tensor], "kwargs": {}}],
            }
        )
        input_layers.append([source, 0, 0])
        output_layers += [[name, 0, k] for k in range(2 if one.config["return_state"] else 1)]
    config = {
        "name": _MODEL,
        "trainable": True,
        "layers": [*inputs, *grus],
        "input_layers": input_layers,
        "output_layers": output_layers,
    }
    return _serialize("Functional", config, module="keras.src.models.functional")


def _input(one: Keras3GRU, batch: int | None) -> dict[str, Any]:
    config = {
        "batch_shape": [batch, None, int(one.weights[0].shape[0])],
        "dtype": one.config["dtype"],
        "name": f"{one.config['name']}_input",
    }
    return _serialize("InputLayer", config)


def _serialize(
    class_name: str, config: Mapping[str, Any], module: str = "keras.layers"
) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": dict(config),
        "registered_name": None,
    }
