"""Names and configs that lead out of the file, or never end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity_tests.tests.files.attacks.honest import close, gru_config, keras, legacy, model_of
from parity_tests.tests.files.attacks.table import attack


@attack("is listed, but not there")
def listed_path_outside(folder: Path) -> Path:
    return close(legacy(folder, names=["../../../etc/passwd", "gru/gru_cell/bias:0"]))


@attack("under one name")
def one_array_listed_twice(folder: Path) -> Path:
    return close(legacy(folder, names=["gru/gru_cell/bias:0"] * 3))


@attack("no JSON")
def deep_json(folder: Path) -> Path:
    return close(legacy(folder, "[" * 200_000))


@attack("expected 256 at most")
def deep_value(folder: Path) -> Path:
    """JSON that Python parses, and cannot walk: 900 objects within objects."""
    value: dict[str, Any] = {}
    for _ in range(900):
        value = {"a": value}
    return keras(folder, gru_config(kernel_initializer=value))


@attack("max_depth")
def nested_wrappers(folder: Path) -> Path:
    layer = gru_config()["config"]["layers"][0]
    for _ in range(100):
        layer = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": layer}}
    return keras(folder, model_of(layer))


@attack(None)
def model_that_is_one_layer(folder: Path) -> Path:
    return keras(folder, gru_config()["config"]["layers"][0])


@attack(None)
def model_of_nothing(folder: Path) -> Path:
    return keras(folder, {})


@attack("a Bidirectional wraps a Bidirectional")
def doubling_of_wrappers(folder: Path) -> Path:
    """2**50 layers: each Bidirectional stands for two of the layer that it wraps."""
    layer = gru_config()["config"]["layers"][0]
    for _ in range(50):
        layer = {"class_name": "Bidirectional", "config": {"name": "b", "layer": layer}}
    return keras(folder, model_of(layer))


@attack("units=1000000000000")
def huge_units(folder: Path) -> Path:
    return keras(folder, gru_config(units=10**12))


@attack("activation")
def lambda_activation(folder: Path) -> Path:
    code = "__import__('os').system('touch /tmp/gru_ref_was_here')"
    function = {"class_name": "__lambda__", "config": {"value": code}}
    return keras(folder, gru_config(activation=function))


@attack("activation")
def activation_of_a_module(folder: Path) -> Path:
    function = {"module": "os", "class_name": "function", "config": "system"}
    return keras(folder, gru_config(activation=function))


@attack(None)
def layer_of_code(folder: Path) -> Path:
    """A Lambda layer, and a layer that names a module: neither is looked up."""
    evil = {"class_name": "Lambda", "module": "builtins", "config": {"function": "eval('1/0')"}}
    other = {"class_name": "system", "module": "os", "config": {"command": "touch /tmp/x"}}
    return keras(folder, model_of(evil, *gru_config()["config"]["layers"], other))


@attack(None)
def initializer_of_a_path(folder: Path) -> Path:
    """An initializer and a lookup layer that name files: nothing is opened."""
    lookup = {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    initializer = {"class_name": "FromFile", "config": {"path": "/etc/passwd"}}
    gru = gru_config(kernel_initializer=initializer)["config"]["layers"][0]
    return keras(folder, model_of(lookup, gru))


@attack("no GRU's")
def config_of_the_wrong_types(folder: Path) -> Path:
    return keras(folder, gru_config(dropout=["a", {"b": None}]))


@attack("keras_version")
def version_that_is_none(folder: Path) -> Path:
    return keras(folder, metadata={"keras_version": "3.0; import os"})
