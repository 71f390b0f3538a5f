"""TensorFlow checkpoints: `tf.train.Checkpoint`, and ``save_weights`` of Keras 2 in that format."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import grouping
from gru_ref.files.interpretation.found import ROLES, Found, convert_cudnn
from gru_ref.files.interpretation.layer_names import names_in_scope
from gru_ref.files.interpretation.path_wrappers import with_stacks
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError

_SUFFIX = ".index"
_OF_KERAS_2 = "layer_with_weights"


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
    paths = graph.paths()
    for number, path in paths.items():
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
        scopes = [variable[0].rpartition("/")[0] for variable in variables.values() if variable]
        # Keras 3 may write the name of the model alone.
        named = "/" in scopes[0] or any(part.startswith(_OF_KERAS_2) for part in path)
        names = names_in_scope(scopes[0]) if named else ()
        found[number] = replace(_gru(bundle, group), names=names)
    if found:
        places = ["/".join(path[:-1]) for number, path in paths.items() if graph.variable(number)]
        return dict(zip(found, with_stacks(list(found.values()), places), strict=True))
    exported = graph.at(("variables",))
    return {} if exported is None else _by_list(bundle, graph, exported)


def grus_by_name(bundle: TensorBundle) -> list[Found]:
    """Return the GRUs of a checkpoint without objects, as `tf.compat.v1.train.Saver` writes it."""
    shapes = {key: entry.shape for key, entry in bundle.entries.items()}
    groups = grouping.groups_by_name(shapes)
    return [replace(_gru(bundle, one), names=names_in_scope(one.path)) for one in groups]


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
    grus = []
    for group, name in zip(groups, names, strict=True):
        path = name if often[name] == 1 else f"variables/{group.path}"
        bias = None if group.bias is None else keys[group.bias]
        kernels = keys[group.kernel], keys[group.recurrent_kernel]
        gru = _gru(bundle, grouping.WeightNames(path, *kernels, bias))
        grus.append(replace(gru, names=names_in_scope(name)))
    places = [name.partition("/")[2].rpartition("/")[0] for name in keys]
    return {-1 - i: one for i, one in enumerate(with_stacks(grus, places))}


def _gru(bundle: TensorBundle, group: grouping.WeightNames) -> Found:
    bfloat16 = bundle.is_bfloat16(group.kernel)
    return convert_cudnn(grouping.found_group(group, bundle.tensor, bfloat16=bfloat16))
