"""Objects of Keras as data: as configs hold them, as `oracles.codec` and `oracles.live_wrappers` do."""

from __future__ import annotations

from typing import Any


def instance(class_name: str, **config: Any) -> dict[str, Any]:
    """Return what every release reads as an instance of its class, made with a config."""
    return {"class_name": class_name, "config": config}


def function(name: str) -> dict[str, Any]:
    """Return a callable of the codec."""
    return {"$": "callable", "name": name}


def tensor(value: Any) -> dict[str, Any]:
    """Return what is a tensor for Keras, an array for gru_ref."""
    return {"$": "tensor", "value": value}


def rnn(cell: Any, **arguments: Any) -> dict[str, Any]:
    """Return an RNN around a cell, or a list of cells."""
    return {"class": "RNN", "cell": cell, **arguments}


def bidirectional(layer: Any, **arguments: Any) -> dict[str, Any]:
    """Return a Bidirectional around a layer."""
    return {"class": "Bidirectional", "layer": layer, **arguments}
