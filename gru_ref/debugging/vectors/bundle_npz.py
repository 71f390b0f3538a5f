"""Golden vectors as a bundle: a GRU a vector, the vector its probe, and the gates beside it."""

from __future__ import annotations

from typing import Any

from gru_ref.debugging.vectors.golden import VectorSet
from gru_ref.files.bundles import RecordedCall, bundle_bytes


def files(vectors: VectorSet, prefix: str, stem: str) -> dict[str, bytes]:
    """Return the bundle by its name."""
    time = 0 if vectors.layer.config.time_major else 1
    facts = vectors.facts
    shared = {"vectors_of": facts["name"], "not_revealed": facts["not_revealed"]}
    codes: dict[str, Any] = {}
    for name, made in vectors.quantised.items():
        codes |= {f"{name}_codes": made.codes, f"{name}_scales": made.scales}
    layers, calls = {}, {}
    for one in vectors.vectors:
        layers[one.name] = vectors.layer
        by_step = {
            name: getattr(one.trace, name).swapaxes(0, 1) if time else getattr(one.trace, name)
            for name in ("z", "r", "candidate", "h", "output")
        }
        calls[one.name] = RecordedCall(
            one.x,
            by_step.pop("output"),
            one.initial_state,
            one.mask,
            one.tolerance,
            states=by_step.pop("h"),
            outputs_by="gru_ref",
            more={**by_step, **codes},
            facts={**shared, **one.facts(), "weights": facts["weights"], "notes": facts["notes"]},
        )
    return {f"{stem}.npz": bundle_bytes(layers, recorded=calls)}
