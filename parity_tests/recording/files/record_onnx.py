"""Write small ONNX models of several exporters, and what ONNX Runtime returns for them.

Runs inside an old TensorFlow as well as the newest, hence in the syntax of Python 3.7 and without
gru_ref: ``python -m parity_tests.recording.files.record_onnx OUT WRITER`` writes
``OUT/onnx-WRITER.tar.xz``. WRITER is keras (model.export of Keras 3), tf_keras (with tf2onnx),
torch (both of its exporters) or keras2onnx (of tf.keras of TensorFlow 2.3, in whose Python there
need be no ONNX Runtime: the outputs are then those of Keras).

An archive holds ``NAME.onnx`` and ``NAME.npz``: the weights of every layer as ``0/kernel``, …,
``x``, ``h`` if the call has an initial state, ``mask`` if it has one, ``y``, and in ``meta`` the
arguments of the layers.
"""

import importlib
import json
import os
import sys
import tempfile

import numpy as np

from parity_tests.recording.files.record_exports import pack

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
ROLES = ("kernel", "recurrent_kernel", "bias")
ARGUMENTS = (
    "activation",
    "recurrent_activation",
    "go_backwards",
    "return_sequences",
    "reset_after",
    "use_bias",
)
# Name → the arguments of each GRU, one after the other, and how the first is called or wrapped.
CASES = {
    "plain": ([{}], ""),
    "back": ([{"activation": "relu", "go_backwards": True, "return_sequences": True}], ""),
    "hard": ([{"activation": "linear", "recurrent_activation": "hard_sigmoid"}], ""),
    "before": ([{"activation": "relu", "reset_after": False, "return_sequences": True}], ""),
    "unrolled": (
        [{"recurrent_activation": "hard_sigmoid", "unroll": True, "go_backwards": True}],
        "",
    ),
    "unrolled_before": ([{"activation": "relu", "reset_after": False, "unroll": True}], ""),
    "without_bias": ([{"use_bias": False, "activation": "relu"}], ""),
    "elu": ([{"activation": "elu", "recurrent_activation": "softsign"}], ""),
    "masked": ([{"return_sequences": True}], "mask"),
    "from_a_state": ([{"activation": "relu", "return_sequences": True}], "state"),
    "two": ([{"return_sequences": True, "activation": "relu"}, {"go_backwards": True}], ""),
    "both_ways": ([{"activation": "relu", "return_sequences": True}], "bidirectional"),
    # what keras2onnx can write, and PyTorch
    "node_back": ([{"activation": "relu", "go_backwards": True, "reset_after": False}], ""),
    "node_linear": (
        [{"activation": "linear", "recurrent_activation": "hard_sigmoid", "reset_after": True}],
        "",
    ),
}
OF_KERAS2ONNX = ("node_back", "node_linear")
OF_TORCH = ("torch", "torch_two", "torch_bidirectional", "torch_flipped", "torch_state")


def keras_model(keras, arguments, how):
    """Return a model of GRUs, and the GRUs in it."""
    layers = keras.layers
    x = layers.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES))
    inputs, y = [x], x
    grus = [layers.GRU(UNITS, **one) for one in arguments]
    if how == "mask":
        y = layers.Masking(0.0)(y)
    for i, gru in enumerate(grus):
        if how == "state" and i == 0:
            inputs.append(layers.Input(batch_shape=(BATCH, UNITS)))
            y = gru(y, initial_state=inputs[1])
        elif how == "bidirectional":
            wrapper = layers.Bidirectional(gru)
            y = wrapper(y)
            grus = [wrapper.forward_layer, wrapper.backward_layer]
        else:
            y = gru(y)
    return keras.models.Model(inputs if len(inputs) > 1 else x, y), grus


def export(keras, model, path):
    """Write a model of Keras 3 by its own export, one of tf_keras by tf2onnx."""
    if keras.__name__ == "keras":
        model.export(path, format="onnx", verbose=False)
    elif keras.__name__ == "tf_keras":
        import tensorflow as tf
        import tf2onnx

        signature = [tf.TensorSpec(one.shape, "float32") for one in model.inputs]
        call = tf.function(
            lambda *given: model(given if len(given) > 1 else given[0]), input_signature=signature
        )
        tf2onnx.convert.from_function(call, input_signature=signature, output_path=path)
    else:
        import keras2onnx

        with open(path, "wb") as stream:
            stream.write(keras2onnx.convert_keras(model, model.name).SerializeToString())


def run(path, given, otherwise):
    """Return what ONNX Runtime returns first, or what is given where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return otherwise
    session = onnxruntime.InferenceSession(path)
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, given)))[0]


def record_keras(keras, names, folder):
    """Write the cases of a Keras."""
    for number, name in enumerate(CASES):
        if name not in names:
            continue
        arguments, how = CASES[name]
        draws = np.random.default_rng(number)
        keras.backend.clear_session()
        model, grus = keras_model(keras, arguments, how)
        for gru in grus:
            shapes = [np.shape(one) for one in gru.get_weights()]
            gru.set_weights([draws.normal(size=s).astype("float32") * 0.7 for s in shapes])
        given = [draws.normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")]
        arrays = {}
        if how == "mask":
            given[0][0, -1] = given[0][1, 1] = 0
            arrays["mask"] = (given[0] != 0).any(-1)
        if how == "state":
            given.append(draws.normal(size=(BATCH, UNITS)).astype("float32"))
            arrays["h"] = given[1]
        path = os.path.join(folder, name + ".onnx")
        y = np.asarray(model(given if len(given) > 1 else given[0]))
        export(keras, model, path)
        arrays.update(x=given[0], y=run(path, given, y))
        meta = []
        for i, gru in enumerate(grus):
            arrays.update((f"{i}/{role}", array) for role, array in zip(ROLES, gru.get_weights()))
            config = gru.get_config()
            meta.append({key: config[key] for key in ARGUMENTS})
        write(folder, name, arrays, meta)


def record_torch(folder):
    """Write the cases of PyTorch, each by one of its two exporters."""
    import torch

    class TorchModel(torch.nn.Module):
        def __init__(self, flipped, **options):
            super().__init__()
            self.gru = torch.nn.GRU(FEATURES, UNITS, batch_first=True, **options)
            self.flipped = flipped

        def forward(self, x, h=None):
            return self.gru(torch.flip(x, [1]) if self.flipped else x, h)[0]

    for name in OF_TORCH:
        options = {
            "torch_two": {"num_layers": 2},
            "torch_bidirectional": {"bidirectional": True},
        }.get(name, {})
        torch.manual_seed(len(name))
        model = TorchModel(name == "torch_flipped", **options).eval()
        for array in model.parameters():
            torch.nn.init.normal_(array, std=0.6)
        given = [torch.randn(BATCH, TIMESTEPS, FEATURES)]
        if name == "torch_state":
            given.append(torch.randn(1, BATCH, UNITS))
        path = os.path.join(folder, name + ".onnx")
        dynamo = name in ("torch_two", "torch_state")
        torch.onnx.export(
            model, tuple(given), path, dynamo=dynamo, external_data=False, verbose=False
        )
        numbers = [one.numpy() for one in given]
        arrays = {"x": numbers[0], "y": run(path, numbers, None)}
        if len(numbers) > 1:
            arrays["h"] = numbers[1][0]
        meta = []
        for layer in range(options.get("num_layers", 1)):
            for suffix in ("", "_reverse")[: 1 + bool(options.get("bidirectional"))]:
                state = {
                    key: value.numpy()
                    for key, value in model.gru.state_dict().items()
                    if key.endswith(f"_l{layer}{suffix}")
                }
                for role, array in zip(ROLES, keras_arrays(state)):
                    arrays[f"{len(meta)}/{role}"] = array
                meta.append(
                    {
                        "activation": "tanh",
                        "recurrent_activation": "sigmoid",
                        "go_backwards": bool(suffix) or name == "torch_flipped",
                        "return_sequences": True,
                        "reset_after": True,
                        "use_bias": True,
                    }
                )
        write(folder, name, arrays, meta)


def keras_arrays(state):
    """Return the arrays of one layer of PyTorch in Keras's layout: r, z, n to z, r, h."""

    def swapped(array):
        r, z, n = np.split(array, 3)
        return np.concatenate([z, r, n])

    found = {key.split("_l")[0]: swapped(array) for key, array in state.items()}
    bias = np.stack([found["bias_ih"], found["bias_hh"]])
    return found["weight_ih"].T, found["weight_hh"].T, bias


def write(folder, name, arrays, meta):
    """Write what is expected of a file."""
    arrays["meta"] = np.array(json.dumps(meta, sort_keys=True))
    np.savez_compressed(os.path.join(folder, name + ".npz"), **arrays)


def main():
    """Write the archive of one writer."""
    out, writer = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if writer == "torch":
            record_torch(folder)
        elif writer == "keras2onnx":
            keras = importlib.import_module("tensorflow").keras
            record_keras(keras, OF_KERAS2ONNX, folder)
        else:
            names = [name for name in CASES if name not in OF_KERAS2ONNX]
            record_keras(importlib.import_module(writer), names, folder)
        pack(folder, os.path.join(out, f"onnx-{writer}.tar.xz"))


if __name__ == "__main__":
    main()
