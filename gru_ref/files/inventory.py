"""Inventory: the GRUs of a file, their arguments, and the range and hash of each array."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from gru_ref.files import FileLayers, Layer, Limits, read_layers
from gru_ref.files.choice import GRAPHS
from gru_ref.files.interpretation.found import ROLES
from gru_ref.files.interpretation.given_config import GivenConfig, config_candidates
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.array_facts import array_facts, array_page_table, array_table
from gru_ref.presentation.plain_data import plain_data
from gru_ref.presentation.report import Report
from gru_ref.presentation.tables import fact_table, indent, plain_text, stack
from gru_ref.presentation.text import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gru_ref.presentation.document import Document

# Said of each GRU, in this order.
_ARGUMENTS = (
    "reset_after", "activation", "recurrent_activation", "use_bias", "go_backwards",
    "return_sequences", "return_state", "stateful", "unroll", "time_major", "zero_output_for_mask",
    "dropout", "recurrent_dropout",
)  # fmt: skip
_HASH = 12  # hexadecimal digits of a hash that are shown
_OWN_ROW = ("reset_after", "activation", "recurrent_activation")


@dataclass(frozen=True, repr=False)
class Inventory(Report):
    """The GRUs of a file.

    Parameters
    ----------
    file : str
        The path that was given.
    format : str
        The module of `gru_ref.files.readers` that read it.
    layers : tuple of dicts
        Everything about each GRU, as JSON has it: its path and names, sizes and arguments, what of
        them is inferred or assumed, and the range and hash of each array.
    configs : tuple of str
        Files beside it that may be the config of its model, if a config could say what is assumed.
    """

    kind: ClassVar[str] = "inspect"

    file: str
    format: str
    layers: tuple[dict[str, Any], ...]
    configs: tuple[str, ...]

    @classmethod
    def of(cls, found: FileLayers, file: Path, *, configured: bool = False) -> Inventory:
        """Return the inventory of what `gru_ref.files.read_layers` read.

        Parameters
        ----------
        found : FileLayers
            With a GRU at least.
        file : Path
        configured : bool
            Whether a config was given for it.
        """
        wholes = {
            inner: found.layers[path] for path, all_of in found.inside.items() for inner in all_of
        }
        layers = tuple(_layer_data(one, wholes.get(path)) for path, one in found.grus.items())
        provenance = next(iter(found.grus.values())).provenance
        assert provenance is not None  # read_layers sets it
        sources = [one.provenance for one in found.layers.values() if one.provenance is not None]
        configs = () if configured else tuple(map(str, config_candidates(sources, file)))
        return cls(str(file), provenance.format, layers, configs)

    def data(self) -> dict[str, Any]:
        """Return everything, hashes in full."""
        return {
            "file": self.file,
            "format": self.format,
            "layers": self.layers,
            "configs": self.configs,
        }

    def __rich__(self) -> RenderableType:
        return stack(self._parts())

    def document(self) -> Document:
        """Return what a page shows: a section for each GRU."""
        from gru_ref.presentation.document import Document, FactList, Section, Sentences

        sections = [
            Section(
                layer["path"],
                (FactList(tuple(_facts(layer))), array_page_table(layer["arrays"], _hashes(layer))),
            )
            for layer in self.layers
        ]
        lead = (Sentences(self._advice),) if self._advice else ()
        return Document(self.kind, self._headline, "plain", lead, sections)

    def _parts(self) -> Iterator[RenderableType]:
        yield plain_text(self._headline)
        for layer in self.layers:
            yield plain_text("")
            yield plain_text(layer["path"], "bold")
            yield indent(fact_table(_facts(layer)))
            yield indent(array_table(layer["arrays"], _hashes(layer)), 1)
        for sentence in self._advice:
            yield plain_text("")
            yield plain_text(sentence)

    @property
    def _headline(self) -> str:
        count = f"{len(self.layers):,} GRU{'s' if len(self.layers) > 1 else ''}"
        return f"{self.file}: {count}, read as {self.format}"

    @property
    def _advice(self) -> tuple[str, ...]:
        """What to do about a file without a config, if there may be one."""
        listed = " or ".join(one_line(path) for path in self.configs)
        return (f"If it is of this model, give --config {listed}",) if listed else ()


def inspect(
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    keras_version: str | None = None,
    config: GivenConfig | None = None,
    **supplied: Any,
) -> Inventory:
    """Return what a file says of its GRUs, without Keras.

    Parameters
    ----------
    path, limits, keras_version, config, **supplied
        As for `gru_ref.load_grus`.

    Returns
    -------
    Inventory
        What is inferred or assumed stands in it: no warning is emitted.

    Raises
    ------
    ValueError
        There is no GRU in the file: the message says what it holds instead.
    OSError, ImportError, MalformedFileError, TypeError, ValueError
        As `gru_ref.load_grus`.

    Examples
    --------
    >>> import tempfile
    >>> from gru_ref import save_bundle
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> layer.build((None, None, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_bundle(f"{folder}/gru.npz", layer)
    ...     found = inspect(f"{folder}/gru.npz")
    >>> found.layers[0]["units"], found.layers[0]["arrays"]["kernel"]["shape"]
    (2, [3, 6])
    """
    file = Path(path)
    found = read_layers(file, limits=limits, keras_version=keras_version, config=config, **supplied)
    if not found.grus:
        from gru_ref.files.held import held  # imports readers of every format

        what = held(file, limits=limits or Limits())
        raise ValueError(f"{file} holds no GRU, expected one at least: it holds {what}")
    return Inventory.of(found, file, configured=config is not None)


def _layer_data(layer: GRU, whole: Layer | None) -> dict[str, Any]:
    """Return everything about one GRU, and the layer that it is a part of, as JSON has it."""
    provenance = layer.provenance
    assert provenance is not None  # load_layers sets it
    weights = dict(zip(ROLES, layer.get_weights(), strict=False))
    units, features = layer.config.units, int(weights["kernel"].shape[0])
    return {
        "path": provenance.path,
        "class_name": provenance.class_name,
        "name": provenance.names[-1] if provenance.names else None,
        "names": list(provenance.names),
        "named_by": "the graph" if provenance.format in GRAPHS else "Keras",
        "part_of": _part_of(whole),
        "units": units,
        "features": features,
        "dtype": provenance.dtype,
        "arguments": {name: plain_data(getattr(layer.config, name)) for name in _ARGUMENTS},
        "parameters": {
            "count": layer.count_params(),
            "formula": _formula(weights.get("bias")),
            "U": units,
            "F": features,
        },
        "keras_version": provenance.keras_version,
        "computed_as": layer.keras_version,
        "inferred": {name: one._asdict() for name, one in provenance.inferred.items()},
        "assumed": dict(provenance.assumed),
        "supplied": dict(provenance.supplied),
        "notes": list(provenance.notes),
        "arrays": {
            name: {**array_facts(array), "sha256": provenance.sha256[name]}
            for name, array in weights.items()
        },
        "config": provenance.config,
    }


def _part_of(whole: Layer | None) -> dict[str, Any] | None:
    """Return the layer that a GRU is a part of, as JSON has it."""
    provenance = None if whole is None else whole.provenance
    if provenance is None:
        return None
    return {
        "path": provenance.path,
        "class_name": provenance.class_name,
        "name": provenance.names[-1] if provenance.names else None,
        "described": provenance.config is not None,
    }


def _formula(bias: NDArray[Any] | None) -> str:
    """Return the formula of the parameter count for this form of bias."""
    if bias is None:
        return "3*(U*F + U*U)"
    return "3*(U*F + U*U + 2*U)" if bias.ndim == 2 else "3*(U*F + U*U + U)"


def _hashes(layer: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return a further column for the table of arrays."""
    hashes = {name: array["sha256"][:_HASH] for name, array in layer["arrays"].items()}
    return {f"sha256 ({_HASH} of 64 digits)": hashes}


def _facts(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the rows of the first table."""
    arguments, parameters = layer["arguments"], layer["parameters"]
    if layer["class_name"] not in (None, "GRU"):
        yield "class", layer["class_name"]
    if layer["names"]:
        *outer, name = layer["names"]
        label = "name" if layer["named_by"] == "Keras" else "in graph"
        yield label, ", in ".join([name, *reversed(outer)])
    if (whole := layer["part_of"]) and not whole["described"]:  # else a note says it
        yield "part of", f"the {whole['class_name']} at {whole['path']}, as its names show"
    yield "units U", f"{layer['units']:,}"
    yield "features F", f"{layer['features']:,}"
    yield "reset_after", str(arguments["reset_after"])
    yield "activations", f"{_activation(layer, 'activation')} of the candidate"
    yield "", f"{_activation(layer, 'recurrent_activation')} of the gates"
    others = {name: value for name, value in arguments.items() if name not in _OWN_ROW}
    if also := [f"{k}={v}" for k, v in others.items() if bool(v) is not (k == "use_bias")]:
        yield "also", ", ".join(also)
    yield "dtype", layer["dtype"]
    yield "parameters", f"{parameters['count']:,} = {parameters['formula']}"
    yield "written by", _writer(layer)
    for name, inference in layer["inferred"].items():
        yield "inferred", f"{name}={inference['value']} from {inference['source']}"
    if assumed := [n for n in layer["assumed"] if n not in ("keras_version", "class_name")]:
        taken = ", ".join(f"{name}={layer['assumed'][name]}" for name in assumed)
        yield "assumed", f"{taken}; --set NAME=VALUE says otherwise"
    if "class_name" in layer["assumed"]:
        yield (
            "assumed",
            f"{layer['class_name']} is a GRU: the code of the class is not in the file",
        )
    for note in layer["notes"]:
        yield "note", note


def _activation(layer: Mapping[str, Any], argument: str) -> str:
    """Return the name of an activation, with the generation where that changes its meaning."""
    name = str(layer["arguments"][argument])
    generation = layer["computed_as"].partition(".")[0]
    return f"{name} (as in Keras {generation})" if name == "hard_sigmoid" else name


def _writer(layer: Mapping[str, Any]) -> str:
    """Return the Keras that wrote the file, or the one that is assumed."""
    written, computed = layer["keras_version"], layer["computed_as"]
    if written is None and "keras_version" not in layer["assumed"]:
        return f"not said; computed as Keras {computed}"
    if written is None:
        return f"not said; taken as Keras {computed}, --keras-version says otherwise"
    return f"Keras {written}"
