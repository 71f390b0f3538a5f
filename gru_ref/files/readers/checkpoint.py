"""TensorFlow checkpoints: `tf.train.Checkpoint`, and ``save_weights`` of Keras 2 in that format."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import grouping
from gru_ref.files.interpretation.found import ROLES, Found, convert_cudnn
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError

_SUFFIX = ".index"


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of a checkpoint.

    Parameters
    ----------
    path : Path
        The prefix that the files of a checkpoint share, its ``.index``, or the folder that holds
        one checkpoint.
    budget : Budget

    Raises
    ------
    MalformedFileError
        It is damaged, or of a kind that is not read.
    """
    bundle = TensorBundle(index_path(path), budget)
    if OBJECT_GRAPH not in bundle.entries:
        return grus_by_name(bundle)
    return list(grus_by_object(bundle, ObjectGraph(bundle.string(OBJECT_GRAPH))).values())


def index_path(path: Path) -> Path:
    """Return the index file that `path` stands for.

    Raises
    ------
    MalformedFileError
        A folder holds none, or several.
    """
    if path.is_dir():
        indices = sorted(entry for entry in path.iterdir() if entry.suffix == _SUFFIX)
        if len(indices) != 1:
            names = ", ".join(entry.name for entry in indices[:5])
            raise MalformedFileError(
                path, "", f"it holds {len(indices)} checkpoints, expected one: name it ({names})"
            )
        return indices[0]
    return path if path.is_file() else path.with_name(path.name + _SUFFIX)


def grus_by_object(bundle: TensorBundle, graph: ObjectGraph) -> dict[int, Found]:
    """Return every object that has the arrays of a GRU as children, by its number.

    Keras 3's ``export`` saves no layers but a flat list of variables: there the variables' names
    group them, under the negative number of the list.
    """
    found: dict[int, Found] = {}
    seen = set()
    for number, path in graph.paths().items():
        children = graph.nodes[number].children
        variables = {role: graph.variable(children[role]) for role in ROLES if role in children}
        keys = {role: variable[1] for role, variable in variables.items() if variable}
        if not {"kernel", "recurrent_kernel"} <= keys.keys():
            continue
        group = grouping.WeightNames.from_roles("/".join(path), keys)
        arrays = tuple(children[role] for role in keys)
        shapes = {key: bundle.shape(key) for key in keys.values()}
        if arrays in seen or not grouping.fits(group, shapes):
            continue
        seen.add(arrays)
        found[number] = _gru(bundle, group)
    if found:
        return found
    exported = graph.at(("variables",))
    return {} if exported is None else _by_list(bundle, graph, exported)


def grus_by_name(bundle: TensorBundle) -> list[Found]:
    """Return the GRUs of a checkpoint without objects, as `tf.compat.v1.train.Saver` writes it."""
    shapes = {key: entry.shape for key, entry in bundle.entries.items()}
    return [_gru(bundle, group) for group in grouping.groups_by_name(shapes)]


def _by_list(bundle: TensorBundle, graph: ObjectGraph, number: int) -> dict[int, Found]:
    """Return the GRUs among the variables of a list, which lie side by side there."""
    keys: dict[str, str] = {}  # "INDEX/NAME" → key: names alone may come twice
    last = ""
    start = 0
    for i, child in enumerate(graph.nodes[number].children.values()):
        variable = graph.variable(child)
        if variable is None:
            continue
        path, _, role = variable[0].rpartition("/")
        if path != last or role == ROLES[0]:
            last, start = path, i
        keys[f"{start}/{variable[0]}"] = variable[1]
    shapes = {name: bundle.shape(key) for name, key in keys.items()}
    groups = grouping.groups_by_name(shapes)
    names = [group.path.partition("/")[2] for group in groups]
    often = Counter(names)
    found = {}
    for i, (group, name) in enumerate(zip(groups, names, strict=True)):
        path = name if often[name] == 1 else f"variables/{group.path}"
        bias = None if group.bias is None else keys[group.bias]
        kernels = keys[group.kernel], keys[group.recurrent_kernel]
        found[-1 - i] = _gru(bundle, grouping.WeightNames(path, *kernels, bias))
    return found


def _gru(bundle: TensorBundle, group: grouping.WeightNames) -> Found:
    bfloat16 = bundle.is_bfloat16(group.kernel)
    return convert_cudnn(grouping.found_group(group, bundle.tensor, bfloat16=bfloat16))
