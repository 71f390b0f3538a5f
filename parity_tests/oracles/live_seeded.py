"""A live layer with nothing but a seed: what it draws for its weights and its masks.

This file runs in every Keras's own environment, as `worker` says.
"""

import numpy as np

try:
    from parity_tests.oracles import live_layer
except ImportError:
    import live_layer

# Keras's own name of what makes each mask: of the layer or its cell in Keras 2, of the cell in 3.
KERAS_2 = {"get_dropout_mask_for_cell": 0, "get_recurrent_dropout_mask_for_cell": 1}
KERAS_3 = {"get_dropout_mask": 0, "get_recurrent_dropout_mask": 1}


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
    recorded = _record(oracle, layer)
    execution = row.get("execution", "eager")
    calls = [_call(oracle, layer, execution, recorded, training) for training in (False, True)]
    if execution != "eager":
        options = {"jit_compile": True} if execution == "xla" else {}
        calls = [oracle.tf.function(call, **options) for call in calls]
    x = oracle.tf.constant(row["x"])
    reply["calls"] = []
    for training in row["calls"]:
        output, masks = calls[bool(training)](x)
        told = {"output": np.asarray(output)}
        if training:
            told["masks"] = [_array(mask) for mask in masks]
        reply["calls"].append(told)
    return reply


def _call(oracle, layer, execution, recorded, training):
    """Return a function of x that calls the layer and returns its output and masks."""

    def call(x):
        recorded[:] = [None, None]
        output = layer(x, training=training)
        masks = list(recorded)
        # In Keras 2 only the first of three counts, unless there is one a gate.
        per_gate = getattr(layer.cell, "implementation", 2) == 1
        on_layer = getattr(layer, "_could_use_gpu_kernel", False)
        for number, mask in enumerate(masks):
            if isinstance(mask, (list, tuple)):
                masks[number] = list(mask) if per_gate and not on_layer else mask[0]
        return output, [mask for mask in masks if mask is not None]

    return call


def _record(oracle, layer):
    """Have the layer note the masks it makes: a list of the input's and the state's."""
    recorded = [None, None]

    def wrap(owner, name, place):
        made = getattr(owner, name)

        def recording(*args, **kwargs):
            mask = made(*args, **kwargs)
            # The first of a call: the loop of a graph asks again inside its body.
            if recorded[place] is None:
                recorded[place] = mask
            return mask

        setattr(owner, name, recording)

    owners = [layer, layer.cell] if hasattr(layer, "get_dropout_mask_for_cell") else [layer.cell]
    names = KERAS_2 if len(owners) == 2 else KERAS_3
    for owner in owners:
        for name, place in names.items():
            wrap(owner, name, place)
    return recorded


def _array(mask):
    """Return a mask, or a list of one a gate, as one array."""
    if isinstance(mask, (list, tuple)):
        return np.stack([np.asarray(gate) for gate in mask])
    return np.asarray(mask)
