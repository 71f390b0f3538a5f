"""Small live models of every architecture that a file can hold, and what is expected of them.

Every architecture is a function of the Keras package. Runs inside an old TensorFlow as well as the
newest, hence in the syntax of Python 3.7 and without gru_ref.
"""

import importlib
import json
import sys

import numpy as np

BATCH, TIMESTEPS, FEATURES, UNITS, LARGE = 2, 3, 4, 5, 20
SHAPE = (BATCH, TIMESTEPS, FEATURES)


def functional(keras, layers, shape=SHAPE, dtype="float32"):
    """Return a functional model of the layers, one after the other."""
    inputs = keras.layers.Input(batch_shape=shape, dtype=dtype)
    y = inputs
    for layer in layers:
        y = layer(y)
    return keras.models.Model(inputs, y)


def stacked(keras):
    """Two GRUs of both reset forms, and a Dense layer."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH),
            layers.GRU(5, return_sequences=True),
            layers.GRU(3, reset_after=False, go_backwards=True, recurrent_activation="relu"),
            layers.Dense(2),
        ]
    )


def after(keras):
    """One GRU, reset_after=True."""
    return functional(keras, [keras.layers.GRU(UNITS)])


def before(keras):
    """One GRU, reset_after=False."""
    return functional(keras, [keras.layers.GRU(UNITS, reset_after=False)])


def backwards(keras):
    """One GRU that runs backwards through time."""
    return functional(keras, [keras.layers.GRU(UNITS, go_backwards=True)])


def bidirectional(keras):
    """Both directions, with states of the same size."""
    return functional(keras, [keras.layers.Bidirectional(keras.layers.GRU(UNITS))])


def cells(keras):
    """Cells in RNN layers: one alone, then two stacked."""
    cell, RNN = keras.layers.GRUCell, keras.layers.RNN
    stack = [cell(3), cell(6, reset_after=False)]
    return functional(keras, [RNN(cell(UNITS), return_sequences=True), RNN(stack)])


def nested(keras):
    """A model in a model, a time-distributed GRU, and a layer used twice."""
    layers = keras.layers
    inner = keras.Sequential(
        [
            layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH),
            layers.GRU(5, return_sequences=True),
        ]
    )
    shared = layers.GRU(FEATURES, return_sequences=True)
    reshape = layers.Reshape((TIMESTEPS, 5, 1))
    return functional(
        keras, [shared, shared, inner, reshape, layers.TimeDistributed(layers.GRU(2))]
    )


def without_bias(keras):
    """use_bias=False, followed by a kernel whose shape could pass for a bias."""
    gru = keras.layers.GRU(2, use_bias=False, reset_after=True)
    return functional(keras, [gru, keras.layers.Dense(6)])


def subclassed(keras):
    """Layers as attributes of a Model, alone and in a list."""
    GRU = keras.layers.GRU

    class Subclassed(keras.models.Model):
        def __init__(self):
            super().__init__()
            self.encoder = GRU(UNITS, return_sequences=True)
            self.stack = [GRU(3, return_sequences=True), GRU(2, reset_after=False)]

        def call(self, x):
            y = self.encoder(x)
            for layer in self.stack:
                y = layer(y)
            return y

        def get_config(self):
            return {}

    model = Subclassed()
    model.predict(np.ones(SHAPE, "float32"), batch_size=BATCH)
    return model


def trained(keras):
    """One step of Adam: the optimizer's moments have exactly the shapes of the weights."""
    model = after(keras)
    model.compile("adam", "mse")
    x = np.ones(SHAPE, "float32")
    model.fit(x, np.ones((BATCH, UNITS), "float32"), batch_size=BATCH, epochs=1, verbose=0)
    return model


def unrolled(keras):
    """A GRU without a loop."""
    return functional(keras, [keras.layers.GRU(UNITS, unroll=True)])


def hard(keras):
    """Other functions than a GRU has by default, backwards, and all outputs."""
    gru = keras.layers.GRU(
        UNITS,
        activation="relu",
        recurrent_activation="hard_sigmoid",
        reset_after=False,
        go_backwards=True,
        return_sequences=True,
    )
    return functional(keras, [gru])


def unrolled_hard(keras):
    """The same functions without a loop, backwards in both halves of the model."""
    how = {"unroll": True, "recurrent_activation": "hard_sigmoid", "activation": "relu"}
    GRU = keras.layers.GRU
    layers = [GRU(UNITS, go_backwards=True, return_sequences=True, **how), GRU(3, **how)]
    return functional(keras, layers)


def masked(keras):
    """A GRU that leaves masked timesteps out."""
    gru = keras.layers.GRU(UNITS, recurrent_activation="hard_sigmoid", return_sequences=True)
    return functional(keras, [keras.layers.Masking(), gru])


def large(keras):
    """A GRU large enough for converters to quantize it, of as many features as units."""
    return functional(keras, [keras.layers.GRU(LARGE)], (BATCH, TIMESTEPS, LARGE))


def any_batch(keras):
    """Two GRUs of both reset forms, for batches of any size, over any number of timesteps."""
    GRU = keras.layers.GRU
    layers = [GRU(UNITS, return_sequences=True), GRU(3, reset_after=False)]
    return functional(keras, layers, (None, None, FEATURES))


def half(keras):
    """A GRU whose weights are float16."""
    return functional(keras, [keras.layers.GRU(UNITS, dtype="float16")], dtype="float16")


def brain(keras):
    """A GRU whose weights are bfloat16."""
    # There is no QR in bfloat16, with which the orthogonal initializer works.
    gru = keras.layers.GRU(UNITS, dtype="bfloat16", recurrent_initializer="ones")
    return functional(keras, [gru], dtype="bfloat16")


ARCHITECTURES = {
    function.__name__: function
    for function in (
        stacked, after, before, backwards, bidirectional, cells, nested, without_bias, subclassed,
        trained, unrolled, hard, unrolled_hard, masked, large, any_batch, half, brain,
    )
}  # fmt: skip


def set_witnesses(model, draws):
    """Give every weight of a model random numbers, no two alike."""
    for layer in model.layers:
        values = []
        for array in layer.get_weights():
            drawn = draws.normal(size=np.shape(array)) * 0.5
            if array.dtype != "float64":  # bfloat16 is made of float32 alone
                drawn = drawn.astype("float32")
            values.append(drawn.astype(array.dtype))
        layer.set_weights(values)


def build(keras, architecture):
    """Return a live model whose every weight is a witness."""
    model = ARCHITECTURES[architecture](keras)
    draws = np.random.default_rng(20)
    features = LARGE if architecture == "large" else FEATURES
    model(draws.normal(size=(BATCH, TIMESTEPS, features)).astype("float32"))
    set_witnesses(model, draws)
    return model


def package(name):
    """Return the Keras of that name: tf.keras, tf_keras or keras."""
    if name == "tf.keras":
        return importlib.import_module("tensorflow").keras
    return importlib.import_module(name)


def version(keras):
    """Return the release of Keras; tf.keras of some TensorFlows hides it in the package keras."""
    return getattr(keras, "__version__", None) or importlib.import_module("keras").__version__


# ---- what is expected: read from the live layers


def leaves(layer, keras):
    """Yield every GRU and GRUCell below `layer`, each once."""
    kinds = keras.layers
    if isinstance(layer, (kinds.GRU, kinds.GRUCell)):
        yield layer
    elif isinstance(layer, kinds.Bidirectional):
        yield layer.forward_layer
        yield layer.backward_layer
    elif isinstance(layer, kinds.TimeDistributed):
        yield from leaves(layer.layer, keras)
    elif isinstance(layer, kinds.RNN):
        for cell in getattr(layer.cell, "cells", [layer.cell]):
            yield from leaves(cell, keras)
    elif isinstance(layer, keras.Model):
        for below in layer.layers:
            yield from leaves(below, keras)


ARGUMENTS = ("units", "activation", "recurrent_activation", "use_bias", "reset_after")
LAYER_ARGUMENTS = ("return_sequences", "go_backwards", "dtype")


def expectation(model, keras):
    """Return the arrays of ``NAME.expected.npz``."""
    import tensorflow as tf

    arrays, meta = {}, []
    draws = np.random.default_rng(21)
    for i, layer in enumerate(leaves(model, keras)):
        weights = [np.asarray(a) for a in layer.get_weights()]
        config = layer.get_config()
        cell = isinstance(layer, keras.layers.GRUCell)
        x = draws.normal(size=(BATCH, TIMESTEPS, weights[0].shape[0])).astype("float32")
        if cell:  # one timestep from a state that is not zero
            h = draws.normal(size=(BATCH, weights[1].shape[0])).astype("float32")
            y = layer(tf.constant(x[:, 0]), [tf.constant(h)])[0]
            arrays[f"{i}/h"] = h
        else:
            y = layer(tf.cast(x, weights[0].dtype))
        arrays[f"{i}/x"], arrays[f"{i}/y"] = x, np.asarray(tf.cast(y, "float32"))
        for name, array in zip(("kernel", "recurrent_kernel", "bias"), weights):
            if array.dtype.name == "bfloat16":  # NumPy has no such type: as its bits
                array = array.view("uint16")
            arrays[f"{i}/{name}"] = array
        said = {name: config[name] for name in ARGUMENTS + LAYER_ARGUMENTS if name in config}
        said["dtype"] = weights[0].dtype.name
        meta.append({"name": layer.name, "cell": cell, "arguments": said})
    about = {
        "layers": meta,
        "keras": version(keras),
        "python": "{}.{}".format(*sys.version_info[:2]),
        "recorder": "parity_tests/recording/files/record_exports.py",
    }
    arrays["meta"] = np.array(json.dumps(about, sort_keys=True, default=str))
    return arrays
