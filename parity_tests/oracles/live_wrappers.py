"""Live layers around a GRU: a cell alone, RNN, stacked cells, Bidirectional, ragged input.

This file runs in every Keras's own environment, as `worker` says. A layer is written as a dict with
its ``class`` and its arguments, in which layers are written alike.
"""

import numpy as np

try:
    from parity_tests.oracles import live_layer
except ImportError:
    import live_layer

# Keras's own names of what makes the input's mask and the state's: on the layer or its cell.
MAKERS = {
    "get_dropout_mask_for_cell": 0,
    "get_dropout_mask": 0,
    "get_recurrent_dropout_mask_for_cell": 1,
    "get_recurrent_dropout_mask": 1,
}


def run(oracle, request):
    """Make a layer and carry out methods, up to the first that raises.

    A step is a method with positional arguments and keywords. ``construct`` and ``from_config``
    make the layer, ``call`` calls it, ``make_seed`` seeds what it will draw; anything else is a
    method or an attribute. Of a call in training the reply has the masks too.
    """
    layer, recorders, outcomes = None, None, []
    for method, positional, keywords in oracle.decode(request["steps"]):
        outcome = {"method": method, "ok": True}
        outcomes.append(outcome)
        try:
            if method == "construct":
                layer, recorders = make(oracle, keywords), None
                value = None
            elif method == "from_config":
                layer, recorders = from_config(oracle, *positional), None
                value = None
            elif method == "make_seed":
                value = oracle.before_calls(*positional)
            elif method == "set_random_seed":
                value = oracle.keras.utils.set_random_seed(*positional)
            elif method == "call":
                recorders = record(layer) if recorders is None else recorders
                value = call(oracle, layer, positional, keywords)
                if keywords.get("training"):
                    outcome["masks"] = masks(layer, recorders)
                forget(recorders)
            else:
                value = getattr(layer, method)
                value = value(*positional, **keywords) if callable(value) else value
            outcome["value"] = plain(value)
        except Exception as error:
            outcome.update(ok=False, error=live_layer.describe_error(error, method))
            break
    return {"ok": True, "steps": outcomes}


def make(oracle, written):
    """Return the layer that a dict with a ``class`` stands for; anything else is itself."""
    if isinstance(written, list):
        return [make(oracle, item) for item in written]
    if not isinstance(written, dict) or "class" not in written:
        return written
    arguments = {name: make(oracle, value) for name, value in written.items() if name != "class"}
    return getattr(oracle.keras.layers, written["class"])(**arguments)


def from_config(oracle, class_name, config):
    """Return the layer of a config."""
    return getattr(oracle.keras.layers, class_name).from_config(config)


def call(oracle, layer, positional, keywords):
    """Call the layer with its arrays as tensors, and x as a ragged one where it has lengths."""
    lengths = keywords.pop("ragged_lengths", None)
    positional = list(tensors(oracle, positional))
    if lengths is not None:
        positional[0] = oracle.tf.RaggedTensor.from_tensor(positional[0], lengths)
    return layer(*positional, **tensors(oracle, keywords))


def tensors(oracle, value):
    """Return a value, arrays in it as tensors."""
    if isinstance(value, np.ndarray):
        return oracle.tf.constant(value)
    if isinstance(value, (list, tuple)):
        return type(value)(tensors(oracle, item) for item in value)
    if isinstance(value, dict):
        return {name: tensors(oracle, item) for name, item in value.items()}
    return value


def plain(value):
    """Return what can be told of a value: arrays, and the containers they are in."""
    if hasattr(value, "to_tensor"):
        return value.to_tensor().numpy()
    if hasattr(value, "numpy"):
        return np.asarray(value.numpy())
    if type(value).__name__ == "TensorShape":
        return tuple(value.as_list())
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str, np.ndarray, np.generic)):
        return value
    return {"class": type(value).__name__}


class MaskRecorder:
    """Notes the masks that one cell, or the layer around it, makes."""

    def __init__(self, owner, cell):
        self.owner, self.cell = owner, cell
        self.made = [None, None]
        for one in {id(owner): owner, id(cell): cell}.values():
            for name, place in MAKERS.items():
                if hasattr(one, name):
                    self._wrap(one, name, place)

    def _wrap(self, one, name, place):
        making = getattr(one, name)

        def recording(*args, **kwargs):
            mask = making(*args, **kwargs)
            # The first of a call: the loop of a graph asks again inside its body.
            if self.made[place] is None:
                self.made[place] = mask
            return mask

        setattr(one, name, recording)

    def tensors(self):
        """Return the input's and the state's, as they multiply: one of all gates, or a list."""
        # In Keras 2 only the first of three counts, unless there is one a gate.
        by_gate = getattr(self.cell, "implementation", 2) == 1
        fused = getattr(self.owner, "_could_use_gpu_kernel", False)
        return [
            mask[0] if isinstance(mask, (list, tuple)) and (fused or not by_gate) else mask
            for mask in self.made
        ]

    def masks(self):
        """Return what `tensors` does as arrays; None where nothing is dropped."""
        rates = self.cell.dropout, self.cell.recurrent_dropout
        return [
            None if mask is None or not 0 < rate < 1 else live_layer.stack(mask)
            for mask, rate in zip(self.tensors(), rates)
        ]


def record(layer):
    """Return recorders of a layer's masks, nested as its cells are."""
    if hasattr(layer, "forward_layer"):
        return [record(layer.forward_layer), record(layer.backward_layer)]
    cell = getattr(layer, "cell", layer)
    if hasattr(cell, "cells"):
        return [MaskRecorder(one, one) for one in cell.cells]
    return MaskRecorder(layer, cell)


def masks(layer, recorders):
    """Return the masks of a call: [the input's, the state's], nested as the recorders are."""
    if isinstance(recorders, MaskRecorder):
        return recorders.masks()
    return [list(pair) for pair in zip(*(masks(layer, one) for one in recorders))]


def forget(recorders):
    """Make the recorders ready for the next call."""
    if isinstance(recorders, MaskRecorder):
        recorders.made = [None, None]
        return
    for one in recorders:
        forget(one)
