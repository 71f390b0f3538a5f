"""A live layer with nothing but a seed: what it draws for its weights and its masks.

This file runs in every Keras's own environment, as `worker` says.
"""

import numpy as np

try:
    from parity_tests.oracles import live_layer, live_wrappers
except ImportError:
    import live_layer
    import live_wrappers


def run(oracle, request):
    """Make the layers of a request one after the other; what Keras raises is a reply too.

    Each row has constructor, x, calls (a list of training) and optionally weights, execution,
    generators (whether Keras 2's are enabled) and the seed for set_random_seed; without one the
    process stays as the row before left it. With ``fresh`` false TensorFlow keeps its kernels,
    which is right for a seed that the process has not had before.
    """
    replies = []
    for row in oracle.decode(request["rows"]):
        try:
            replies.append(_row(oracle, row))
        except Exception as error:
            reply = {"error": live_layer.describe_error(error, "seeded")}
            return {"ok": True, "rows": [*replies, reply]}
    return {"ok": True, "rows": replies}


def _row(oracle, row):
    """Seed, build and call one layer."""
    if row.get("seed") is not None and row.get("fresh", True):
        oracle.keras.utils.set_random_seed(row["seed"])
    elif row.get("seed") is not None:
        oracle.seed_alone(row["seed"])
    if row.get("generators"):
        oracle.keras.backend.experimental.enable_tf_random_generator()
    layer = oracle.keras.layers.GRU(**row["constructor"])
    if row.get("generators"):
        oracle.keras.backend.experimental.disable_tf_random_generator()
    layer.build(row["x"].shape)
    reply = {"weights": [np.asarray(array) for array in layer.get_weights()]}
    if row.get("weights") is not None:
        layer.set_weights(row["weights"])
    recorder = live_wrappers.MaskRecorder(layer, layer.cell)
    execution = row.get("execution", "eager")
    calls = [_call(layer, recorder, training) for training in (False, True)]
    if execution != "eager":
        options = {"jit_compile": True} if execution == "xla" else {}
        calls = [oracle.tf.function(call, **options) for call in calls]
    x = oracle.tf.constant(row["x"])
    reply["calls"] = []
    for training in row["calls"]:
        output, masks = calls[bool(training)](x)
        told = {"output": np.asarray(output)}
        if training:
            told["masks"] = [live_layer.stack(mask) for mask in masks]
        reply["calls"].append(told)
    return reply


def _call(layer, recorder, training):
    """Return a function of x that calls the layer and returns its output and masks."""

    def call(x):
        recorder.made = [None, None]
        output = layer(x, training=training)
        return output, [mask for mask in recorder.tensors() if mask is not None]

    return call
