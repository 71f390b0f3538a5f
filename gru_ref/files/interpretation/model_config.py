"""The GRUs in Keras's config of a model: data that is looked at, never an instruction.

No class is imported or called by a name from the file: a dict that holds ``layers`` is a model, one
that holds ``layer`` a wrapper, one that holds ``cell`` an RNN, and everything else a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gru_ref.errors import shown
from gru_ref.files.interpretation.found import Wrapper
from gru_ref.files.limits import Budget

GRU_CLASSES = ("GRU", "GRUCell", "CuDNNGRU")

_OF_LEAF = 500  # bytes that a leaf takes, about, beside its path
_OF_RNN = (
    "name", "trainable", "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
    "time_major", "zero_output_for_mask", "batch_input_shape",
)  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A layer, or a cell of an RNN, that holds no other layers.

    Parameters
    ----------
    path : str
        Its group in the weights of the .keras format.
    names : tuple of str
        The names of the layers around it, the outermost first, and its own.
    class_name : str
    config : mapping
        Of a cell: that of its RNN, with its own.
    role : "", "forward" or "backward"
        Which layer of a Bidirectional it is.
    notes : tuple of str
    within : tuple of (Wrapper, int)
        As `gru_ref.files.interpretation.found.Found` has it.
    """

    path: str
    names: tuple[str, ...]
    class_name: str
    config: Mapping[str, Any]
    role: str = ""
    notes: tuple[str, ...] = ()
    within: tuple[tuple[Wrapper, int], ...] = ()

    @property
    def is_gru(self) -> bool:
        """Whether the class is one of Keras's own GRUs."""
        return self.class_name in GRU_CLASSES

    @property
    def backward(self) -> bool:
        """Whether it is the backward layer of a Bidirectional."""
        return self.role == "backward"

    @property
    def could_be_gru(self) -> bool:
        """Whether it is a GRU, or of a class that has GRU's own argument."""
        return self.is_gru or "reset_after" in self.config

    @property
    def own_names(self) -> frozenset[str]:
        """The names that lead to its arrays; Bidirectional puts its role before them, or not."""
        name = self.names[-1]
        return frozenset({name, f"{self.role}_{name}", name.removeprefix(f"{self.role}_")})


@dataclass(frozen=True)
class Style:
    """How a release names the groups of a model's layers.

    Parameters
    ----------
    layers : str
        The group that holds them.
    step : int
        What each further layer of one class adds to the number in its group's name.
    """

    layers: str
    step: int


KERAS_2_13 = Style("layers", 1)  # and Keras 3
# Keras 2.12 lists every layer with weights twice among the dependencies of a checkpoint.
KERAS_2_12 = Style("_layer_checkpoint_dependencies", 2)


def leaves(model: Mapping[str, Any], budget: Budget, style: Style = KERAS_2_13) -> list[Leaf]:
    """Return the leaves of a model, in its order.

    Parameters
    ----------
    model : mapping
        ``{"class_name": …, "config": …}`` of the whole model.
    budget : Budget
    style : Style, optional

    Raises
    ------
    MalformedFileError
        It holds more layers, or deeper ones, than the limits allow.
    """
    return list(_Walk(budget, style).below(model, "", (), 0))


@dataclass(frozen=True)
class _Walk:
    """The walk through the layers of one model."""

    budget: Budget
    style: Style

    def below(
        self, layer: Mapping[str, Any], path: str, names: tuple[str, ...], depth: int
    ) -> Iterator[Leaf]:
        """Yield the leaves of one layer, whose own group is `path`."""
        where = "/".join(names) or "the config of the model"
        self.budget.check_depth(depth, where)
        self.budget.take_objects(1, where)
        self.budget.take_bytes(len(path) + _OF_LEAF, where)
        config = layer.get("config")
        own_names = names or (_name(layer),)  # of a layer that stands alone
        inner = config.get("layers") if isinstance(config, Mapping) else config
        if isinstance(inner, list):
            members = [member for member in inner if isinstance(member, Mapping)]
            for group, member in zip(_groups(members, self.style.step), members, strict=True):
                below = "/".join(part for part in (path, self.style.layers, group) if part)
                yield from self.below(member, below, (*names, _name(member)), depth + 1)
            return
        if not isinstance(config, Mapping):
            return
        wrapped, cell = config.get("layer"), config.get("cell")
        if isinstance(wrapped, Mapping) and layer.get("class_name") == "Bidirectional":
            yield from self._bidirectional(config, path, own_names, depth)
        elif isinstance(wrapped, Mapping):
            inner_names = (*own_names, _name(wrapped))
            for leaf in self.below(wrapped, f"{path}/layer", inner_names, depth + 1):
                yield replace(leaf, notes=(f"inside a {_class(layer)}", *leaf.notes))
        elif isinstance(cell, Mapping):
            yield from self._cells(layer, cell, path, own_names)
        else:
            yield Leaf(path, own_names, _class(layer), config)

    def _bidirectional(
        self, config: Mapping[str, Any], path: str, names: tuple[str, ...], depth: int
    ) -> Iterator[Leaf]:
        """Yield both layers; a backward layer that is not written is the other one, turned."""
        forward, backward = config["layer"], config.get("backward_layer")
        if not _config(forward).keys().isdisjoint(("layer", "layers")):  # would double the layers
            reason = f"a Bidirectional wraps a {_class(forward)}, expected a layer of its own"
            raise self.budget.error("/".join(names), reason)
        as_live = isinstance(backward, Mapping) and _name(forward).startswith("forward_")
        if not isinstance(backward, Mapping):
            turned = dict(_config(forward))
            turned["go_backwards"] = not turned.get("go_backwards")
            backward = {**forward, "config": turned}
        note = f"of a Bidirectional with merge_mode={shown(config.get('merge_mode', 'concat'))}"
        wrapper = Wrapper("Bidirectional", 2, names, config)
        for place, (role, member) in enumerate((("forward", forward), ("backward", backward))):
            # Keras 2 puts the role before the names that its config has.
            name = _name(member) if as_live else f"{role}_{_name(member)}"
            for leaf in self.below(member, f"{path}/{role}_layer", (*names, name), depth + 1):
                yield replace(
                    leaf,
                    role=role,
                    notes=(f"the {role} layer {note}", *leaf.notes),
                    within=((wrapper, place), *leaf.within),
                )

    def _cells(
        self,
        rnn: Mapping[str, Any],
        cell: Mapping[str, Any],
        path: str,
        names: tuple[str, ...],
    ) -> Iterator[Leaf]:
        """Yield the cell of an RNN, or those of a stack, each with the arguments of its RNN."""
        config, kind = _config(rnn), _class(rnn)
        of_rnn = {name: config[name] for name in _OF_RNN if name in config}
        stack = _config(cell).get("cells")
        if not isinstance(stack, list):
            leaf = _cell(cell, of_rnn, f"{path}/cell", names, ("the cell of an RNN",))
            yield replace(leaf, within=((Wrapper(kind, 1, names, config), 0),))
            return
        self.budget.take_objects(len(stack), "/".join(names))
        members = [member for member in stack if isinstance(member, Mapping)]
        wrapper = Wrapper(kind, len(members), names, config)
        for k, (group, member) in enumerate(zip(_groups(members, 1), members, strict=True)):
            arguments = dict(of_rnn)
            if k > 0:  # the cells before it have already gone backwards
                arguments["go_backwards"] = False
            if k < len(members) - 1:  # the next cell runs over every output
                arguments["return_sequences"] = True
                arguments["zero_output_for_mask"] = False
            notes = (f"cell {k + 1} of {len(members)} stacked ones: run them one after the other",)
            leaf = _cell(member, arguments, f"{path}/cell/cells/{group}", names, notes)
            yield replace(leaf, within=((wrapper, k),))


def _cell(
    cell: Mapping[str, Any],
    of_rnn: Mapping[str, Any],
    path: str,
    names: tuple[str, ...],
    notes: tuple[str, ...],
) -> Leaf:
    config = {**_config(cell), **of_rnn}
    return Leaf(path, (*names, _name(cell)), _class(cell), config, notes=notes)


def _groups(members: Sequence[Mapping[str, Any]], step: int) -> list[str]:
    """Return the group of each member: its class in snake case, and a number from the second on."""
    counts: dict[str, int] = {}
    groups = []
    for member in members:
        name = snake_case(_class(member))
        number = counts.get(name, 0)
        counts[name] = number + step
        groups.append(f"{name}_{number}" if number else name)
    return groups


def _class(layer: Mapping[str, Any]) -> str:
    """Return the name of the class; Keras 2 writes a user's own as "package>name"."""
    name = layer.get("class_name")
    return name.rpartition(">")[2] if isinstance(name, str) else ""


def _name(layer: Mapping[str, Any]) -> str:
    name = _config(layer).get("name", layer.get("name"))
    return name if isinstance(name, str) else ""


def _config(layer: Mapping[str, Any]) -> Mapping[str, Any]:
    config = layer.get("config")
    return config if isinstance(config, Mapping) else {}


def snake_case(name: str) -> str:
    """Return a class name as Keras writes it in paths.

    Examples
    --------
    >>> (
    ...     snake_case("GRU"),
    ...     snake_case("CuDNNGRU"),
    ...     snake_case("TimeDistributed"),
    ...     snake_case("MyGRU"),
    ... )
    ('gru', 'cu_dnngru', 'time_distributed', 'my_gru')
    """
    name = re.sub(r"(?<=.)(?=[A-Z][a-z])", "_", re.sub(r"\W", "", name))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
