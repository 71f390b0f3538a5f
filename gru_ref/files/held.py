"""What a file without a GRU holds, in words, by its format."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gru_ref.files.formats import hdf5, onnx_graph, tflite_graph
from gru_ref.files.formats.hdf5 import HDF5Dataset, HDF5Group
from gru_ref.files.formats.json_object import parse_object, read_object
from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.part import open_file, read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import grouping, model_config
from gru_ref.files.interpretation.holdings import arrays_held, kinds_held, layers_held
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.readers import (
    checkpoint,
    keras_zip,
    layout_json,
    numpy_arrays,
    rtneural,
    safetensors,
    tfjs,
)  # fmt: skip
from gru_ref.files.sniff import detect_format

Shapes = Mapping[str, tuple[int, ...]]


def held(path: str | os.PathLike[str], *, limits: Limits | None = None) -> str:
    """Return what a file holds in which `gru_ref.load_layers` finds no GRU.

    Parameters
    ----------
    path : str or path
    limits : Limits, optional

    Returns
    -------
    str
        Layers by class, or arrays: "2 LSTM (lstm, lstm_1), 1 Dense (dense)".

    Raises
    ------
    OSError, ImportError, MalformedFileError
        As `gru_ref.load_layers`.
    """
    place, limits = Path(path), limits or Limits()
    describe = _BY_FORMAT.get(detect_format(place, limits))
    text = describe(place, Budget(place, limits)) if describe else "no arrays of a GRU"
    of_gru = re.search(r"\d (GRU|GRUCell|CuDNNGRU)\b", text)
    return f"{text}, whose arrays are not there or not of its shapes" if of_gru else text


def _of_keras(path: Path, budget: Budget) -> str:
    return layers_held(model_config.leaves(keras_zip.config_of(path, budget), budget))


def _of_hdf5(path: Path, budget: Budget) -> str:
    with open_file(path, budget) as stream, hdf5.open_hdf5(stream, budget) as root:
        config = root.strings("model_config")
        if config:
            model = parse_object(config[0], "model_config", budget)
            return layers_held(model_config.leaves(model, budget))
        known = {"model_weights", "layers", "_layer_checkpoint_dependencies"} & set(root.names())
        legacy = root.strings("layer_names") is not None or root.strings("layer_names0") is not None
        text = arrays_held(dict(_hdf5_shapes(root)))
        return text if known or legacy else f"{text}, and is perhaps not a file of Keras"


def _hdf5_shapes(root: HDF5Group) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield every array under a name that says what it is; Keras 3 has numbers there."""
    for group in [root, *root.walk()]:
        layer = group.path.removesuffix("/vars")
        for name in group.names():
            child = group.child(name)
            if isinstance(child, HDF5Dataset):
                role = name if layer == group.path else _role(layer, name, child.shape)
                yield f"{layer}/{role}".strip("/"), child.shape


def _role(layer: str, number: str, shape: tuple[int, ...]) -> str:
    """Return what a numbered array of a layer is; the group is named after its class."""
    if number == "0" and len(shape) > 1:
        return "embeddings" if "embedding" in layer.rpartition("/")[2] else "kernel"
    return "recurrent_kernel" if number == "1" and len(shape) > 1 else number


def _of_sharded(path: Path, budget: Budget) -> str:
    weight_map: Any = read_object(path, "", budget).get("weight_map")
    names = weight_map if isinstance(weight_map, Mapping) else {}
    return kinds_held(("group", name.strip("/").removesuffix("/vars")) for name in names)


def _of_numpy(path: Path, budget: Budget) -> str:
    arrays = numpy_arrays.named_arrays(path, budget)
    return arrays_held({name: array.shape for name, array in arrays.items()})


def _of_safetensors(path: Path, budget: Budget) -> str:
    return arrays_held(safetensors.shapes(path, budget))


def _of_layout_json(path: Path, budget: Budget) -> str:
    arrays = layout_json.values(path, budget)
    return arrays_held({name: array.shape for name, array in arrays.items()})


def _of_tfjs(path: Path, budget: Budget) -> str:
    return layers_held(tfjs.layers_of(read_object(path, "", budget), budget)[0])


def _of_frugally_deep(path: Path, budget: Budget) -> str:
    config: Any = read_object(path, "", budget).get("architecture")
    return layers_held(model_config.leaves(config, budget))


def _of_rtneural(path: Path, budget: Budget) -> str:
    layers = rtneural.entries(read_object(path, "", budget), budget)
    return kinds_held((str(entry.get("type")), place) for place, entry in layers)


def _of_onnx(path: Path, budget: Budget) -> str:
    model = Message.parse(read_file(path, budget))
    nodes = [
        node
        for message in model.messages(7)
        for graph in onnx_graph.graphs(onnx_graph.OnnxGraph(message))
        for node in graph.nodes
    ]
    own = [node for node in nodes if node.kind in _ONNX_LAYERS]
    return kinds_held((f"{node.kind} node", node.name) for node in own or nodes)


_ONNX_LAYERS = ("LSTM", "RNN", "Gemm", "MatMul", "Conv")


def _of_tflite(path: Path, budget: Budget) -> str:
    flow = tflite_graph.tflite_dataflow(read_file(path, budget))
    operations = [operation for graph in flow.main for operation in graph.operations]
    return f"operators: {kinds_held((one.operator or one.kind, '') for one in operations)}"


def _of_checkpoint(path: Path, budget: Budget) -> str:
    return _of_bundle(checkpoint.index_path(path), budget)


def _of_saved_model(path: Path, budget: Budget) -> str:
    folder = path if path.is_dir() else path.parent
    return _of_bundle(folder / "variables" / "variables.index", budget)


def _of_bundle(index: Path, budget: Budget) -> str:
    """Return the variables of a checkpoint by their own names, else by those of their places."""
    bundle = TensorBundle(index, budget)
    names = {key: key.removesuffix(_VALUE) for key in bundle.entries}
    if OBJECT_GRAPH in bundle.entries:
        graph = ObjectGraph(bundle.string(OBJECT_GRAPH))
        variables = [graph.variable(number) for number in range(len(graph.nodes))]
        names = {variable[1]: variable[0] for variable in variables if variable}
    shapes = {
        name: bundle.entries[key].shape
        for key, name in names.items()
        if key in bundle.entries and not grouping.is_optimizer(name)
        if "seed_generator" not in name and "save_counter" not in name
    }
    return arrays_held(shapes)


_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


_BY_FORMAT: Mapping[str, Callable[[Path, Budget], str]] = {
    "keras_zip": _of_keras,
    "keras_hdf5": _of_hdf5,
    "sharded": _of_sharded,
    "numpy_arrays": _of_numpy,
    "safetensors": _of_safetensors,
    "layout_json": _of_layout_json,
    "tfjs": _of_tfjs,
    "frugally_deep": _of_frugally_deep,
    "rtneural": _of_rtneural,
    "onnx_initializers": _of_onnx,
    "tflite": _of_tflite,
    "checkpoint": _of_checkpoint,
    "saved_model": _of_saved_model,
}
