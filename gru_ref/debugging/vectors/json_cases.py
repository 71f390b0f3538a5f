"""Golden vectors as JSON, in the words of fixtures/: a case, its calls, what each has to give."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.vectors.golden import GoldenVector, VectorSet
from gru_ref.version import __version__

Array = NDArray[Any]


def files(vectors: VectorSet, prefix: str, stem: str) -> dict[str, bytes]:
    """Return the JSON by its name."""
    return {f"{stem}.json": (json.dumps(_document(vectors), allow_nan=False) + "\n").encode()}


def _document(vectors: VectorSet) -> dict[str, Any]:
    facts = vectors.facts
    return {
        "schema": "v1",
        "oracle": "gru_ref",
        "gru_ref": __version__,
        "keras_version": facts["keras_version"],
        "group": "vectors",
        "why": "golden vectors of one GRU, to test a port of it",
        "cases": [_case(vectors, facts)],
    }


def _case(vectors: VectorSet, facts: dict[str, Any]) -> dict[str, Any]:
    config = vectors.layer.config
    eps = float(np.finfo(config.compute_dtype).eps)
    codes = {
        name: {"codes": made.codes.tolist(), "scales": made.scales.tolist()}
        for name, made in vectors.quantised.items()
    }
    return {
        "id": facts["name"],
        "lane": "double" if config.compute_dtype == np.float64 else "single",
        "dtype": config.compute_dtype.name,
        "tolerance_eps": max(one.tolerance for one in vectors.vectors) / eps,
        "path": config.path,
        "seed": None,
        "constructor": facts["constructor"],
        "weights": {name: _plain(array) for name, array in vectors.weights.items()},
        **({"quantised": codes} if codes else {}),
        "calls": [entry for one in vectors.vectors for entry in _calls(one, vectors)],
        "reveals": list(vectors.reveals),
        "facts": facts,
    }


def _calls(one: GoldenVector, vectors: VectorSet) -> list[dict[str, Any]]:
    """Return a call; before one that starts anew, of a stateful layer, the reset of its state."""
    config = vectors.layer.config
    container = "tensor"
    outputs = [_plain(one.output)]
    if config.return_state:
        outputs.append(_plain(one.state))
        container = type(config.behaviour.state_container(())).__name__
    call = {
        "id": one.name,
        "x": _plain(one.x),
        # What a stateful layer recorded is not handed in.
        "initial_state": None if one.continues else _plain(one.initial_state),
        "mask": _plain(one.mask),
        "training": False,
        "dropout_mask": None,
        "recurrent_dropout_mask": None,
        "tolerance": one.tolerance,
        "reveals": list(one.reveals),
        "expected": {
            "container": container,
            "outputs": outputs,
            "state": _plain(one.state) if config.stateful else None,
            "final_state": _plain(one.state),
            "gates": {
                name: _plain(getattr(one.trace, name)) for name in ("z", "r", "candidate", "h")
            },
        },
    }
    if not config.stateful or one.continues:
        return [call]
    return [{"reset": True, "state": np.zeros_like(one.state).tolist()}, call]


def _plain(array: Array | None) -> Any:
    """Return nested lists whose numbers have the shortest digits that read back in their dtype."""
    if array is None or array.dtype.kind != "f":
        return None if array is None else array.tolist()
    # The text of a float32 read as a float64 prints as that text again.
    return array.astype(str).astype("float64").tolist()
