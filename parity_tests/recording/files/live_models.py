"""Small live models of every architecture that a file can hold, and what is expected of them.

Every architecture is a function of the Keras package. Runs inside an old TensorFlow as well as the
newest, hence in the syntax of Python 3.7 and without gru_ref.
"""

import importlib
import json
import sys

import numpy as np

BATCH, TIMESTEPS, FEATURES, LARGE = 2, 3, 4, 20


def stacked(keras, **_):
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


def after(keras, **_):
    """One GRU, reset_after=True."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    return keras.Model(inputs, layers.GRU(5)(inputs))


def before(keras, **_):
    """One GRU, reset_after=False."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    return keras.Model(inputs, layers.GRU(5, reset_after=False)(inputs))


def backwards(keras, **_):
    """One GRU that runs backwards through time."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    return keras.Model(inputs, layers.GRU(5, go_backwards=True)(inputs))


def bidirectional(keras, **_):
    """Both directions, with states of the same size."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    return keras.Model(inputs, layers.Bidirectional(layers.GRU(5))(inputs))


def cells(keras, **_):
    """Cells in RNN layers: one alone, then two stacked."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    y = layers.RNN(layers.GRUCell(5), return_sequences=True)(inputs)
    y = layers.RNN([layers.GRUCell(3), layers.GRUCell(6, reset_after=False)])(y)
    return keras.Model(inputs, y)


def nested(keras, **_):
    """A model in a model, a time-distributed GRU, and a layer used twice."""
    layers = keras.layers
    inner = keras.Sequential(
        [
            layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH),
            layers.GRU(5, return_sequences=True),
        ]
    )
    shared = layers.GRU(FEATURES, return_sequences=True)
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    y = inner(shared(shared(inputs)))
    y = layers.Reshape((TIMESTEPS, 5, 1))(y)
    y = layers.TimeDistributed(layers.GRU(2))(y)
    return keras.Model(inputs, y)


def without_bias(keras, **_):
    """use_bias=False, followed by a kernel whose shape could pass for a bias."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    y = layers.GRU(2, use_bias=False)(inputs)
    return keras.Model(inputs, layers.Dense(6)(y))


def subclassed(keras, **_):
    """Layers as attributes of a Model, alone and in a list."""

    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = keras.layers.GRU(5, return_sequences=True)
            self.stack = [
                keras.layers.GRU(3, return_sequences=True),
                keras.layers.GRU(2, reset_after=False),
            ]

        def call(self, x):
            y = self.encoder(x)
            for layer in self.stack:
                y = layer(y)
            return y

    return Subclassed()


def trained(keras, **_):
    """One step of Adam: the optimizer's moments have exactly the shapes of the weights."""
    model = after(keras)
    model.compile("adam", "mse")
    x = np.ones((BATCH, TIMESTEPS, FEATURES), "float32")
    model.fit(x, np.ones((BATCH, 5), "float32"), batch_size=BATCH, epochs=1, verbose=0)
    return model


def unrolled(keras, **_):
    """A GRU without a loop."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH)
    return keras.Model(inputs, layers.GRU(5, unroll=True)(inputs))


def large(keras, **_):
    """A GRU large enough for converters to quantize it, of as many features as units."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, LARGE), batch_size=BATCH)
    return keras.Model(inputs, layers.GRU(LARGE)(inputs))


def any_batch(keras, **_):
    """Two GRUs of both reset forms, for batches of any size, over any number of timesteps."""
    layers = keras.layers
    inputs = layers.Input((None, FEATURES))
    y = layers.GRU(5, return_sequences=True)(inputs)
    return keras.Model(inputs, layers.GRU(3, reset_after=False)(y))


def half(keras, **_):
    """A GRU whose weights are float16."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH, dtype="float16")
    return keras.Model(inputs, layers.GRU(5, dtype="float16")(inputs))


def brain(keras, **_):
    """A GRU whose weights are bfloat16."""
    layers = keras.layers
    inputs = layers.Input((TIMESTEPS, FEATURES), batch_size=BATCH, dtype="bfloat16")
    gru = layers.GRU(5, dtype="bfloat16", recurrent_initializer="ones")  # no QR in bfloat16
    return keras.Model(inputs, gru(inputs))


ARCHITECTURES = {
    function.__name__: function
    for function in (
        stacked,
        after,
        before,
        backwards,
        bidirectional,
        cells,
        nested,
        without_bias,
        subclassed,
        trained,
        unrolled,
        large,
        any_batch,
        half,
        brain,
    )
}


def build(keras, architecture):
    """Return a live model whose every weight is a witness: random, no two alike."""
    model = ARCHITECTURES[architecture](keras)
    draws = np.random.default_rng(20)
    features = LARGE if architecture == "large" else FEATURES
    model(draws.normal(size=(BATCH, TIMESTEPS, features)).astype("float32"))
    for layer in model.layers:
        found = layer.get_weights()
        values = [np.asarray(draws.normal(size=np.shape(a)) * 0.5, "float32") for a in found]
        layer.set_weights([v.astype(a.dtype) for v, a in zip(values, found)])
    return model


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


def expected(model, keras):
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
