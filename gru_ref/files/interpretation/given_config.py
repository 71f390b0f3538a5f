"""A model's config that the caller gives for a file of weights alone, as ``model.to_json()``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gru_ref.errors import shown
from gru_ref.files.formats.json_object import parse_object, read_object
from gru_ref.files.interpretation import keras_1, model_config
from gru_ref.files.interpretation.arguments import function_name
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.interpretation.stored_gru import layer_group, with_config
from gru_ref.files.limits import Budget, Limits
from gru_ref.provenance import Provenance

_HEAD = 4096
_MOST = 3  # files that are offered
# What is open in a file of Keras's weights alone, and in no graph and no layout of another runtime.
_OF_CONFIG = frozenset((
    "activation", "recurrent_activation", "go_backwards", "reset_after", "merge_mode",
))  # fmt: skip
# What a graph says, and changes every state.
_OF_GRAPH = ("activation", "recurrent_activation", "go_backwards", "reset_after")

GivenConfig = Mapping[str, Any] | str | os.PathLike[str]


def with_given_config(found: Sequence[Found], given: GivenConfig, limits: Limits) -> list[Found]:
    """Return the GRUs of a file that holds no config, with those of a model's config.

    A GRU and a layer belong together by the group that Keras gives the layer, else by its name,
    else by their order.

    Parameters
    ----------
    found : sequence of Found
    given : path or mapping
        The JSON that ``model.to_json()`` of any Keras wrote, or the dict that it holds.
    limits : Limits

    Raises
    ------
    MalformedFileError
        It is no such JSON.
    ValueError
        The file has a config of its own, or the config is of another model.
    """
    if any(one.config is not None for one in found):
        raise ValueError(f"config is {shown(given)}, expected none: the file holds its own")
    model, budget = _read(given, limits)
    of_2_12 = any(model_config.KERAS_2_12.layers in one.path.split("/") for one in found)
    style = model_config.KERAS_2_12 if of_2_12 else model_config.KERAS_2_13
    leaves = [leaf for leaf in model_config.leaves(model, budget, style) if leaf.could_be_gru]
    pairs = _by_group(found, leaves) or _by_name(found, leaves) or _by_order(found, leaves)
    if pairs is None:
        names = ", ".join("/".join(leaf.names) for leaf in leaves) or "no GRU"
        raise ValueError(
            f"config describes {names}, expected the layers of "
            f"{', '.join(one.path for one in found)}"
        )
    version = model.get("keras_version")
    made = []
    for one, leaf in pairs:
        _check_units(one, leaf)
        _check_graph(one, leaf)
        written = version if isinstance(version, str) else one.keras_version
        made.append(with_config(one, leaf, written))
    return made


def config_candidates(
    sources: Iterable[Provenance], path: Path, names: frozenset[str] = _OF_CONFIG
) -> list[Path]:
    """Return files beside `path` that look like a config, if one could say what is assumed.

    Parameters
    ----------
    sources : iterable of Provenance
        Those of the layers of the file at `path`.
    names : set of str
        The arguments of interest.
    """
    of_config = names & _OF_CONFIG
    if not any(one.config is None and of_config & one.assumed.keys() for one in sources):
        return []
    beside = sorted(path.parent.glob("*.json"))
    return [other for other in beside if _looks_like_config(other)][:_MOST]


def _looks_like_config(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return b'"class_name"' in head and b'"config"' in head


def _read(given: GivenConfig, limits: Limits) -> tuple[Mapping[str, Any], Budget]:
    """Return a model's config, and the budget for walking it."""
    if isinstance(given, Mapping):
        return given, Budget(Path("config"), limits)
    place = Path(given)
    if not place.exists():
        raise FileNotFoundError(2, os.strerror(2), str(place))
    budget = Budget(place, limits)
    model = read_object(place, "", budget)
    inner = model.get("model_config") or model.get("modelTopology")
    if isinstance(inner, str):
        inner = parse_object(inner, "model_config", budget)
    model = inner if isinstance(inner, dict) else model
    if not isinstance(model.get("config"), (Mapping, list)):
        raise budget.error("", "it is no config of a model, expected what model.to_json() wrote")
    return model, budget


Pairs = list[tuple[Found, Leaf]]


def _by_group(found: Sequence[Found], leaves: Sequence[Leaf]) -> Pairs | None:
    by_group = {layer_group(leaf.path): leaf for leaf in leaves}
    pairs = [(one, by_group.get(layer_group(one.path))) for one in found]
    return _all_matched(pairs)


def _by_name(found: Sequence[Found], leaves: Sequence[Leaf]) -> Pairs | None:
    pairs: list[tuple[Found, Leaf | None]] = []
    for one in found:
        parts = set(one.path.split("/"))
        named = [leaf for leaf in leaves if parts & leaf.own_names]
        pairs.append((one, named[0] if len(named) == 1 else None))
    return _all_matched(pairs)


def _by_order(found: Sequence[Found], leaves: Sequence[Leaf]) -> Pairs | None:
    """Return pairs, unless a backward layer would come to the arrays of a forward one."""
    if len(found) != len(leaves):
        return None
    told = [one.backward for one in found]
    contradicts = any(told) and told != [leaf.backward for leaf in leaves]
    return None if contradicts else list(zip(found, leaves, strict=True))


def _all_matched(pairs: Sequence[tuple[Found, Leaf | None]]) -> Pairs | None:
    """Return pairs if every GRU has a layer of its own."""
    made = [(one, leaf) for one, leaf in pairs if leaf is not None]
    complete = len(made) == len(pairs) == len({id(leaf) for _, leaf in made})
    return made if complete else None


def _check_units(one: Found, leaf: Leaf) -> None:
    config = keras_1.to_keras_2(leaf.config) if keras_1.is_config(leaf.config) else leaf.config
    units = one.recurrent_kernel.shape[0]
    if config.get("units") != units:
        raise ValueError(
            f"config says units={shown(config.get('units'))} of {'/'.join(leaf.names)}, expected "
            f"{units}, which the arrays of {one.path} have"
        )


def _check_graph(one: Found, leaf: Leaf) -> None:
    """Refuse a config that says something else than the graph of a GRU."""
    config = keras_1.to_keras_2(leaf.config) if keras_1.is_config(leaf.config) else leaf.config
    for name in _OF_GRAPH:
        said = function_name(config.get(name))
        read = one.already_known.get(name)
        if name in one.already_known and name in config and said != read:
            raise ValueError(
                f"config says {name}={shown(said)} of {'/'.join(leaf.names)}, expected "
                f"{shown(read)}, which the file itself says of {one.path}"
            )
