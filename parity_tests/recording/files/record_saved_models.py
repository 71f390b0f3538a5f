"""Write SavedModels that hold no config of Keras from live Keras: what their graphs say is read.

Runs inside an old TensorFlow as well as the newest, hence in the syntax of Python 3.7 and without
gru_ref: ``python -m parity_tests.recording.files.record_saved_models OUT --keras tf_keras``.
It writes what `SAVED_MODELS` lists for the release, as ``OUT/saved-models-RELEASE.tar.xz``.

Beside each folder lies ``NAME.expected.npz``, as `record_exports` writes it.
"""

import argparse
import os
import tempfile

import numpy as np

from parity_tests.recording.files.live_models import (
    BATCH,
    FEATURES,
    SHAPE,
    TIMESTEPS,
    UNITS,
    expectation,
    functional,
    package,
    set_witnesses,
    version,
)
from parity_tests.recording.files.record_exports import pack

# Release of Keras → the folders in its archive: kind and architecture.
SAVED_MODELS = {
    "2.6.0": "graph_v1-functions",
    "2.21.0": "export-called",  # tf_keras
    "3.15.1": "export-functions module-wrapped",
}


def functions(keras):
    """GRUs of other functions than the defaults, of both reset forms, one of them unrolled."""
    GRU = keras.layers.GRU
    layers = [
        GRU(
            UNITS,
            activation="relu",
            recurrent_activation="hard_sigmoid",
            return_sequences=True,
            dropout=0.5,
        ),
        GRU(
            3,
            activation="linear",
            recurrent_activation="hard_sigmoid",
            reset_after=False,
            return_sequences=True,
            go_backwards=True,
        ),
        GRU(2, activation="softsign", use_bias=False, unroll=True, go_backwards=True),
    ]
    return functional(keras, layers)


def called(keras):
    """GRUs that are called with a mask and with an initial state, one of them twice."""
    layers = keras.layers
    inputs = layers.Input(batch_shape=SHAPE)
    masked = layers.Masking()(inputs)
    _, state = layers.GRU(FEATURES, return_state=True)(masked)
    shared = layers.GRU(FEATURES, activation="relu", return_sequences=True)
    y = shared(shared(inputs, initial_state=state))
    return keras.models.Model(inputs, layers.GRU(3, go_backwards=True)(y, initial_state=None))


def wrapped(keras):
    """Both directions, stacked cells that run backwards, and a time-distributed GRU."""
    layers = keras.layers
    cells = [
        layers.GRUCell(3, activation="relu"),
        layers.GRUCell(3, recurrent_activation="hard_sigmoid"),
    ]
    return functional(
        keras,
        [
            layers.Bidirectional(layers.GRU(UNITS, activation="relu", return_sequences=True)),
            layers.RNN(cells, go_backwards=True, return_sequences=True),
            layers.Reshape((TIMESTEPS, 3, 1)),
            layers.TimeDistributed(layers.GRU(2, activation="linear")),
        ],
    )


ARCHITECTURES = {function.__name__: function for function in (functions, called, wrapped)}


# ---- the kinds of folder


def write_export(model, path):
    """model.export: a signature, and variables without layers."""
    model.export(path)


def write_module(model, path):
    """A tf.Module around the model, its function without a signature."""
    import tensorflow as tf

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        @tf.function(input_signature=[tf.TensorSpec((BATCH, TIMESTEPS, FEATURES), "float32")])
        def run(self, x):
            return self.model(x)

    tf.saved_model.save(Module(), path)


def write_graph_v1(model, path):
    """A graph of TensorFlow 1: variables by name, and loops that are cycles of nodes."""
    import tensorflow as tf

    v1, keras = tf.compat.v1, tf.keras
    config, weights = model.get_config(), model.get_weights()
    v1.disable_control_flow_v2()
    with tf.Graph().as_default(), v1.Session() as session:
        v1.keras.backend.set_session(session)
        copy = keras.models.Model.from_config(config)
        copy.set_weights(weights)
        v1.saved_model.simple_save(session, path, {"x": copy.input}, {"y": copy.output})
    v1.enable_control_flow_v2()


KINDS = {
    "export": write_export,
    "module": write_module,
    "graph_v1": write_graph_v1,
}


def record(keras, kind, architecture, out):
    """Write one folder and what is expected of it."""
    name = f"{kind}-{architecture}-{version(keras)}"
    path = os.path.join(out, name)
    model = ARCHITECTURES[architecture](keras)
    set_witnesses(model, np.random.default_rng(22))
    arrays = expectation(model, keras)
    KINDS[kind](model, path)
    fingerprint = os.path.join(path, "fingerprint.pb")
    if os.path.exists(fingerprint):  # it differs from run to run
        os.remove(fingerprint)
    np.savez_compressed(path + ".expected.npz", **arrays)


def main():
    """Write what is listed for the release of the Keras that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--keras", default="tf.keras", help="tf.keras, tf_keras or keras")
    options = parser.parse_args()
    keras = package(options.keras)
    with tempfile.TemporaryDirectory() as folder:
        for name in SAVED_MODELS[version(keras)].split():
            record(keras, *name.split("-"), folder)
        pack(folder, os.path.join(options.out, f"saved-models-{version(keras)}.tar.xz"))


if __name__ == "__main__":
    main()
