"""JSON of other runtimes: shards, base64, numbers, and texts that take more than they are."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from parity_tests.tests.files.attacks import honest
from parity_tests.tests.files.attacks.honest import MIB, gru_config
from parity_tests.tests.files.attacks.table import attack

ROLES = ("kernel", "recurrent_kernel", "bias")


def _json(folder: Path, value: Any, name: str = "model.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def _tfjs(folder: Path, **changes: Any) -> Path:
    """Write a layers model of the honest arrays; `changes` are of its only group and array."""
    arrays = [array.astype("<f4") for array in honest.arrays()]
    (folder / "w.bin").write_bytes(b"".join(array.tobytes() for array in arrays))
    weights = [
        {"name": f"gru/gru_cell/{role}", "shape": list(array.shape), "dtype": "float32"}
        for role, array in zip(ROLES, arrays, strict=False)
    ]
    weights[0].update(changes.pop("first", {}))
    group = {"paths": ["w.bin"], "weights": weights, **changes}
    model = {"modelTopology": {"model_config": gru_config()}, "weightsManifest": [group]}
    return _json(folder, {**model, "format": "layers-model"})


def _fdeep(folder: Path, entry: Any) -> Path:
    """Write a model of frugally-deep whose GRU has the arrays `entry`."""
    name = gru_config()["config"]["layers"][0]["config"]["name"]
    return _json(folder, {"architecture": gru_config(), "trainable_params": {name: entry}})


def _rtneural(folder: Path, weights: Any) -> Path:
    entry = {"type": "gru", "activation": "tanh", "shape": [None, None, 2], "weights": weights}
    return _json(folder, {"in_shape": [None, 2], "layers": [entry]})


# ---- shards


@attack(None)
def tfjs_in_order(folder: Path) -> Path:
    return _tfjs(folder)


@attack("no name of a file")
def tfjs_shard_above(folder: Path) -> Path:
    (folder.parent / "secret.bin").write_bytes(bytes(4096))
    return _tfjs(folder, paths=["../secret.bin"])


@attack("no name of a file")
def tfjs_shard_at_root(folder: Path) -> Path:
    return _tfjs(folder, paths=["/etc/passwd"])


@attack("symbolic link")
def tfjs_shard_is_a_link(folder: Path) -> Path:
    (folder.parent / "secret.bin").write_bytes(bytes(4096))
    (folder / "link.bin").symlink_to(folder.parent / "secret.bin")
    return _tfjs(folder, paths=["link.bin"])


@attack("expected paths and weights")
def tfjs_paths_are_a_number(folder: Path) -> Path:
    return _tfjs(folder, paths=7)


@attack("not beside")
def tfjs_shard_is_missing(folder: Path) -> Path:
    return _tfjs(folder, paths=["gone.bin"])


@attack("not beside")
def tfjs_shard_of_a_name_too_long(folder: Path) -> Path:
    return _tfjs(folder, paths=["x" * 5000])


@attack("not beside")
def tfjs_shard_of_half_a_letter(folder: Path) -> Path:
    return _tfjs(folder, paths=["\ud800.bin"])


@attack("cannot be opened")
def keras_shard_of_half_a_letter(folder: Path) -> Path:
    return _json(folder, {"weight_map": {"/layers/gru/cell/vars": "\ud800.weights.h5"}})


@attack("cannot be opened")
def keras_shard_of_a_name_too_long(folder: Path) -> Path:
    return _json(folder, {"weight_map": {"/layers/gru/cell/vars": "x" * 5000}})


@attack("max_objects")
def tfjs_shard_is_listed_60_000_times(folder: Path) -> Path:
    path = _tfjs(folder, paths=["w.bin"] * 60_000)
    (folder / "w.bin").write_bytes(b"")
    return path


@attack("are in none of")
def tfjs_shard_is_short(folder: Path) -> Path:
    path = _tfjs(folder)
    (folder / "w.bin").write_bytes(bytes(8))
    return path


@attack("expected sizes")
def tfjs_negative_size(folder: Path) -> Path:
    return _tfjs(folder, first={"shape": [-4, 15]})


@attack("expected float32")
def tfjs_weights_behind_text(folder: Path) -> Path:
    path = _tfjs(folder)
    model = json.loads(path.read_text())
    text = {"name": "words", "shape": [1], "dtype": "string"}
    model["weightsManifest"][0]["weights"].insert(0, text)
    return _json(folder, model)


@attack("expected a number")
def tfjs_scale_is_infinite(folder: Path) -> Path:
    return _tfjs(folder, first={"quantization": {"dtype": "uint8", "scale": 1e999, "min": 0}})


@attack("expected a name of its own")
def tfjs_name_twice(folder: Path) -> Path:
    path = _tfjs(folder)
    model = json.loads(path.read_text())
    model["weightsManifest"] *= 2
    return _json(folder, model)


@attack("max_bytes")
def tfjs_claims_terabytes(folder: Path) -> Path:
    """The shard is as long as it claims, and empty on the disk."""
    path = _tfjs(folder)
    model = json.loads(path.read_text())
    weights = model["weightsManifest"][0]["weights"]
    weights[0]["shape"], weights[1]["shape"] = [1 << 24, 3 << 10], [1 << 10, 3 << 10]
    del weights[2:]
    with (folder / "w.bin").open("wb") as handle:
        handle.truncate(1 << 38)
    return _json(folder, model)


# ---- numbers and base64


@attack("no base64")
def fdeep_text_for_base64(folder: Path) -> Path:
    return _fdeep(folder, {"weights": ["!" * 64], "recurrent_weights": ["AAAA"]})


@attack("no base64")
def fdeep_three_bytes(folder: Path) -> Path:
    three = [base64.b64encode(b"abc").decode()]
    return _fdeep(folder, {"weights": three, "recurrent_weights": three})


@attack("expected 3uf, 3uu")
def fdeep_arrays_of_other_sizes(folder: Path) -> Path:
    numbers = [base64.b64encode(np.ones(7, "<f4")).decode()]
    return _fdeep(folder, {"weights": numbers, "recurrent_weights": numbers})


@attack("expected a list of base64")
def fdeep_object_for_numbers(folder: Path) -> Path:
    return _fdeep(folder, {"weights": {"a": 1}, "recurrent_weights": [1.0]})


@attack("expected its weights")
def fdeep_without_the_arrays(folder: Path) -> Path:
    return _fdeep(folder, {"weights": [1.0]})


@attack("rows of one length")
def rtneural_ragged_rows(folder: Path) -> Path:
    return _rtneural(folder, [[[1.0, 2.0], [3.0]], [[1.0] * 6] * 2, [[0.0] * 6] * 2])


@attack("expected numbers alone")
def rtneural_words_for_numbers(folder: Path) -> Path:
    return _rtneural(folder, [[["1.0"] * 6] * 2, [[1.0] * 6] * 2])


@attack("expected numbers alone")
def rtneural_true_for_one(folder: Path) -> Path:
    return _rtneural(folder, [[[True] * 6] * 2, [[1.0] * 6] * 2])


@attack("too large for a float")
def rtneural_number_of_400_digits(folder: Path) -> Path:
    return _rtneural(folder, [[[10**400] * 6] * 2, [[1.0] * 6] * 2])


@attack("4 levels at most")
def rtneural_lists_within_lists(folder: Path) -> Path:
    deep: Any = 1.0
    for _ in range(60):
        deep = [deep]
    return _rtneural(folder, [deep, [[1.0] * 6] * 2])


@attack("two or three arrays")
def rtneural_without_weights(folder: Path) -> Path:
    return _rtneural(folder, {"0": 1})


@attack("max_objects")
def rtneural_many_layers(folder: Path) -> Path:
    layers = ",".join(['{"type":0,"weights":0}'] * 100_001)
    return _json(folder, f'{{"layers": [{layers}]}}')


# ---- texts


@attack("max_json_bytes")
def long_json(folder: Path) -> Path:
    return _json(folder, '{"modelTopology": "' + "x" * (9 * MIB) + '"}')


@attack("nested")
def deep_json(folder: Path) -> Path:
    return _json(folder, '{"a":' * 5000 + "1" + "}" * 5000)


@attack("cannot be read so")
def torch_with_half_of_its_arrays(folder: Path) -> Path:
    return _json(folder, {"weight_hh_l0": [[1.0, 2.0]] * 6})


@attack("graph model")
def tfjs_graph_model(folder: Path) -> Path:
    return _json(folder, {"format": "graph-model", "modelTopology": {"node": []}})


@attack("index of safetensors shards")
def index_of_safetensors(folder: Path) -> Path:
    return _json(folder, {"weight_map": {"gru.weight_hh_l0": "../../secret.safetensors"}})


@attack("architecture of a Keras model")
def architecture_alone(folder: Path) -> Path:
    return _json(folder, gru_config())
