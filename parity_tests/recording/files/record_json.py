"""Records models in JSON: of TensorFlow.js's converter, frugally-deep's and RTNeural's formats.

Run with a Python that has tensorflowjs and tf_keras, with the environment variable
TF_USE_LEGACY_KERAS=1::

    python -m parity_tests.recording.files.record_json OUTPUT.tar.xz

The models are those of live Keras, the shards those that tensorflowjs 4.22.0 writes. The files of
frugally-deep and RTNeural are written here, in the forms read in keras_export/convert_model.py and
python/model_utils.py of theirs: neither ran.
"""

import base64
import importlib
import io
import json
import sys
import tarfile
import tempfile
import types
from pathlib import Path

import numpy as np

FEATURES = 4
STEPS = 6


def converter():
    """Return the module that writes shards, without the rest of tensorflowjs, which needs JAX."""
    spec = importlib.util.find_spec("tensorflowjs")
    for name, below in (("tensorflowjs", ""), ("tensorflowjs.converters", "converters")):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(spec.submodule_search_locations[0]) / below)]
        sys.modules[name] = package
    return importlib.import_module("tensorflowjs.converters.keras_h5_conversion")


def models(keras):
    """Return the models by name."""
    layers = keras.layers

    def sequential(*members):
        model = keras.Sequential([keras.Input((STEPS, FEATURES)), *members])
        rng = np.random.default_rng(len(model.layers))
        model.set_weights(
            [rng.normal(0, 0.4, w.shape).astype("float32") for w in model.get_weights()]
        )
        return model

    return {
        "after": sequential(layers.GRU(3, name="gru"), layers.Dense(2)),
        "before": sequential(
            layers.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid", name="old")
        ),
        "stacked": sequential(
            layers.GRU(3, return_sequences=True, activation="relu", name="first"),
            layers.GRU(5, use_bias=False, name="second"),
        ),
        "both": sequential(layers.Bidirectional(layers.GRU(3), name="bi"), layers.Dense(2)),
        "nested": sequential(
            keras.Sequential([layers.GRU(3, return_sequences=True, name="in")], name="inner"),
            layers.GRU(2, name="out"),
        ),
        "lstm": sequential(layers.LSTM(3), layers.Dense(2)),
    }


def grus(layer):
    """Return every GRU in a layer, in its order."""
    if hasattr(layer, "layers") and not hasattr(layer, "forward_layer"):
        return [one for member in layer.layers for one in grus(member)]
    if hasattr(layer, "forward_layer"):
        return [layer.forward_layer, layer.backward_layer]
    return [layer] if type(layer).__name__ == "GRU" else []


def expected(model):
    """Return the arrays of each GRU, an input and the live output, as an .npz."""
    arrays = {}
    for number, layer in enumerate(grus(model)):
        for role, array in zip(("kernel", "recurrent_kernel", "bias"), layer.get_weights()):
            arrays[f"{number}/{role}"] = array
        x = np.random.default_rng(number).normal(size=(2, STEPS, layer.get_weights()[0].shape[0]))
        arrays[f"{number}/x"] = x.astype("float32")
        arrays[f"{number}/y"] = np.asarray(layer(x.astype("float32")))
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def encoded(array):
    """Return an array as frugally-deep stores it."""
    text = base64.b64encode(np.ascontiguousarray(array, "<f4")).decode("ascii")
    return [text[at : at + 1024] for at in range(0, len(text), 1024)]


def trainable_params(model, before=""):
    """Return the arrays of a model's layers as frugally-deep stores them."""
    params = {}
    for layer in model.layers:
        name = before + layer.name
        kind = type(layer).__name__
        weights = layer.get_weights()
        if kind in ("Sequential", "Functional"):
            params.update(trainable_params(layer, name + "_"))
        elif kind == "Bidirectional":
            keys = ("weights", "recurrent_weights", "bias")
            params[name] = {
                role + "_" + key: encoded(array)
                for role in ("forward", "backward")
                for key, array in zip(keys, getattr(layer, role + "_layer").get_weights())
            }
        elif weights:
            recurrent = len(weights) > 1 and kind in ("GRU", "LSTM")
            keys = ("weights", "recurrent_weights", "bias") if recurrent else ("weights", "bias")
            params[name] = dict(zip(keys, map(encoded, weights)))
    return params


def frugally_deep(model):
    """Return the JSON of frugally-deep."""
    return {
        "architecture": json.loads(model.to_json()),
        "image_data_format": "channels_last",
        "input_shapes": [[STEPS, FEATURES]],
        "output_shapes": [list(model.output_shape[1:])],
        "trainable_params": trainable_params(model),
        "hash": "",
    }


def rtneural(model):
    """Return the JSON of RTNeural; None for a model of other layers."""
    types_ = {"GRU": "gru", "Dense": "dense", "LSTM": "lstm"}
    if any(type(layer).__name__ not in types_ for layer in model.layers):
        return None
    entries = []
    for layer in model.layers:
        activation = layer.activation.__name__
        entries.append(
            {
                "type": types_[type(layer).__name__],
                "activation": activation if activation in ("tanh", "relu") else "",
                "shape": list(layer.output_shape),
                "weights": [array.tolist() for array in layer.get_weights()],
            }
        )
    return {"in_shape": [None, STEPS, FEATURES], "layers": entries}


def main(output):
    """Write every file to a tar archive."""
    import tf_keras as keras

    tfjs = converter()
    files = {}
    for name, model in models(keras).items():
        files[f"{name}.expected.npz"] = expected(model)
        for stored, quantization, size in (
            ("tfjs", None, 64),
            ("tfjs_uint8", {"uint8": True}, 1 << 22),
            ("tfjs_uint16", {"uint16": True}, 1 << 22),
            ("tfjs_float16", {"float16": True}, 1 << 22),
        ):
            if name not in ("after", "both") and quantization:
                continue
            with tempfile.TemporaryDirectory() as folder:
                tfjs.save_keras_model(
                    model,
                    folder,
                    weight_shard_size_bytes=size if name == "both" else 1 << 22,
                    quantization_dtype_map=quantization,
                )
                for path in sorted(Path(folder).iterdir()):
                    files[f"{name}.{stored}/{path.name}"] = path.read_bytes()
        files[f"{name}.fdeep.json"] = json.dumps(frugally_deep(model)).encode()
        entry = rtneural(model)
        if entry is not None:
            files[f"{name}.rtneural.json"] = json.dumps(entry).encode()
        files[f"{name}.architecture.json"] = model.to_json().encode()
    with tarfile.open(output, "w:xz") as tar:
        for path, data in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    main(sys.argv[1])
