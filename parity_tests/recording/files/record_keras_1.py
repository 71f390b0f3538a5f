"""Write model files with live Keras 1, beside those that `record_files` writes with later releases.

Keras 1 has other names of the arguments and nine arrays a GRU, so its models are written here in
its own words. It runs on Python 3.7 with Theano, hence in that syntax and without gru_ref:
``pip install keras==1.2.2 theano==1.0.5 'numpy<1.20' 'h5py<3' 'scipy<1.6'``, then
``KERAS_BACKEND=theano python parity_tests/recording/files/record_keras_1.py fixtures/files/keras``.
"""

import importlib
import json
import os
import sys

import numpy as np

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 6, 5

# Every architecture takes Keras, and returns its model and its GRUs in the order of the model.


def default(keras):
    """Two GRUs of a Sequential, and a Dense layer."""
    layers = keras.layers
    first = layers.GRU(UNITS, input_shape=(TIMESTEPS, FEATURES), return_sequences=True)
    second = layers.GRU(3)
    return keras.models.Sequential([first, second, layers.Dense(2)]), [first, second]


def hard_sigmoid(keras):
    """The default inner activation told, backwards through time, with relu and dropout."""
    gru = keras.layers.GRU(
        UNITS, activation="relu", inner_activation="hard_sigmoid", go_backwards=True,
        return_sequences=True, dropout_W=0.25, dropout_U=0.5, W_regularizer="l2",
    )  # fmt: skip
    return model_of(keras, gru, FEATURES), [gru]


def joined(keras):
    """consume_less="gpu", which keeps the three gates in one array."""
    gru = keras.layers.GRU(
        UNITS, consume_less="gpu", inner_activation="sigmoid", return_sequences=True
    )
    return model_of(keras, gru, FEATURES), [gru]


def wrapped(keras):
    """A GRU at every step of another axis, and a Bidirectional."""
    layers = keras.layers
    each = layers.TimeDistributed(layers.GRU(3, unroll=True, consume_less="mem"))
    both = layers.Bidirectional(layers.GRU(UNITS, return_sequences=True, activation="softsign"))
    shapes = (3, TIMESTEPS, FEATURES), (TIMESTEPS, FEATURES)
    inputs = [layers.Input(shape=shape) for shape in shapes]
    model = keras.models.Model(input=inputs, output=[each(inputs[0]), both(inputs[1])])
    return model, [each.layer, both.forward_layer, both.backward_layer]


def model_of(keras, gru, features):
    """Return a model of one GRU."""
    inputs = keras.layers.Input(shape=(TIMESTEPS, features))
    return keras.models.Model(input=inputs, output=gru(inputs))


def by_gate(arrays):
    """Return kernel, recurrent_kernel and bias of the arrays that get_weights() returns."""
    if len(arrays) == 3:
        return arrays
    return [np.concatenate(arrays[k::3], axis=-1) for k in range(3)]


def expectation(keras, grus, seed):
    """Return the arrays of ``MODEL.expected.npz``, as `record_files` writes them."""
    draws = np.random.RandomState(seed)
    arrays = {}
    for number, gru in enumerate(grus):
        names = ("kernel", "recurrent_kernel", "bias")
        for name, array in zip(names, by_gate(gru.get_weights())):
            arrays[f"{name}/{number}"] = array
        features = arrays[f"kernel/{number}"].shape[0]
        x = draws.normal(size=(BATCH, TIMESTEPS, features)).astype("float32")
        arrays[f"x/{number}"] = x
        arrays[f"y/{number}"] = model_of(keras, gru, features).predict(x)
    about = {
        "keras": keras.__version__,
        "package": "keras",
        "names": [gru.name for gru in grus],
        "runs": [[number] for number in range(len(grus))],
    }
    arrays["about"] = np.array(json.dumps(about, sort_keys=True))
    return arrays


def main():
    """Write both kinds of file of every model."""
    keras = importlib.import_module("keras")
    for part in ("layers", "models"):
        importlib.import_module("keras." + part)
    folder = os.path.join(sys.argv[1], "keras-" + keras.__version__)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for seed, make in enumerate((default, hard_sigmoid, joined, wrapped)):
        model, grus = make(keras)
        draws = np.random.RandomState(seed)
        model.set_weights(
            [(draws.normal(size=a.shape) * 0.5).astype(a.dtype) for a in model.get_weights()]
        )
        model.save(os.path.join(folder, make.__name__ + ".model.h5"))
        model.save_weights(os.path.join(folder, make.__name__ + ".weights-alone.h5"))
        np.savez_compressed(
            os.path.join(folder, make.__name__ + ".expected.npz"), **expectation(keras, grus, seed)
        )
    print("all written")


if __name__ == "__main__":
    main()
