"""Which arrays of a file belong to which layer, and where they lie in a file of Keras 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.files.limits import Budget
from gru_ref.files.readers.whole_model import (
    GroupedArrays,
    ListedArrays,
    StoredArrays,
    TrackedArrays,
)
from gru_ref.files.writers.keras3_model.model import ArrayOwner, Carried, Placed

Array = NDArray[Any]

# What Keras and TensorFlow add to a name: ":0", and "_1" to the second of one name.
_ADDED = re.compile(r"(_\d+)?(:\d+)?$")
# Names that say which array it is; others may be a user's.
_KNOWN = frozenset((
    "kernel", "recurrent_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance",
    "embeddings", "depthwise_kernel", "pointwise_kernel",
))  # fmt: skip
_UNDER_OTHER_NAMES = {"mean": "adapt_mean", "variance": "adapt_variance"}


def take_arrays(model: Carried, stored: StoredArrays, budget: Budget) -> None:
    """Give every layer of a model its arrays of the file.

    Raises
    ------
    MalformedFileError
        A layer has more or fewer arrays in the file than its config says, or others.
    """
    if isinstance(stored, ListedArrays):
        _take_listed(model, stored, budget)
    elif isinstance(stored, GroupedArrays):
        for placed in model.placed:
            _take_grouped(placed, stored, budget)
    else:
        for placed in model.placed:
            _take_tracked(placed, stored, budget)


def new_arrays(model: Carried, budget: Budget, *, multiplied: bool = True) -> dict[str, Array]:
    """Return the arrays of a model by their places in a file of Keras 3.

    Parameters
    ----------
    model : Carried
        After `take_arrays`.
    budget : Budget
    multiplied : bool
        Whether what stands for another function is multiplied for it.

    Raises
    ------
    MalformedFileError
        Arrays have shapes that a layer of their class does not have.
    """
    arrays: dict[str, Array] = {}
    for placed in model.placed:
        leaf = placed.leaf
        try:
            new = (leaf.finish if multiplied else leaf.unscaled)(leaf.arrays)
        except (ValueError, IndexError):  # of NumPy
            shapes = ", ".join(str(array.shape) for array in leaf.arrays)
            raise budget.error(
                leaf.where, f"its arrays have shapes {shapes}, expected those of its class"
            ) from None
        counts: dict[str, int] = {}
        for group, array in zip(leaf.groups or ("",) * len(new), new, strict=True):
            at = "/".join(part for part in (placed.new, group, "vars") if part)
            arrays[f"{at}/{counts.get(at, 0)}"] = array
            counts[at] = counts.get(at, 0) + 1
    return arrays


def _take_listed(model: Carried, stored: ListedArrays, budget: Budget) -> None:
    for member in model.members:
        if not member.placed:
            continue
        if member.name in stored.layers:
            _fill(member.placed, stored.layers[member.name], member.name, budget)
        elif member.members:  # Keras 1 lists the layers of merged models beside the others
            _take_listed(member, stored, budget)
        elif any(placed.leaf.listed is None for placed in member.placed):
            continue
        else:
            raise budget.error(member.name, "the config has the layer, the arrays have not")


def _fill(
    placed: Sequence[Placed], listed: Sequence[tuple[str, Array]], name: str, budget: Budget
) -> None:
    """Give the layers inside one layer of the model its arrays: the trained ones come first."""
    unknown = [one for one in placed if one.leaf.listed is None]
    left = list(listed)
    for one in unknown:
        own = one.leaf.where.rpartition("/")[2]
        mine = left if len(placed) == 1 else [e for e in left if e[0].split("/")[0] == own]
        one.leaf.arrays = [array for _, array in mine]
        left = [entry for entry in left if not any(entry is other for other in mine)]
    places: list[tuple[ArrayOwner, int]] = []
    for trained in (True, False):
        for one in placed:
            for k, entry in enumerate(one.leaf.listed or ()):
                if (one.trained and entry.trained) is trained:
                    places.append((one.leaf, k))
    if len(places) != len(left):
        raise budget.error(
            name, f"{len(left)} arrays are listed, expected {len(places)} by the config"
        )
    arrays: dict[tuple[int, int], Array] = {}
    for (leaf, k), (array_name, array) in zip(places, left, strict=True):
        assert leaf.listed is not None
        role = leaf.listed[k].role
        last = _ADDED.sub("", array_name.rpartition("/")[2])
        if last in _KNOWN and role in _KNOWN and last != role:
            raise budget.error(
                f"{name}/{array_name}", f"expected {role} of {leaf.where} in this place"
            )
        arrays[id(leaf), k] = array
    for one in placed:
        if one.leaf.listed is not None:
            count = len(one.leaf.listed)
            one.leaf.arrays = [arrays[id(one.leaf), k] for k in range(count)]


def _take_grouped(placed: Placed, stored: GroupedArrays, budget: Budget) -> None:
    leaf = placed.leaf
    if leaf.listed is None:
        inside = [g for g in stored.groups if f"{g}/".startswith(f"{placed.stored}/")]
        leaf.arrays = [array for group in inside for array in stored.groups[group]]
        return
    counts: dict[str, int] = {}
    for entry in leaf.listed:
        groups = [_path(placed.stored, name) for name in (entry.group, f"_{entry.group}")]
        arrays = next((stored.groups[group] for group in groups if stored.groups.get(group)), ())
        at = counts.get(entry.group, 0)
        if at >= len(arrays):
            raise budget.error(groups[0], f"it has no array {at}, expected {entry.role}")
        leaf.arrays.append(arrays[at])
        counts[entry.group] = at + 1


def _take_tracked(placed: Placed, stored: TrackedArrays, budget: Budget) -> None:
    leaf = placed.leaf
    for entry in leaf.listed or ():
        group = entry.group.split("/") if entry.group else []
        tries = [
            (*placed.tracked, *parts, role)
            for parts in (group, [f"_{part}" for part in group])
            for role in (entry.role, _UNDER_OTHER_NAMES.get(entry.role, entry.role))
        ]
        found = next((v for path in tries if (v := stored.variable(path)) is not None), None)
        if found is None:
            raise budget.error(
                ".".join(tries[0]), f"there is no {entry.role} of {shown(leaf.where)}"
            )
        leaf.arrays.append(found)


def _path(*parts: str) -> str:
    return "/".join(part for part in parts if part)
