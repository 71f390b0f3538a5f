"""The arguments of GRU: which a file says, which follow from it, which the caller supplies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.files.formats.carried import CONVERTED
from gru_ref.files.interpretation import keras_1
from gru_ref.files.interpretation.found import CALL, Found
from gru_ref.files.interpretation.recorded_version import LayerRelease
from gru_ref.files.malformed import MalformedFileError
from gru_ref.keras.activations import tables
from gru_ref.keras.config import KINDS
from gru_ref.keras.identifiers import POLICIES
from gru_ref.keras.layers.base import CONFIG_ARGUMENTS
from gru_ref.keras.ledger import Behaviour
from gru_ref.provenance import Inference

# What changes the numbers, in Keras's order: asked for where a file does not say it.
_ASKED = (
    "activation", "recurrent_activation", "dropout", "recurrent_dropout", "return_sequences",
    "return_state", "go_backwards", "stateful", "time_major", "reset_after", "zero_output_for_mask",
)  # fmt: skip
_ACTIVATIONS = ("activation", "recurrent_activation")
FLAGS = frozenset((
    "use_bias", "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
    "time_major", "reset_after", "zero_output_for_mask", "trainable",
))  # fmt: skip
# No arguments of GRU: what a caller can say that a file leaves open.
SETTLING = {"class_name": "GRU", "layout": "keras"}
TAKEN = CONFIG_ARGUMENTS - {"keras_version", "use_cudnn"} | {"name", "trainable"} | SETTLING.keys()
# What CuDNNGRU has no arguments for.
_CUDNN = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "zero_output_for_mask": False,
}
# Of Keras 1 and standalone Keras 2, where a config leaves them out or there is none.
_OLD_DEFAULTS = {"activation": "tanh", "recurrent_activation": "hard_sigmoid"}
# What a config that is none makes the constructor of GRU raise.
CONSTRUCTOR_ERRORS = (
    TypeError, ValueError, LookupError, ArithmeticError, AttributeError,
    RecursionError,
)  # fmt: skip
_OWN_CLASSES = (None, "GRU", "GRUCell", "CuDNNGRU")


class FileArguments(NamedTuple):
    """What a file says of a GRU.

    Parameters
    ----------
    known : mapping
        Arguments of GRU that it says.
    inferred : mapping
        Those that follow from something else in it.
    foreign : tuple of str
        The activations among the known ones that are no function of Keras's own.
    notes : tuple of str
        Sentences for the reader.
    """

    known: Mapping[str, Any]
    inferred: Mapping[str, Inference]
    foreign: tuple[str, ...]
    notes: tuple[str, ...]


def file_arguments(
    found: Found, weights: GRUWeights, release: LayerRelease, behaviour: Behaviour, file: object
) -> FileArguments:
    """Return the arguments that `found` says: by its config, its arrays, or otherwise.

    Raises
    ------
    MalformedFileError
        The config contradicts the arrays.
    """
    notes: list[str] = []
    known: dict[str, Any] = {}
    if found.config is not None:
        known = _config_arguments(found, weights, release, behaviour, notes)
    known.update(found.already_known)
    if not behaviour.time_major_argument and known.get("time_major") is False:
        del known["time_major"]
    if found.class_name == "CuDNNGRU":
        known.update(_CUDNN)
    for name, value in _array_arguments(weights).items():
        if known.setdefault(name, value) != value:
            raise MalformedFileError(
                file,
                found.path,
                f"its config says {name}={shown(known[name])}, expected {value!r} beside a "
                f"recurrent_kernel of shape {weights.recurrent_kernel.shape} and a bias of shape "
                f"{None if weights.bias is None else weights.bias.shape}",
            )
    known["dtype"] = _dtype(known.get("dtype"), found, weights, notes)
    own = tables.names(behaviour)
    foreign = [name for name in _ACTIVATIONS if not _is_own(known.get(name), own)]
    inferred = {
        name: inference
        for name, inference in _inferences(found).items()
        if name in _ASKED and name not in known
    }
    return FileArguments(known, inferred, tuple(foreign), tuple(notes))


def layer_arguments(
    said: FileArguments,
    supplied: Mapping[str, Any],
    found: Found,
    release: LayerRelease,
    file: object,
) -> dict[str, Any]:
    """Return all arguments: what the file says, and what the caller supplies for the rest.

    Raises
    ------
    TypeError
        A supplied name is no argument of GRU, or a supplied flag is neither True nor False.
    ValueError
        A supplied value contradicts the file.
    """
    inferred = {name: inference.value for name, inference in said.inferred.items()}
    used = {**_assumed_values(found, release), **inferred, **said.known}
    for name in (*SETTLING, *CALL, "keras_version"):
        used.pop(name, None)
    for name, value in supplied.items():
        if name not in TAKEN:
            raise TypeError(
                f"{name} is {shown(value)}, expected no such argument: load_layers takes limits, "
                f"keras_version, config, merge_mode and {', '.join(sorted(TAKEN))}"
            )
        if name in FLAGS and not isinstance(value, bool):
            raise TypeError(f"{name} is {shown(value)}, expected True or False")
        if name in SETTLING:
            if value != SETTLING[name]:
                expected = f"expected {SETTLING[name]!r} or nothing"
                raise ValueError(f"{name} is {shown(value)}, {expected}")
            continue
        open_to = name == "dtype" and found.config is None
        open_to = open_to or name in said.foreign or _is_assumed(name, said, found)
        if name in said.known and not open_to:
            if said.known[name] != value:
                raise ValueError(
                    f"{name} is {shown(value)}, expected {shown(said.known[name])} or nothing: "
                    f"{file} says so of {found.path}"
                )
        else:
            opposite = found.backward and name == "go_backwards"
            used[name] = not value if opposite else value
    return used


def _is_assumed(name: str, said: FileArguments, found: Found) -> bool:
    """Return whether an assumption can be replaced: the arrays are not converted for it."""
    if name not in found.assumed:
        return False
    value = found.assumed[name]
    return name not in said.known or not str(value).endswith(CONVERTED)


def missing_arguments(
    said: FileArguments, found: Found, release: LayerRelease, behaviour: Behaviour
) -> tuple[str, ...]:
    """Return the names that the file neither says nor leaves to be inferred, in Keras's order."""
    settled = {*said.known, *said.inferred} - set(found.assumed)
    names = [name for name in _ASKED if name not in settled]
    if found.config is not None:
        # A release that does not write an argument does not have it.
        written = set(found.assumed)
        names = [
            n for n in names if n in written or n not in ("time_major", "zero_output_for_mask")
        ]
    elif "time_major" in names and not behaviour.time_major_argument:
        names.remove("time_major")
    if found.class_name not in _OWN_CLASSES:
        names.append("class_name")
    names += [name for name in ("layout", *CALL) if name in found.assumed]
    if release.told in ("assumed", "supplied"):
        names.append("keras_version")
    return tuple(names)


def _inferences(found: Found) -> dict[str, Inference]:
    """Return the arguments that follow from something in the file."""
    inferred = dict(found.inferred)
    if found.backward:
        inferred.setdefault("go_backwards", Inference(True, f"its path, {found.path}"))
    return inferred


def _assumed_values(found: Found, release: LayerRelease) -> dict[str, Any]:
    """Return what is assumed of a GRU where that is not the default of the newest releases."""
    values: dict[str, Any] = {}
    if release.is_before_the_ledger:
        values["reset_after"] = False
    if release.has_hard_gates:
        values["recurrent_activation"] = _OLD_DEFAULTS["recurrent_activation"]
    return {**values, **found.assumed}


def _config_arguments(
    found: Found,
    weights: GRUWeights,
    release: LayerRelease,
    behaviour: Behaviour,
    notes: list[str],
) -> dict[str, Any]:
    """Return the arguments that Keras's config of the layer says."""
    config = dict(found.config or {})
    if keras_1.is_config(config):
        config = keras_1.to_keras_2(config)
    known = {name: value for name, value in config.items() if name in TAKEN - SETTLING.keys()}
    if not behaviour.time_major_argument:
        known.pop("time_major", None)
    if release.is_before_the_ledger:
        known = {**_OLD_DEFAULTS, **known}
        if weights.bias is None:
            known.setdefault("reset_after", False)
    for name in _ACTIVATIONS:
        if name in known:
            known[name] = function_name(known[name])
    for name in [name for name in known if name.rpartition("_")[2] in KINDS]:
        if not _resolves(name, known[name], behaviour):
            notes.append(f"{name} is {shown(known.pop(name))}, which is not Keras's own: left out")
    return known


def function_name(value: Any) -> Any:
    """Return the name in a serialized function; anything else as it is."""
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        registered = value.get("registered_name")
        name = value.get("config")
        if isinstance(name, str) and registered in (None, "function", name):
            return name
    return value


def _is_own(activation: Any, own: Mapping[str, Any]) -> bool:
    return activation is None or (isinstance(activation, str) and activation in own)


def _resolves(name: str, value: Any, behaviour: Behaviour) -> bool:
    """Return whether an initializer, regularizer or constraint is one of the release's own."""
    try:
        KINDS[name.rpartition("_")[2]].resolve(value, behaviour, name)
    except CONSTRUCTOR_ERRORS:
        return False
    return True


def _array_arguments(weights: GRUWeights) -> dict[str, Any]:
    """Return the arguments that the shapes say."""
    shapes = {"units": weights.units, "use_bias": weights.bias is not None}
    if weights.bias is not None:
        shapes["reset_after"] = weights.bias.ndim == 2
    return shapes


def _dtype(value: Any, found: Found, weights: GRUWeights, notes: list[str]) -> str:
    """Return the dtype argument of the layer: that of the config, else the dtype of the arrays."""
    stored = found.stored_dtype or weights.kernel.dtype.name
    if isinstance(value, Mapping):
        config = value.get("config")
        value = config.get("name") if isinstance(config, Mapping) else None
    name = value if isinstance(value, str) else stored
    if name in POLICIES and POLICIES[name][1] != stored and "float" in stored:
        notes.append(f"the arrays are stored in {stored}, the layer is of {name}")
    return name
