"""PyTorch's nn.GRU on a CPU; one direction of a bidirectional one for go_backwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

VERSION = f"torch {torch.__version__.partition('+')[0]}"


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    gru = torch.nn.GRU(
        features, units, bias=arguments["use_bias"], bidirectional=arguments["go_backwards"]
    )
    return {
        name: tuple(value.shape)
        for name, value in gru.state_dict().items()
        if name.endswith("_reverse") == arguments["go_backwards"]
    }


def run(
    layout: dict[str, Any],
    x: np.ndarray,
    initial_state: np.ndarray | None,
    *,
    batch_first: bool = True,
) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    backwards = any(name.endswith("_reverse") for name in layout)
    units = layout["weight_hh_l0_reverse" if backwards else "weight_hh_l0"].shape[1]
    gru = torch.nn.GRU(
        x.shape[2],
        units,
        bias=any("bias" in name for name in layout),
        batch_first=batch_first,
        bidirectional=backwards,
        dtype=torch.from_numpy(x).dtype,
    )
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in layout.items()}
    gru.load_state_dict({**gru.state_dict(), **arrays})
    start = None
    if initial_state is not None:
        start = torch.from_numpy(np.stack([initial_state] * (1 + backwards)))
    with torch.no_grad():
        output, state = gru(torch.from_numpy(np.ascontiguousarray(x)), start)
    return output.numpy()[:, :, -units:], state.numpy()[-1]
