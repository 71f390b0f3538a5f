"""Write whole models with one Keras 2, each beside what that very Keras computed with it.

Runs inside each Keras's own interpreter, hence in the syntax of Python 3.7 and without gru_ref:
``python -m parity_tests.recording.files.record_whole_models OUT --keras tf.keras``. It writes
``ARCHITECTURE.h5``, where the release has them ``ARCHITECTURE.keras`` and for some a SavedModel in
``ARCHITECTURE.saved_model``, and at last ``ARCHITECTURE.npz``: inputs x0…, outputs y0… and `about`.
A model whose `.npz` is there is not written again; ``absent.json`` says what this Keras cannot
build.
"""

import argparse
import json
import os
import sys
import zlib

import numpy as np

from parity_tests.recording.files.live_models import package, version
from parity_tests.recording.files.live_whole_keras_1 import KERAS_1
from parity_tests.recording.files.live_whole_models import BATCH, KERAS_2, TIMESTEPS, WORDS, Kit

SAVED_MODELS = ("plain", "embedding", "multi_io")


# ---- weights and inputs: random, no two alike, none zero


def set_witnesses(model, draws):
    """Give every weight of a model a random number that is not zero; variances are positive."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            set_witnesses(layer, draws)
            continue
        values = []
        for weight, array in zip(layer.weights, layer.get_weights()):
            if array.dtype.kind != "f":  # a counter
                values.append(array)
            elif "variance" in weight.name or "running_std" in weight.name:
                values.append(draws.uniform(0.5, 1.5, size=array.shape).astype(array.dtype))
            else:
                values.append((draws.normal(size=array.shape) * 0.5).astype(array.dtype))
        layer.set_weights(values)


def draw_inputs(model, kinds, draws):
    """Return an array for each input of the model, of the kinds that the architecture names."""
    tensors = model.inputs
    if len(tensors) != len(kinds):
        raise ValueError(f"{len(tensors)} inputs, expected {kinds}")
    arrays = []
    for tensor, kind in zip(tensors, kinds):
        dims = getattr(tensor, "_keras_shape", None) or tensor.shape  # Theano's shape is symbolic
        dims = dims.as_list() if hasattr(dims, "as_list") else dims
        unknown = [BATCH, TIMESTEPS]
        shape = [int(d) if d is not None else unknown[n] for n, d in enumerate(dims)]
        lengths = [shape[1] - n % 3 for n in range(shape[0])]  # of the sequences without padding
        if kind == "ids":
            array = draws.randint(1, WORDS, size=shape).astype("int32")
        elif kind == "mask":
            array = np.ones(shape, bool)
            array[0, 2] = False  # a hole
        else:
            array = draws.normal(size=shape).astype(
                "float64" if "float64" in str(tensor.dtype) else "float32"
            )
        if kind in ("ids", "padded", "mask"):
            for row, length in zip(array, lengths):
                row[length:] = 0
        arrays.append(array)
    return arrays


def outputs_of(model, inputs, package_name):
    """Return what the model computes, as a list."""
    inputs = inputs if len(inputs) > 1 else inputs[0]
    model.reset_states()
    if package_name == "keras":
        outputs = model.predict(inputs, batch_size=BATCH)
    else:  # eagerly, which traces less
        outputs = model(inputs, training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(output) for output in outputs]


# ---- files


def save(model, path, release, name, package_name):
    """Write the model in each format of the release; return endings and what could not be."""
    kinds = {"h5": {} if package_name == "keras" else {"save_format": "h5"}}
    if release >= (2, 12) and package_name != "keras":
        kinds["keras"] = {"save_format": "keras_v3"} if release == (2, 12) else {}
    if name in SAVED_MODELS and package_name != "keras":
        kinds["saved_model"] = {"save_format": "tf"}
    written, failed = [], {}
    for ending, kwargs in kinds.items():
        try:
            model.save(path + "." + ending, **kwargs)
            written.append(ending)
        except Exception as error:
            failed[ending] = summary(error)
    if not written:
        raise RuntimeError(f"no format: {failed}")
    return written, failed


def clear_session(keras):
    """Forget all models, which gives the next one the names of a first one; Theano cannot."""
    if not hasattr(keras.backend, "clear_session"):
        return
    keras.backend.clear_session()
    if keras.__name__ == "keras":  # TensorFlow 1 would place a layer of cuDNN before any other runs
        import tensorflow as tf

        graph_options = tf.GraphOptions(place_pruned_graph=True)
        config = tf.ConfigProto(graph_options=graph_options)
        keras.backend.set_session(tf.Session(config=config))


def summary(error):
    """Return an exception in one short line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def record(keras, name, folder):
    """Write one model in every format, and then its ``.npz``."""
    release = tuple(int(part) for part in version(keras).split("-")[0].split(".")[:2])
    function = (KERAS_2 if release >= (2, 0) else KERAS_1)[name]
    path = os.path.join(folder, name)
    draws = np.random.RandomState(zlib.crc32(name.encode()) % 1000)
    kit = Kit(keras, release)
    clear_session(keras)
    model = function(kit)
    set_witnesses(model, draws)
    written, failed = save(model, path, release, name, keras.__name__)
    if kit.has_cudnn:  # runs on a GPU alone: Keras converts the weights for its twin
        clear_session(keras)
        model = function(Kit(keras, release, twin=True))
        model.load_weights(path + ".h5")
    inputs = draw_inputs(model, function.inputs, draws)
    arrays = {f"x{n}": array for n, array in enumerate(inputs)}
    for n, array in enumerate(outputs_of(model, inputs, keras.__name__)):
        arrays[f"y{n}"] = array
    about = {
        "keras": version(keras),
        "package": keras.__name__,
        "architecture": name,
        "files": written,
        "not_written": failed,
    }
    arrays["about"] = np.array(json.dumps(about, sort_keys=True))
    np.savez_compressed(path + ".partial.npz", **arrays)
    os.rename(path + ".partial.npz", path + ".npz")


def main():
    """Write every architecture that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--keras", default="tf.keras", help="tf.keras, tf_keras or keras")
    parser.add_argument("--only", action="append", default=[], metavar="ARCHITECTURE")
    options = parser.parse_args()
    keras = package(options.keras)
    for part in ("layers", "models", "backend"):
        if options.keras == "keras":
            __import__("keras." + part)
    if not os.path.isdir(options.out):
        os.makedirs(options.out)
    absent = {}
    for name in options.only or (KERAS_1 if version(keras)[0] == "1" else KERAS_2):
        if os.path.exists(os.path.join(options.out, name + ".npz")):
            continue
        try:
            record(keras, name, options.out)
            print("written", name, flush=True)
        except Exception as error:
            absent[name] = summary(error)
            print("absent", name, absent[name], flush=True)
    with open(os.path.join(options.out, "absent.json"), "w") as file:
        json.dump(absent, file, indent=1, sort_keys=True)
    print("all done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
