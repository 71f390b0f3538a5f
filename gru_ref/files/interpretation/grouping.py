"""Which arrays together are a GRU: by their names, else by their shapes and order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gru_ref.files.interpretation.found import ROLES, Array, Found
from gru_ref.files.limits import Budget

Shape = tuple[int, ...]

# Groups that hold the layers of a model, side by side.
_LAYER_GROUPS = ("layers", "_layer_checkpoint_dependencies", "cells")

# First parts of names that lead to an optimizer's copies of the weights, in lower case.
_OPTIMIZERS = frozenset((
    "optimizer", "optimizer_weights", "loss_scale_optimizer", "training", "adadelta", "adafactor",
    "adagrad", "adam", "adamax", "adamw", "ftrl", "lamb", "lion", "muon", "nadam", "rmsprop", "sgd",
))  # fmt: skip


class WeightNames(NamedTuple):
    """The names of the arrays of one GRU, and what they have in common.

    Parameters
    ----------
    path : str
    kernel, recurrent_kernel : str
    bias : str or None
    """

    path: str
    kernel: str
    recurrent_kernel: str
    bias: str | None

    @classmethod
    def from_roles(cls, path: str, names: Mapping[str, str]) -> WeightNames:
        """Return the names of a GRU by their roles, of which "bias" may be absent."""
        return cls(path, names["kernel"], names["recurrent_kernel"], names.get("bias"))


def is_gru(kernel: Shape, recurrent_kernel: Shape, bias: Shape | None = None) -> bool:
    """Return whether arrays of these shapes are a GRU's; LSTM has 4 blocks, SimpleRNN 1.

    Examples
    --------
    >>> is_gru((4, 15), (5, 15), (2, 15)), is_gru((4, 20), (5, 20), (20,))
    (True, False)
    """
    if len(kernel) != 2 or len(recurrent_kernel) != 2 or 0 in (*kernel, *recurrent_kernel):
        return False
    units, columns = recurrent_kernel
    if columns != 3 * units or kernel[1] != columns:
        return False
    return bias in (None, (columns,), (2, columns), (2 * columns,))


def fits(group: WeightNames, shapes: Mapping[str, Shape]) -> bool:
    """Return whether the arrays of a group have the shapes of a GRU's."""
    bias = None if group.bias is None else shapes[group.bias]
    return is_gru(shapes[group.kernel], shapes[group.recurrent_kernel], bias)


def is_backward(path: str) -> bool:
    """Return whether a path says that it leads to the backward layer of a Bidirectional.

    The group of that layer is "backward_layer", within that of the Bidirectional; a layer that
    somebody named so is in no such group, or holds no group "cell".

    Examples
    --------
    >>> is_backward("bidirectional/backward_layer/cell"), is_backward("backward_layer/gru_cell")
    (True, False)
    """
    parts = path.split("/")
    if "backward_layer" not in parts[1:]:
        return False
    at = parts.index("backward_layer", 1)
    return parts[at - 1] not in _LAYER_GROUPS and parts[at + 1 : at + 2] in ([], ["cell"])


def turned_by_name(found: Sequence[Found]) -> list[Found]:
    """Return GRUs, the backward ones of a Bidirectional marked as such by the names of both.

    Keras 2 names the two layers of a Bidirectional forward_NAME and backward_NAME, below its own
    name. One name alone does not tell, nor do two layers of a model that somebody named so.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = np.zeros((2, 6)), np.zeros((2, 6))
    >>> paths = ("both/forward_gru/cell", "both/backward_gru/cell", "backward_gru")
    >>> [one.backward for one in turned_by_name([Found(path, *arrays) for path in paths])]
    [False, True, False]
    """
    places = [role_in_path(one.path) for one in found]
    forward = {parent for parent, role in places if role == "forward"}
    return [
        replace(one, backward=True) if role == "backward" and parent in forward else one
        for one, (parent, role) in zip(found, places, strict=True)
    ]


def role_in_path(path: str) -> tuple[str, str]:
    """Return the part of a path above "forward_…" or "backward_…", and which of the two it is."""
    parts = path.split("/")
    for at in range(len(parts) - 1, 0, -1):
        role, underscore, _ = parts[at].partition("_")
        if underscore and role in ("forward", "backward") and parts[at - 1] not in _LAYER_GROUPS:
            return "/".join(parts[:at]), role
    return "", ""


def is_optimizer(path: str) -> bool:
    """Return whether a path leads to an optimizer's copies of the weights."""
    return not _OPTIMIZERS.isdisjoint(path.lower().split("/")[:2])


def groups_by_name(shapes: Mapping[str, Shape]) -> list[WeightNames]:
    """Return the GRUs among named arrays: ``…/kernel``, ``…/recurrent_kernel`` and ``…/bias``.

    The last part of a name counts, after "/" or "."; a trailing ":0" does not. Arrays that have
    nothing before it are at ".".
    """
    roles: dict[str, dict[str, str]] = {}
    for name in shapes:
        path, role = _split(name)
        if role in ROLES and not is_optimizer(path):
            roles.setdefault(path, {}).setdefault(role, name)
    groups = []
    for path, names in roles.items():
        if {"kernel", "recurrent_kernel"} <= names.keys():
            group = WeightNames.from_roles(path or ".", names)
            if fits(group, shapes):
                groups.append(group)
    return groups


def groups_by_order(shapes: Mapping[str, Shape]) -> list[WeightNames]:
    """Return the GRUs among arrays in Keras's order: kernel, recurrent kernel, bias if any.

    Notes
    -----
    An array that could be a bias is taken for one.
    """
    names = list(shapes)
    groups = []
    at = 0
    while at + 1 < len(names):
        with_bias = WeightNames(names[at], *names[at : at + 3]) if at + 2 < len(names) else None
        without = WeightNames(names[at], names[at], names[at + 1], None)
        if with_bias and fits(with_bias, shapes):
            groups.append(with_bias)
            at += 3
        elif fits(without, shapes):
            groups.append(without)
            at += 2
        else:
            at += 1
    return groups


def _group_by_shape(path: str, shapes: Mapping[str, Shape], budget: Budget) -> WeightNames | None:
    """Return the GRU that some arrays of unknown order and meaning are, if they are one."""
    recurrent = [name for name, shape in shapes.items() if is_gru(shape, shape)]
    columns = {shapes[name][1] for name in recurrent}
    if len(columns) != 1:
        return None
    biases = [n for n, shape in shapes.items() if shape in ((*columns,), (2, *columns))]
    biases = [n for n in biases if n not in recurrent]
    kernels = [n for n, shape in shapes.items() if len(shape) == 2 and {shape[1]} == columns]
    kernels = [n for n in kernels if n not in recurrent and n not in biases]
    if not kernels and len(recurrent) == 1:
        return None
    if len(kernels) > 1 or len(recurrent) > 1 or len(biases) > 1:
        shown = ", ".join(f"{name} {shapes[name]}" for name in (*kernels, *recurrent, *biases))
        raise budget.error(
            "",
            f"which of {shown} is the kernel, the recurrent kernel and the bias cannot be told, "
            "expected names that end in /kernel, /recurrent_kernel and /bias",
        )
    return WeightNames(path, kernels[0], recurrent[0], biases[0] if biases else None)


def groups_by_shape(shapes: Mapping[str, Shape], budget: Budget) -> list[WeightNames]:
    """Return the GRUs among arrays whose names say no more than which of them belong together.

    Raises
    ------
    MalformedFileError
        Two arrays could be the same part of a GRU.
    """
    together: dict[str, dict[str, Shape]] = {}
    for name, shape in shapes.items():
        together.setdefault(_split(name)[0], {})[name] = shape
    found = (_group_by_shape(path, alike, budget) for path, alike in together.items())
    return [group for group in found if group is not None]


def found_group(
    group: WeightNames, array: Callable[[str], Array], *, bfloat16: bool = False
) -> Found:
    """Return the GRU of a group.

    Parameters
    ----------
    group : WeightNames
    array : callable
        Name → array.
    bfloat16 : bool
        Whether the arrays are stored as bfloat16.
    """
    kernel, recurrent_kernel, bias = group[1:]
    return Found(
        group.path,
        array(kernel),
        array(recurrent_kernel),
        None if bias is None else array(bias),
        stored_dtype="bfloat16" if bfloat16 else None,
        backward=is_backward(group.path),
        variable=recurrent_kernel,
    )


def _split(name: str) -> tuple[str, str]:
    plain = name.rsplit(":", 1)[0] if name.rpartition(":")[2].isdigit() else name
    at = max(plain.rfind("/"), plain.rfind("."))
    return plain[: max(at, 0)], plain[at + 1 :]
