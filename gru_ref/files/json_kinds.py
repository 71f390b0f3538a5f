"""Which of the JSON files that hold or describe models a file is, by its keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gru_ref.files.formats.json_object import read_object
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError

_WEIGHTS = (".weights.h5", ".h5", ".hdf5", ".keras", ".npz", ".safetensors")
_NAMED = 3


def json_format(path: Path, budget: Budget) -> str:
    """Return the reader of a JSON file.

    Raises
    ------
    MalformedFileError
        It is no JSON object; or it is of a kind that holds no weights, which is named.
    """
    model = read_object(path, "", budget)
    if "weightsManifest" in model or "modelTopology" in model:
        return "tfjs"
    if "trainable_params" in model:
        return "frugally_deep"
    if "weight_map" in model:
        _check_shards(model["weight_map"], budget)
        return "sharded"
    if _is_rtneural(model):
        return "rtneural"
    if _is_architecture(model):
        raise budget.error("", _of_architecture(path))
    if any(isinstance(value, (list, Mapping)) for value in model.values()):
        return "layout_json"
    raise budget.error("", f"it is JSON of {_keys(model)}, expected a model or its weights")


def shard_names(path: Path) -> list[str]:
    """Return the names of the files that hold the weights of a TensorFlow.js model."""
    try:
        groups = read_object(path, "", Budget(path, Limits())).get("weightsManifest")
    except MalformedFileError:
        return []
    paths: list[Any] = []
    for group in groups if isinstance(groups, list) else []:
        listed = group.get("paths") if isinstance(group, Mapping) else None
        paths += listed if isinstance(listed, list) else []
    return [name.removeprefix("./") for name in paths if isinstance(name, str)]


def _is_rtneural(model: Mapping[str, Any]) -> bool:
    layers = model.get("layers")
    one = layers[0] if isinstance(layers, list) and layers else model
    return isinstance(one, Mapping) and {"type", "weights"} <= one.keys()


def _is_architecture(model: Mapping[str, Any]) -> bool:
    """Return whether it is what ``model.to_json()`` or ``layer.get_config()`` holds."""
    return ("class_name" in model and "config" in model) or ("layers" in model and "name" in model)


def _of_architecture(path: Path) -> str:
    stem = path.name.partition(".")[0]
    beside = sorted(
        (other.name for other in path.parent.iterdir() if other.name.endswith(_WEIGHTS)),
        key=lambda name: (not name.startswith(stem), name),
    )
    names = ", ".join(map(repr, beside[:_NAMED]))
    here = f"beside it there is {names}" if beside else "beside it there is none"
    return (
        "it is the architecture of a Keras model, as model.to_json() writes it, and holds no "
        f"weights, expected the file of the weights ({here}): give that one, with this one as "
        "--config on the command line or config= in Python"
    )


def _check_shards(weight_map: Any, budget: Budget) -> None:
    """Refuse the index of shards that are not Keras's."""
    files = list(weight_map.values()) if isinstance(weight_map, Mapping) else []
    first = next((file for file in files if isinstance(file, str)), "")
    if first.endswith(".safetensors"):
        grus = [
            file for name, file in weight_map.items() if "weight_hh" in name or "kernel" in name
        ]
        names = sorted({str(file) for file in grus or files})
        raise budget.error(
            "",
            "it is the index of safetensors shards, expected one of the shards: "
            f"{', '.join(names[:_NAMED])}",
        )
    if first.endswith((".bin", ".pt", ".pth")):
        raise budget.error(
            "",
            "it is the index of PyTorch's pickled shards, which can run code when they are read: "
            "gru_ref reads none, expected safetensors",
        )


def _keys(model: Mapping[str, Any]) -> str:
    names = [repr(name[:40]) for name in list(model)[:_NAMED]]
    return ", ".join(names) + (", …" if len(model) > _NAMED else "") if names else "no keys"
