"""Write model files with live Keras, in every format that the release has.

Runs inside each Keras's own interpreter, hence in the syntax of Python 3.7 and without gru_ref:
``python -m parity_tests.recording.files.record_files OUT --keras tf.keras``. It writes into
OUT/RELEASE the files ``MODEL.ENDING`` and, for each model, ``MODEL.expected.npz``: the weights of
every GRU of the live model, and outputs of its GRU layers for inputs recorded beside them. With
``--kept`` it writes those of `KEPT` alone, which are fixtures/files/keras.
"""

import argparse
import json
import os
import sys

import numpy as np

from parity_tests.recording.files.live_models import (
    BATCH,
    FEATURES,
    SHAPE,
    TIMESTEPS,
    UNITS,
    brain,
    functional,
    half,
    package,
    set_witnesses,
    subclassed,
    trained,
    version,
    without_bias,
)

# ---- the models: every architecture is a function of Keras's layers


def default(keras):
    """One GRU, named by the user, and a Dense layer."""
    layers = [keras.layers.GRU(UNITS, name="mine"), keras.layers.Dense(2)]
    model = keras.models.Sequential(layers)
    model.build(SHAPE)
    return model


def before(keras):
    """reset_after=False, and the state returned as well."""
    inputs = keras.layers.Input(batch_shape=SHAPE)
    gru = keras.layers.GRU(UNITS, reset_after=False, return_state=True, return_sequences=True)
    return keras.models.Model(inputs, gru(inputs))


def hard_sigmoid(keras):
    """The activation whose meaning changed, backwards through time."""
    return functional(
        keras,
        [
            keras.layers.GRU(
                UNITS,
                activation="relu",
                recurrent_activation="hard_sigmoid",
                reset_after=True,
                go_backwards=True,
                return_sequences=True,
            )
        ],
    )


def bidirectional(keras):
    """One Bidirectional that clones its layer, and one with a backward layer of its own."""
    GRU, Bidirectional = keras.layers.GRU, keras.layers.Bidirectional
    layers = [Bidirectional(GRU(UNITS, return_sequences=True, reset_after=True), merge_mode="sum")]
    if version(keras) != "2.3.1":
        backward = GRU(3, go_backwards=True, activation="softsign", name="own")
        layers.append(Bidirectional(GRU(4), backward_layer=backward))
    return functional(keras, layers)


def nested(keras):
    """Models within models, and a layer that is used twice."""
    GRU = keras.layers.GRU
    inner = functional(keras, [GRU(UNITS, return_sequences=True)])
    middle = functional(
        keras,
        [GRU(FEATURES, return_sequences=True, go_backwards=True), inner, keras.layers.Dropout(0.5)],
    )
    shared = GRU(FEATURES, return_sequences=True, activation="elu")
    return functional(keras, [shared, shared, middle, GRU(3)])


def frozen(keras):
    """A nested model whose first GRU is not trainable: legacy files list it last."""
    GRU = keras.layers.GRU
    inner = functional(
        keras,
        [
            GRU(UNITS, return_sequences=True, trainable=False, activation="relu"),
            GRU(UNITS, return_sequences=True, activation="elu"),
        ],
    )
    return functional(keras, [inner])


def cells(keras):
    """A cell in an RNN, and two cells stacked in one that runs backwards."""
    cell, RNN = keras.layers.GRUCell, keras.layers.RNN
    stack = [cell(3, reset_after=True), cell(4, reset_after=False, recurrent_activation="relu")]
    return functional(
        keras,
        [RNN(cell(UNITS), return_sequences=True), RNN(stack, go_backwards=True)],
    )


def time_distributed(keras):
    """A GRU at every step of another axis."""
    inputs = keras.layers.Input(batch_shape=(BATCH, 3, TIMESTEPS, FEATURES))
    y = keras.layers.TimeDistributed(keras.layers.GRU(UNITS, activation="softsign"))(inputs)
    return keras.models.Model(inputs, y)


def eleven(keras):
    """More than ten GRUs: gru_10 sorts before gru_2."""
    return functional(
        keras,
        [keras.layers.GRU(2, return_sequences=True) for _ in range(11)],
        (BATCH, TIMESTEPS, 2),
    )


def custom(keras):
    """A class of the user's own that derives from GRU."""

    class MyGRU(keras.layers.GRU):
        pass

    return functional(keras, [MyGRU(UNITS, reset_after=True, return_sequences=True)])


def stateful(keras):
    """A stateful GRU in float64."""
    gru = keras.layers.GRU(UNITS, stateful=True, dtype="float64")
    return functional(keras, [gru], dtype="float64")


def cudnn(keras):
    """CuDNNGRU, which builds and saves on a CPU, though it runs on none."""
    return functional(keras, [cudnn_class(keras)(UNITS, return_sequences=True, name="fast")])


def cudnn_twin(keras):
    """The GRU into which Keras converts the weights of `cudnn`."""
    arguments = {"return_sequences": True, "reset_after": True, "recurrent_activation": "sigmoid"}
    return functional(keras, [keras.layers.GRU(UNITS, name="fast", **arguments)])


ARCHITECTURES = {
    function.__name__: function
    for function in (
        default, before, without_bias, hard_sigmoid, bidirectional, nested, frozen, cells,
        time_distributed, eleven, subclassed, custom, stateful, trained, half, brain, cudnn,
    )
}  # fmt: skip


# The files in fixtures/files/keras, by release: every format, every architecture, once or twice.
# Those of Keras 1 are from `record_keras_1`.
KEPT = {
    "keras-1.2.2": [
        "default.model.h5", "hard_sigmoid.model.h5", "joined.model.h5", "wrapped.model.h5",
        "default.weights-alone.h5",
    ],
    "keras-2.3.1": ["bidirectional.model.h5", "cells.weights-alone.h5"],
    # TensorFlow 2.1 and 2.2 both call theirs so.
    "tf.keras-2.3.0-tf": ["hard_sigmoid.model.h5", "default.weights-alone.h5"],
    "tf.keras-2.4.0": ["nested.model.h5", "hard_sigmoid.model.h5", "before.weights-alone.h5"],
    "tf.keras-2.5.0": ["default.model.h5", "before.weights-alone.h5"],
    "tf.keras-2.6.0": [
        "without_bias.model.h5", "default.weights-alone.h5", "bidirectional.weights-alone.h5",
        "bidirectional.json", "hard_sigmoid.weights-alone.h5", "hard_sigmoid.json",
    ],
    "tf.keras-2.10.0": ["default.model.h5", "hard_sigmoid.weights-alone.h5"],
    "tf.keras-2.12.0": [
        "cells.v3.keras", "default.model.keras", "before.weights.h5", "cudnn.model.h5",
    ],
    "tf.keras-2.15.0": [
        "frozen.model.h5", "bidirectional.model.keras", "subclassed.model.keras",
        "without_bias.weights.h5", "cudnn.weights-alone.h5",
    ],
    "tf_keras-2.21.0": [
        "hard_sigmoid.model.keras", "time_distributed.model.h5", "half.weights.h5",
        "cudnn.model.keras",
    ],
    "keras-3.0.5": ["nested.model.keras", "default.model.h5", "cells.model.h5"],
    "keras-3.1.1": ["default.model.keras", "without_bias.model.h5", "before.weights.h5"],
    "keras-3.2.1": ["hard_sigmoid.model.keras", "default.model.h5", "without_bias.weights.h5"],
    "keras-3.4.1": ["without_bias.model.keras", "before.model.h5", "default.weights.h5"],
    "keras-3.5.0": ["time_distributed.model.keras", "stateful.folder", "bidirectional.weights.h5"],
    "keras-3.7.0": [
        "default.model.keras", "without_bias.model.h5", "before.weights.h5", "default.folder",
    ],
    "keras-3.8.0": [
        "hard_sigmoid.model.keras", "default.model.h5", "without_bias.weights.h5",
        "without_bias.folder",
    ],
    "keras-3.11.3": [
        "without_bias.model.keras", "before.model.h5", "default.weights.h5", "default.folder",
        "without_bias.weights.json",
    ],
    "keras-3.12.4": [
        "default.model.keras", "without_bias.model.h5", "before.weights.h5",
        "without_bias.folder", "default.weights.json",
    ],
    "keras-3.14.1": [
        "hard_sigmoid.model.keras", "default.model.h5", "without_bias.weights.h5",
        "default.folder", "before.weights.json",
    ],
    "keras-3.15.1": [
        "hard_sigmoid.model.keras", "hard_sigmoid.weights.h5", "hard_sigmoid.json",
        "cells.weights.json",
        "brain.model.h5", "brain.model.keras", "trained.model.keras", "custom.folder",
        "eleven.model.keras", "subclassed.weights.h5",
    ],
}  # fmt: skip


def cudnn_class(keras):
    """Return CuDNNGRU where this Keras has it."""
    if keras.__name__ == "keras" and version(keras)[0] == "2":
        return keras.layers.CuDNNGRU
    if version(keras)[0] == "3":
        raise LookupError("Keras 3 has no CuDNNGRU")
    if keras.__name__ == "tf_keras":
        from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU

        return CuDNNGRU
    import tensorflow as tf

    return tf.compat.v1.keras.layers.CuDNNGRU


# ---- what is expected


def runs(layer, keras):
    """Yield (layer that runs, [GRUs and cells in it in their order]) below `layer`."""
    kinds = keras.layers
    if isinstance(layer, kinds.GRU):
        yield layer, [layer]
    elif isinstance(layer, kinds.Bidirectional):
        for below in (layer.forward_layer, layer.backward_layer):
            yield below, [below]
    elif isinstance(layer, kinds.TimeDistributed):
        for pair in runs(layer.layer, keras):
            yield pair
    elif hasattr(layer, "layers"):
        for below in layer.layers:
            for pair in runs(below, keras):
                yield pair
    elif isinstance(layer, kinds.RNN):
        yield layer, list(getattr(layer.cell, "cells", [layer.cell]))


def as_numpy(array):
    """Return an array that any NumPy reads: bfloat16, of no NumPy, as exact float32."""
    array = np.asarray(array)
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def expectation(model, keras, seed):
    """Return the arrays of ``MODEL.expected.npz``: ``WEIGHT/GRU`` and ``x/RUN``, ``y/RUN``."""
    draws = np.random.RandomState(seed)
    arrays, names, made = {}, [], []
    for runner, grus in runs(model, keras):
        first = len(names)
        for gru in grus:
            for name, array in zip(("kernel", "recurrent_kernel", "bias"), gru.get_weights()):
                arrays[f"{name}/{len(names)}"] = as_numpy(array)
            names.append(gru.name)
        made.append(list(range(first, len(names))))
        kernel = arrays[f"kernel/{first}"]
        if kernel.dtype == "float16" or runner.dtype == "bfloat16":
            continue
        x = draws.normal(size=(BATCH, TIMESTEPS, kernel.shape[0])).astype(kernel.dtype)
        inputs = keras.layers.Input(batch_shape=x.shape, dtype=str(x.dtype))
        outputs = runner(inputs)
        outputs = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        run = len(made) - 1
        arrays[f"x/{run}"] = x
        arrays[f"y/{run}"] = keras.models.Model(inputs, outputs).predict(
            x, batch_size=BATCH, verbose=0
        )
    about = {"keras": version(keras), "package": keras.__name__, "names": names, "runs": made}
    arrays["about"] = np.array(json.dumps(about, sort_keys=True))
    return arrays


# ---- the kinds of file


def kinds_of(keras):
    """Return ending → function (model, path) for what this release can write."""
    release = tuple(int(part) for part in version(keras).split("-")[0].split(".")[:2])
    kinds = {"model.h5": lambda model, path: model.save(path), "json": write_config}
    if release < (3, 0):
        kinds["weights-alone.h5"] = lambda model, path: model.save_weights(path)
    if release >= (2, 12):
        kinds["weights.h5"] = lambda model, path: model.save_weights(path)
        kinds["model.keras"] = lambda model, path: model.save(path)
    if release == (2, 12):
        kinds["v3.keras"] = lambda model, path: model.save(path, save_format="keras_v3")
    if release >= (3, 5):
        kinds["folder"] = lambda model, path: model.save(path, zipped=False)
    if release >= (3, 10):
        kinds["weights.json"] = lambda model, path: model.save_weights(path, max_shard_size=6e-7)
    return kinds


def write_config(model, path):
    """Write the config of a model, as Keras itself has it."""
    with open(path, "w") as file:
        file.write(model.to_json())


def main():
    """Write every kind of every architecture asked for; say which Keras itself cannot write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--keras", default="tf.keras", help="tf.keras, tf_keras or keras")
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES))
    parser.add_argument("--kept", action="store_true", help="only what fixtures/ keeps")
    options = parser.parse_args()
    keras = package(options.keras)
    kinds = kinds_of(keras)
    folder = os.path.join(options.out, f"{options.keras}-{version(keras)}")
    os.makedirs(folder, exist_ok=True)
    failed = []
    kept = KEPT.get(os.path.basename(folder), []) if options.kept else None
    for name in options.architectures.split(","):
        endings = [k for k in kinds if kept is None or f"{name}.{k}" in kept]
        if not endings:
            continue
        seed = list(ARCHITECTURES).index(name)
        keras.backend.clear_session()
        written = []
        try:
            model = ARCHITECTURES[name](keras)
            set_witnesses(model, np.random.default_rng(seed))
        except Exception as error:
            failed.append("{}: {}".format(name, " ".join(repr(error).split())[:200]))
            continue
        for kind in endings:
            try:
                kinds[kind](model, os.path.join(folder, f"{name}.{kind}"))
                written.append(kind)
            except Exception as error:
                failed.append("{}.{}: {}".format(name, kind, " ".join(repr(error).split())[:200]))
        if name == "cudnn":  # runs on a GPU alone: Keras converts the weights for its twin
            donor = os.path.join(options.out, "cudnn.h5")
            model.save_weights(donor)
            keras.backend.clear_session()
            model = cudnn_twin(keras)
            model.load_weights(donor)
            os.remove(donor)
        if written:
            np.savez_compressed(
                os.path.join(folder, name + ".expected.npz"), **expectation(model, keras, seed)
            )
    print("\n".join(failed) or "all written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
