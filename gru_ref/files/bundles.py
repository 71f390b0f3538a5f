"""Self-verifying bundles: GRUs in one .npz, their provenance, and a probe that is checked."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.atomic_write import write_all
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.files import probe as probes
from gru_ref.files.formats.part import open_file
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.probe import BundleProbe
from gru_ref.files.readers import bundle as reading
from gru_ref.files.writers import bundle as writing
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.gru import GRU
from gru_ref.version import __version__

Array = NDArray[Any]

_OURS, _THEIRS = f"gru_ref {__version__}", "theirs"
# Of a layer that was read from no file.
_PATH = "gru"


@dataclass(frozen=True, eq=False)
class Bundle:
    """The contents of a bundle, by the path of each GRU.

    Parameters
    ----------
    layers : dict
        Path → `gru_ref.GRU`, as `gru_ref.load_grus` returns it.
    probes : dict
        Path → `gru_ref.files.probe.BundleProbe`, which the layer of that path has just passed.
    said : dict
        Path → all that the bundle says of it, as docs/bundle.md lists it.
    """

    layers: dict[str, GRU]
    probes: dict[str, BundleProbe]
    said: dict[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class RecordedCall:
    """A call of the live layer, to be a probe: its arguments, and what it returned.

    Parameters
    ----------
    inputs : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    outputs : (batch, timesteps, units), or (timesteps, batch, units); or (batch, units), optional
        Every output, in processing order, or the last one alone. By default what gru_ref computes.
    initial_state : (batch, units), optional
        Zeros by default.
    mask : (batch, timesteps), or (timesteps, batch), bool, optional
        True: use this timestep. All of them by default.
    tolerance : float, optional
        By how much `outputs` may differ from what gru_ref computes. By default that is what
        rounding costs, measured.
    states : (batch, timesteps, units), or (timesteps, batch, units), optional
        By default what gru_ref computes.
    outputs_by : "theirs" or "gru_ref"
        Who computed `outputs`.
    more : mapping of str to array
        Arrays that the bundle keeps beside the probe: `gru_ref.files.readers.bundle.MORE`.
    facts : mapping
        What the bundle says of the call, as JSON can hold it.
    """

    inputs: Array
    outputs: Array | None = None
    initial_state: Array | None = None
    mask: Array | None = None
    tolerance: float | None = None
    states: Array | None = None
    outputs_by: str = "theirs"
    more: Mapping[str, Array] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def bundle_bytes(
    layers: GRU | Mapping[str, GRU],
    *,
    seed: int = 0,
    recorded: RecordedCall | Mapping[str, RecordedCall] | None = None,
    limits: Limits | None = None,
) -> bytes:
    """Return a bundle of GRUs as bytes; the same GRUs give the same bytes.

    Parameters
    ----------
    layers : GRU, or mapping of str to GRU
        Built; as `gru_ref.load_grus` returns them.
    seed : int, from 0 on
        What the inputs of the probes are drawn from.
    recorded : RecordedCall, or mapping of str to RecordedCall, optional
        A call as the probe of the only GRU, or of each that is named; its outputs are kept as they
        are. Inputs are drawn for the others.
    limits : Limits, optional
        How much whoever reads the bundle may be made to do: what takes more is not written.

    Returns
    -------
    bytes
        An .npz; see docs/bundle.md.

    Raises
    ------
    TypeError
        `layers` or a part of a call is of a wrong type.
    ValueError
        There is no GRU or it is not built; a config holds a function, which is no data; a shape of
        `recorded` differs, its outputs differ from what gru_ref computes, or it is of no one GRU;
        or reading the bundle would pass a limit.
    UnseededError
        A call was recorded, and the weights were drawn without a seed and never read.
    OSError
        The file that a layer was read from is not there any more: its hash goes into the bundle.

    Notes
    -----
    What was written is read again, by the reader that will read it, before it is returned.
    """
    if isinstance(layers, GRU):
        layers = {_PATH if layers.provenance is None else layers.provenance.path: layers}
    _check_layers(layers)
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is {shown(seed)}, expected an int from 0 on")
    calls = _calls(recorded, list(layers))
    limits = limits or Limits()
    budget = Budget(Path("bundle"), limits)  # of the probes, before they are run
    try:
        bundled = {
            path: _item(layer, calls.get(path), seed, path, budget)
            for path, layer in layers.items()
        }
        data = writing.bundle_archive(bundled, __version__)
        again = reading.entries(io.BytesIO(data), Budget(Path("bundle"), limits))
    except MalformedFileError as error:
        raise ValueError(f"{error.place} cannot be bundled: {error.reason}") from None
    for layer, entry in zip(layers.values(), again, strict=True):
        if layer.get_config() != entry.layer.get_config():
            raise ValueError(
                f"config is {shown(layer.get_config())}, expected one that is read as it was "
                f"written, not as {shown(entry.layer.get_config())}"
            )
    return data


def save_bundle(
    path: str | os.PathLike[str],
    layers: GRU | Mapping[str, GRU],
    *,
    seed: int = 0,
    recorded: RecordedCall | Mapping[str, RecordedCall] | None = None,
    limits: Limits | None = None,
) -> None:
    """Write GRUs, where they come from and a probe of each to one .npz that verifies itself.

    Parameters
    ----------
    path : str or path
        Replaced if it is there, once everything is written.
    layers, seed, recorded, limits
        As `bundle_bytes` takes them.

    Raises
    ------
    TypeError, ValueError, OSError
        As `bundle_bytes`; then nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> layer.build((None, None, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_bundle(f"{folder}/gru.npz", layer)
    ...     bundle = load_bundle(f"{folder}/gru.npz")
    >>> bundle.probes["gru"].outputs.shape, bundle.said["gru"]["probe"]["seed"]
    ((4, 6, 2), 0)
    """
    made = bundle_bytes(layers, seed=seed, recorded=recorded, limits=limits)
    write_all({Path(path): made})


def load_bundle(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Bundle:
    """Read a bundle and check it: every hash, and every probe.

    `gru_ref.load_layers` checks the same and returns the layers alone.

    Parameters
    ----------
    path : str or path
    limits : Limits, optional
        How much the file may make this call do.

    Raises
    ------
    OSError
        The file is not there or cannot be read.
    MalformedFileError
        Weights, config or probe are not those that were written; the message says what differs. Or
        the file is no bundle.
    """
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(2, os.strerror(2), str(place))
    budget = Budget(place, limits or Limits())
    with open_file(place, budget) as stream:
        found = reading.entries(stream, budget)
    return Bundle(
        {entry.found.path: entry.layer for entry in found},
        {entry.found.path: entry.probe for entry in found},
        {entry.found.path: entry.said for entry in found},
    )


def _check_layers(layers: Any) -> None:
    if not isinstance(layers, Mapping):
        raise TypeError(f"layers is {shown(layers)}, expected a GRU or a mapping of them")
    if not layers:
        raise ValueError(f"layers is {shown(layers)}, expected one GRU at least")
    for path, layer in layers.items():
        if not isinstance(path, str) or not isinstance(layer, GRU):
            raise TypeError(
                f"layers holds {shown(path)}: {shown(layer)}, expected str: GRU, as load_grus "
                "returns them"
            )
        if not layer.built:
            raise ValueError(f"the layer {path!r} is not built, expected one with weights")
        layer.check_own_call("the bundle")


def _calls(recorded: Any, paths: list[str]) -> Mapping[str, RecordedCall]:
    """Return the recorded calls by the paths of their GRUs."""
    if recorded is None:
        return {}
    if isinstance(recorded, RecordedCall):
        if len(paths) > 1:
            raise ValueError(f"layers are {len(paths)}, expected one: the call is of one GRU")
        return {paths[0]: recorded}
    if not isinstance(recorded, Mapping) or not set(recorded) <= set(paths):
        raise ValueError(f"recorded is {shown(recorded)}, expected calls of {shown(paths)}")
    for path, call in recorded.items():
        if not isinstance(call, RecordedCall):
            raise TypeError(f"recorded holds {path!r}: {shown(call)}, expected a RecordedCall")
    return recorded


def _item(
    layer: GRU, recorded: RecordedCall | None, seed: int, path: str, budget: Budget
) -> writing.BundleItem:
    """Return a layer with its probe: a recorded call, else one of drawn inputs.

    Raises
    ------
    TypeError, ValueError
        A part of the call is wrong, or its outputs are not what gru_ref computes.
    """
    if recorded is not None and recorded.outputs is not None:
        layer.require_comparable()
    weights, config = GRUWeights.from_arrays(layer.get_weights()), layer.config
    if recorded is None:
        call = probes.draw_call(weights.features, config, seed)
        theirs = tolerance = None
        recorded_states = None
    else:
        call = _call_arrays(recorded, config)
        probes.check_call(*call, weights.features, config)
        theirs, tolerance = recorded.outputs, recorded.tolerance
        recorded_states = recorded.states
    budget.take_products(probes.products(call[0], config), f"{path}, probe")
    ours, states = probes.compute(weights, config, *call)
    probe = BundleProbe(
        *call,
        ours if theirs is None else np.asarray(theirs),
        states if recorded_states is None else np.asarray(recorded_states),
    )
    probes.check_probe(probe, weights.features, config)
    if tolerance is None:
        tolerance = probes.rounding_tolerance(weights, config, *call)
    elif not 0 <= tolerance < np.inf:
        raise ValueError(f"tolerance is {shown(tolerance)}, expected 0 or more")
    worst = probes.worst_difference(probe, weights, config, float(tolerance))
    if worst is not None:
        raise ValueError(
            f"theirs: {worst} within {tolerance:.2g}; gru-ref diff says where they part"
        )
    by_us = theirs is None or (recorded is not None and recorded.outputs_by == "gru_ref")
    more, facts = ({}, {}) if recorded is None else (recorded.more, recorded.facts)
    return writing.BundleItem(
        layer,
        probe,
        None if recorded else seed,
        _OURS if by_us else _THEIRS,
        float(tolerance),
        more,
        facts,
    )


def _call_arrays(recorded: RecordedCall, config: GRUConfig) -> tuple[Array, Array, Array]:
    """Return inputs, initial state and mask of a recorded call, those left out included."""
    inputs, state, mask = np.asarray(recorded.inputs), recorded.initial_state, recorded.mask
    leading = inputs.shape[:2]
    batch = config.batch_and_time(leading)[0] if inputs.ndim == 3 else 0
    return (
        inputs,
        np.zeros((batch, config.units), inputs.dtype) if state is None else np.asarray(state),
        np.ones(leading, bool) if mask is None else np.asarray(mask),
    )
