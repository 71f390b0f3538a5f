"""Write one small model of every argument in every kind of file that a release of Keras can write.

Runs inside each Keras's own interpreter, Keras 1 included, hence in the syntax of Python 3.7 and
without gru_ref: ``python -m parity_tests.recording.files.live_file_kinds OUT --keras tf.keras``.
A model is built once and saved in every kind, as OUT/KIND/CASE.ENDING. OUT/CASE.npz is written
last and holds the input, the live output of the model, the output of the interpreter for each file
that has one (``y/KIND``), the weights of every GRU, and in ``about`` what made them and which kinds
were written. A later run adds the kinds that are missing.
"""

import argparse
import importlib.util
import json
import os
import time
import zlib

import numpy as np

from parity_tests.recording.files.live_models import BATCH, package, version

# Pairwise different, and long enough for a mask with a hole.
TIMESTEPS, FEATURES, UNITS, LARGE, WORDS = 6, 4, 5, 20, 7
# A mask with a hole, and one of padding at the end; True where a timestep is used.
MASK = np.array([[1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 0, 0]], bool)

PAIRS = tuple((a, r) for a in ("tanh", "relu", "linear") for r in ("sigmoid", "hard_sigmoid"))


# ---- the cases


def product():
    """Return every activation pair × go_backwards × reset_after × unroll, at one size."""
    cases = {}
    for number, (activation, recurrent_activation) in enumerate(PAIRS):
        for index in range(8):
            backwards, before, unroll = index & 1, index >> 1 & 1, index >> 2 & 1
            words = [activation, recurrent_activation]
            words += ["backwards"] * backwards + ["before"] * before + ["unroll"] * unroll
            cases["-".join(words)] = {
                "activation": activation,
                "recurrent_activation": recurrent_activation,
                "go_backwards": bool(backwards),
                "reset_after": not before,
                "unroll": bool(unroll),
                "return_sequences": bool((number // 2 + backwards + before) % 2),
            }
    return cases


def others():
    """Return name → (kind of model, arguments of its GRU, features, units)."""
    relu_hard = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}
    before, backwards = {"reset_after": False}, {"go_backwards": True}
    sequences = {"return_sequences": True}
    small, large, even = (FEATURES, UNITS), (LARGE, LARGE), (UNITS, UNITS)
    return {
        "default": ("plain", {}, small),
        "return_state": ("plain", {"return_state": True}, small),
        "no_bias": ("plain", {"use_bias": False, "reset_after": True}, small),
        "no_bias-before": ("plain", {"use_bias": False, "reset_after": False}, small),
        "one_unit": ("plain", {}, (FEATURES, 1)),
        "one_unit-before": ("plain", before, (FEATURES, 1)),
        "even": ("plain", sequences, even),
        "even-before-backwards": ("plain", dict(before, **backwards), even),
        "dropout": ("plain", {"dropout": 0.25, "recurrent_dropout": 0.5}, small),
        "time_major": ("plain", {"time_major": True}, small),
        "bidirectional": ("bidirectional", {}, small),
        "bidirectional-sequences": ("bidirectional", dict(relu_hard, **sequences), small),
        "bidirectional-before": ("bidirectional", dict(before, **sequences), small),
        "bidirectional-backwards": ("bidirectional", dict(backwards, **sequences), small),
        "bidirectional-unroll": ("bidirectional", dict(sequences, unroll=True), small),
        "masking": ("masking", sequences, small),
        "masking-before": ("masking", before, small),
        "masking-backwards": ("masking", dict(relu_hard, **backwards), small),
        "masking-unroll": ("masking", {"unroll": True}, small),
        "embedding": ("embedding", {}, small),
        "embedding-hard": ("embedding", dict(relu_hard, **sequences), small),
        "initial_state": ("initial_state", {}, small),
        "initial_state-before": ("initial_state", dict(before, **sequences), small),
        "initial_state-backwards": ("initial_state", backwards, small),
        "stacked": ("stacked", sequences, even),
        "large": ("plain", {}, large),
        "large-before": ("plain", before, large),
        "large-hard": ("plain", dict(relu_hard, **sequences), large),
        "large-backwards": ("plain", backwards, large),
        "large-unroll": ("plain", {"unroll": True}, large),
    }  # fmt: skip


PRODUCT = product()
# Two of every pair, each argument as often on as off: those that graphs, which take long, are of.
FEW = [name for i, name in enumerate(PRODUCT) if i % 8 in (i // 8, 7 ^ i // 8)]
CASES = {name: ("plain", arguments, (FEATURES, UNITS)) for name, arguments in PRODUCT.items()}
CASES.update(others())


# ---- the models


def is_keras_1(keras):
    """Return whether it has the words of Keras 1."""
    return version(keras).startswith("1.")


def release(keras):
    """Return the version as numbers that compare."""
    return tuple(int(part) for part in version(keras).split("-")[0].split(".")[:2])


def gru(keras, units, arguments, **more):
    """Return a GRU; in Keras 1, of the arguments that it has."""
    arguments = dict(arguments, **more)
    if is_keras_1(keras):
        if arguments.pop("reset_after", False):
            raise LookupError("Keras 1 has no reset_after")
        words = {"recurrent_activation": "inner_activation", "dropout": "dropout_W"}
        words["recurrent_dropout"] = "dropout_U"
        arguments = {words.get(name, name): value for name, value in arguments.items()}
    return keras.layers.GRU(units, **arguments)


def model_of(keras, inputs, outputs):
    """Return a functional model."""
    if is_keras_1(keras):
        return keras.models.Model(input=inputs, output=outputs)
    return keras.models.Model(inputs, outputs)


class LiveCase:
    """A live model, its GRUs, and the call of it that is recorded.

    `merge` says how the output of the model follows from those of its GRUs: "one", "stacked" or
    "bidirectional". `x` is what the first GRU receives, `inputs` what the model does.
    """

    def __init__(self, keras, name):
        kind, arguments, (features, units) = CASES[name]
        self.name, self.kind, self.mask = name, kind, None
        self.merge = kind if kind in ("bidirectional", "stacked") else "one"
        draws = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
        self.x = draws.normal(size=(BATCH, TIMESTEPS, features)).astype("float32")
        if arguments.get("time_major"):
            self.x = self.x.transpose(1, 0, 2).copy()
        layers = keras.layers
        first = layers.Input(batch_shape=self.x.shape)
        self.inputs, taken, y = [self.x], [first], first
        if kind == "masking":
            self.x[~MASK] = 0
            self.mask, y = MASK, layers.Masking()(first)
        if kind == "embedding":
            ids = draws.randint(1, WORDS, size=(BATCH, TIMESTEPS)) * MASK
            kind_of_ids = {} if is_keras_1(keras) else {"dtype": "int32"}
            taken = [layers.Input(batch_shape=ids.shape, **kind_of_ids)]
            embedding = layers.Embedding(WORDS, features, mask_zero=True)
            self.inputs, self.mask, y = [ids.astype("int32")], MASK, embedding(taken[0])
        self.layers = [gru(keras, units, arguments)]
        self.initial_state = None
        if kind == "bidirectional":
            wrapper = layers.Bidirectional(self.layers[0])
            y = wrapper(y)
            self.layers = [wrapper.forward_layer, wrapper.backward_layer]
        elif kind == "initial_state":
            self.initial_state = draws.normal(size=(BATCH, units)).astype("float32")
            taken.append(layers.Input(batch_shape=self.initial_state.shape))
            self.inputs.append(self.initial_state)
            y = self.layers[0](y, initial_state=taken[1])
        elif kind == "stacked":
            self.layers.append(gru(keras, units, {"reset_after": False, "activation": "relu"}))
            y = self.layers[1](self.layers[0](y))
        else:
            y = self.layers[0](y)
        if isinstance(y, (list, tuple)):  # the sequence, then states
            y = y[0]
        self.model = model_of(keras, taken if len(taken) > 1 else taken[0], y)
        scale = 0.2 if units == LARGE else 0.5
        weights = [draws.normal(size=w.shape) * scale for w in self.model.get_weights()]
        self.model.set_weights([w.astype("float32") for w in weights])
        if kind == "embedding":
            self.x = self.model.get_weights()[0][ids]

    def call(self, keras):
        """Return the live output."""
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        if keras.__name__ != "keras" or release(keras) >= (3, 0):
            return np.asarray(self.model(inputs))
        return np.asarray(self.model.predict(inputs, batch_size=BATCH, verbose=0))


# ---- the kinds of file: each writes below the path and may return the output of its interpreter


def write_json(built, path, keras):
    """model.to_json()."""
    with open(path + ".json", "w") as stream:
        stream.write(built.model.to_json())


def write_model_h5(built, path, keras):
    """The whole model in HDF5."""
    built.model.save(path + ".h5")


def write_weights_alone_h5(built, path, keras):
    """Legacy weights: HDF5 without a config."""
    built.model.save_weights(path + ".h5")


def write_weights_h5(built, path, keras):
    """The weights of Keras 2.12 and later."""
    built.model.save_weights(path + ".weights.h5")


def write_model_keras(built, path, keras):
    """A zip archive from Keras 2.13 on; HDF5 before."""
    built.model.save(path + ".keras")


def write_v3_keras(built, path, keras):
    """The zip archive of Keras 2.12."""
    built.model.save(path + ".keras", save_format="keras_v3")


def write_npz(built, path, keras):
    """np.savez of get_weights() of the first GRU."""
    np.savez(path + ".npz", *built.layers[0].get_weights())


def write_checkpoint(built, path, keras):
    """save_weights of Keras 2 in TensorFlow's format, tf.train.Checkpoint of Keras 3."""
    os.makedirs(path)
    if release(keras) < (3, 0):
        built.model.save_weights(os.path.join(path, "weights"), save_format="tf")
    else:
        import tensorflow as tf

        tf.train.Checkpoint(model=built.model).write(os.path.join(path, "weights"))


def write_saved_model(built, path, keras):
    """Keras 2's save in TensorFlow's format."""
    built.model.save(path, save_format="tf")


def write_export(built, path, keras):
    """model.export: a SavedModel that serves."""
    built.model.export(path)


def converted(built, keras, **options):
    """Return the bytes of TFLite, and the output of its interpreter."""
    import tensorflow as tf

    if not hasattr(built, "function"):
        specs = [tf.TensorSpec(array.shape, array.dtype) for array in built.inputs]
        call = tf.function(lambda *inputs: built.model(inputs if len(inputs) > 1 else inputs[0]))
        built.function = call.get_concrete_function(*specs)
    # Without the model beside it, which would leave variables where constants are wanted.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([built.function])
    for name, value in options.items():
        setattr(converter, name, value)
    data = converter.convert()
    interpreter = tf.lite.Interpreter(model_content=data)
    interpreter.allocate_tensors()
    left = list(built.inputs)
    for detail in interpreter.get_input_details():
        shape = tuple(detail["shape"])
        value = next(a for a in left if a.shape == shape and a.dtype == detail["dtype"])
        left = [a for a in left if a is not value]
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    (detail,) = interpreter.get_output_details()
    return data, interpreter.get_tensor(detail["index"])


def write_tflite(built, path, keras, **options):
    """TFLiteConverter with its defaults."""
    data, y = converted(built, keras, **options)
    with open(path + ".tflite", "wb") as stream:
        stream.write(data)
    return y


def write_tflite_float16(built, path, keras):
    """Its constants in float16."""
    import tensorflow as tf

    optimizations = [tf.lite.Optimize.DEFAULT]
    spec = tf.lite.TargetSpec(supported_types=[tf.float16])
    return write_tflite(built, path, keras, optimizations=optimizations, target_spec=spec)


def write_tflite_int8(built, path, keras):
    """Its large constants in int8, with a scale each."""
    import tensorflow as tf

    return write_tflite(built, path, keras, optimizations=[tf.lite.Optimize.DEFAULT])


def write_onnx(built, path, keras):
    """model.export(format="onnx") of Keras 3, tf2onnx of Keras 2."""
    if release(keras) >= (3, 0):
        built.model.export(path + ".onnx", format="onnx", verbose=False)
    else:
        tf2onnx = importlib.import_module("tf2onnx")
        tf2onnx.convert.from_keras(built.model, output_path=path + ".onnx")
    session = importlib.import_module("onnxruntime").InferenceSession(path + ".onnx")
    given = {one.name: built.inputs[i] for i, one in enumerate(session.get_inputs())}
    return session.run(None, given)[0]


GRAPHS = ("saved_model", "export", "tflite", "tflite_float16", "tflite_int8", "onnx")
KINDS = {
    function.__name__[len("write_") :]: function
    for function in (
        write_json, write_model_h5, write_weights_alone_h5, write_weights_h5, write_model_keras,
        write_v3_keras, write_npz, write_checkpoint, write_saved_model, write_export, write_tflite,
        write_tflite_float16, write_tflite_int8, write_onnx,
    )
}  # fmt: skip


def kinds_of(keras):
    """Return the kinds that this release writes; "onnx" where its packages are there."""
    at = release(keras)
    kinds = ["json", "model_h5", "npz"]
    if at < (3, 0):
        kinds.append("weights_alone_h5")
    if at >= (2, 12):
        kinds += ["weights_h5", "model_keras"]
    if at == (2, 12):
        kinds.append("v3_keras")
    if keras.__name__ == "keras" and at < (3, 0):  # Theano, or sessions of TensorFlow 1
        return kinds
    kinds.append("checkpoint")
    if at < (3, 0):
        kinds.append("saved_model")
    if at >= (2, 13):
        kinds.append("export")
    kinds += ["tflite", "tflite_float16", "tflite_int8"]
    wanted = "onnxscript" if at >= (3, 0) else "tf2onnx"
    if all(importlib.util.find_spec(name) for name in (wanted, "onnxruntime")) and (
        at < (3, 0) or at >= (3, 8)
    ):
        kinds.append("onnx")
    return kinds


def is_wanted(kind, name):
    """Return whether a kind is written of a case: graphs cost seconds, so of a few."""
    if kind == "tflite_int8":  # the converters quantize large arrays alone
        return name.startswith("large")
    if kind == "tflite_float16":
        return name in (*FEW[::3], "bidirectional", "masking", "large-hard")
    if name.startswith("large"):
        return False
    return kind not in GRAPHS or name not in PRODUCT or name in FEW


def about_layer(layer):
    """Return the config of a live GRU as plain JSON."""
    return json.loads(json.dumps(layer.get_config(), default=str))


def record(keras, name, kinds, out):
    """Write the kinds of one case, and then what is expected of them; return the failures."""
    built = LiveCase(keras, name)
    place = os.path.join(out, name + ".npz")
    arrays, about = {}, {"kinds": [], "failed": {}}
    if os.path.exists(place):
        with np.load(place) as earlier:
            arrays = dict(earlier)
        about = json.loads(str(arrays["about"]))
    arrays.update({"x": built.x, "y": built.call(keras)})
    if built.mask is not None:
        arrays["mask"] = built.mask
    if built.initial_state is not None:
        arrays["initial_state"] = built.initial_state
    for number, layer in enumerate(built.layers):
        for index, array in enumerate(layer.get_weights()):
            arrays[f"weights/{number}/{index}"] = array
    about.update(
        keras=version(keras), merge=built.merge, model=built.kind,
        layers=[about_layer(layer) for layer in built.layers],
        names=[layer.name for layer in built.layers],
    )  # fmt: skip
    for kind in kinds:
        folder = os.path.join(out, kind)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        try:
            y = KINDS[kind](built, os.path.join(folder, name), keras)
        except Exception as error:  # every exporter has models that it cannot write
            about["failed"][kind] = " ".join(repr(error).split())[:300]
            continue
        if y is not None:
            arrays["y/" + kind] = np.asarray(y)
        about["kinds"].append(kind)
    arrays["about"] = np.array(json.dumps(about, sort_keys=True))
    np.savez_compressed(place, **arrays)
    return about["failed"]


def missing(kinds, name, out):
    """Return the kinds of a case that no earlier run has written or failed to write."""
    wanted = [kind for kind in kinds if is_wanted(kind, name)]
    place = os.path.join(out, name + ".npz")
    if not os.path.exists(place):
        return wanted
    with np.load(place) as earlier:
        about = json.loads(str(earlier["about"]))
    return [kind for kind in wanted if kind not in about["kinds"] and kind not in about["failed"]]


def main():
    """Write every kind of every case that is not there yet; say what could not be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--keras", default="tf.keras", help="tf.keras, tf_keras or keras")
    parser.add_argument("--kinds", help="separated by commas (default: all that the release has)")
    parser.add_argument("--cases", default=",".join(CASES))
    options = parser.parse_args()
    keras = package(options.keras)
    if options.keras == "keras":
        for part in ("layers", "models", "backend"):
            importlib.import_module("keras." + part)
    if not os.path.isdir(options.out):
        os.makedirs(options.out)
    kinds = options.kinds.split(",") if options.kinds else kinds_of(keras)
    for name in options.cases.split(","):
        wanted = missing(kinds, name, options.out)
        if not wanted:
            continue
        start = time.time()
        if hasattr(keras.backend, "clear_session"):
            keras.backend.clear_session()
        try:
            failed = record(keras, name, wanted, options.out)
        except Exception as error:  # an argument that this release does not have
            failed = {"built": " ".join(repr(error).split())[:300]}
        print(f"{name} {time.time() - start:.1f} s {json.dumps(failed)}", flush=True)


if __name__ == "__main__":
    main()
