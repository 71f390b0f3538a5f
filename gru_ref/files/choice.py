"""Which layer of a file a word means: by the name that Keras gave it, or by its path."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Protocol, TypeVar

from gru_ref.provenance import Provenance

_MOST = 12  # layers that a message lists
# Formats whose only names are those of a graph: it numbers a name that is taken, as Keras does.
GRAPHS = ("onnx_initializers", "tflite")
_NUMBER = re.compile(r"(?<=.)_\d+$")


class Described(Protocol):
    """A layer that was read from a file."""

    @property
    def provenance(self) -> Provenance | None:
        """Where it is in the file."""
        ...


L = TypeVar("L", bound=Described)


def choose_layer(layers: Mapping[str, L], word: str | None, *, option: str = "layer") -> L:
    """Return the layer that a word means.

    Parameters
    ----------
    layers : mapping
        Path → layer, as `gru_ref.load_layers` or `gru_ref.load_grus` returns it.
    word : str or None
        The name of the layer, its path, or an ending of the path, from a "/" on, that no other has.
        "/PATH" is always the path. None: the only layer.
    option : str
        What the messages call the word.

    Raises
    ------
    ValueError
        No layer is meant, or several are: the message says what the word is of each.

    Notes
    -----
    A name goes before an ending: of two layers ``gru_1`` and ``gru_2`` in a ``.keras`` file, the
    second is at ``layers/gru_1/cell``, and "gru_1" means the first.
    """
    return layers[choose_path(layers, word, option=option)]


def choose_path(
    layers: Mapping[str, Described],
    word: str | None,
    *,
    inside: Mapping[str, Collection[str]] | None = None,
    option: str = "layer",
) -> str:
    """Return the path of the layer that a word means, as `choose_layer` does.

    Parameters
    ----------
    inside : mapping, optional
        Path of a layer → the paths of the layers in it: what means the former means none of them.
    """
    if word is None:
        if len(layers) == 1:
            return next(iter(layers))
        raise ValueError(
            f"{option} is not given and FILE has {len(layers):,} layers, expected one of "
            f"{listed_layers(layers)}"
        )
    meanings = _meanings(layers, word)
    inner = {path for outer in meanings for path in (inside or {}).get(outer, ()) if path != outer}
    meant = [path for path in meanings if path not in inner]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise ValueError(f"{option} is {word!r}, expected one of {listed_layers(layers)}")
    several = " and ".join(f"{meanings[path]} {path!r}" for path in meant[:_MOST])
    paths = " or ".join(repr(f"/{path}") for path in meant[:_MOST])
    raise ValueError(f"{option} is {word!r}, which is {several}: expected {paths}")


def listed_layers(layers: Mapping[str, Described]) -> str:
    """Return paths and names of layers for a message, the first of them if they are many."""
    listed = []
    for path, layer in list(layers.items())[:_MOST]:
        names = layer.provenance.names if layer.provenance else ()
        named = f" (named {names[-1]!r})" if names and names[-1] != path else ""
        listed.append(f"{path!r}{named}")
    more = f" and {len(layers) - _MOST:,} more" if len(layers) > _MOST else ""
    return ", ".join(listed) + more


def _meanings(layers: Mapping[str, Described], word: str) -> dict[str, str]:
    """Return the path of every layer that a word can mean → what the word is of it."""
    if word.startswith("/") and word[1:] in layers:
        return {word[1:]: "the path of"}
    found = {path: "the name of" for path, layer in layers.items() if word in _names(layer)}
    if word in layers:
        found[word] = "the path of"
    if found:
        return found
    return {path: "an ending of the path of" for path in layers if path.endswith(f"/{word}")}


def _names(layer: Described) -> set[str]:
    """Return the names that a layer may have: its own, and with those of the models around it."""
    provenance = layer.provenance
    if provenance is None or not provenance.names:
        return set()
    names = provenance.names
    found = {"/".join(names[k:]) for k in range(len(names))}
    if provenance.format in GRAPHS and provenance.config is None:
        found |= {_NUMBER.sub("", name) for name in found}
    return found - {""}
