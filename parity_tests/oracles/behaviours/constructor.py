"""The constructor: which arguments it has, and what it refuses."""

import numpy as np

from .asking import NotApplicable, error_of, raises, the_one


def positional_after_recurrent_dropout(live):
    """inspect.signature(GRU.__init__): implementation follows recurrent_dropout"""
    names = live.parameters()
    return names[names.index("recurrent_dropout") + 1] == "implementation"


def time_major_argument(live):
    """GRU(1, time_major=False)"""
    return live.takes(time_major=False)


def implementation_argument(live):
    """GRU(1, implementation=1)"""
    return live.takes(implementation=1)


def use_cudnn_argument(live):
    """GRU(1, use_cudnn="auto")"""
    return live.takes(use_cudnn="auto")


def seed_argument(live):
    """GRU(1, seed=1)"""
    return live.takes(seed=1)


def force_generator_argument(live):
    """GRU(1, force_generator=True)"""
    return live.takes(force_generator=True)


def rng_type_argument(live):
    """GRU(1, rng_type="stateless")"""
    return live.takes(rng_type="stateless")


def caching_device_argument(live):
    """GRU(1, enable_caching_device=False)"""
    return live.takes(enable_caching_device=False)


def keras_2_layer_arguments(live):
    """GRU(1, …=…) for weights, dynamic, batch_input_shape, batch_size and input_length"""
    arguments = {
        "weights": {"weights": None},
        "dynamic": {"dynamic": True},
        "batch_input_shape": {"batch_input_shape": (2, 3, 4)},
        "batch_size": {"batch_size": 2, "input_shape": (3, 4)},
        "input_length": {"input_length": 3, "input_dim": 4},
    }
    return the_one({name: live.takes(**given) for name, given in arguments.items()})


def unknown_argument_error(live):
    """GRU(1, no_such_argument=1)"""
    return error_of(live.gru, no_such_argument=1)


def units_rule(live):
    """GRU(units).build((2, 3, 4)) for units of -1, 0, True and np.int64(5)"""

    def accepted(units):
        return not raises(lambda: live.gru(units).build((2, 3, 4)))

    # A negative size fails at the latest where the weights are made.
    refused = raises(live.gru, -1)
    rules = {
        (False, True, True, True): "any",
        (False, True, False, True): "any, no bool",
        (True, True, False, True): "not negative",
        (True, False, False, True): "positive",
        (True, False, False, False): "python int, no bool",
        (True, False, True, False): "python int",
    }
    seen = (refused, accepted(0), accepted(True), accepted(np.int64(5)))
    return rules.get(seen, f"-1 refused, 0, True, np.int64 taken: {seen}")


def wrong_type_error(live):
    """GRU(1, activation=5), and build with features of None"""
    return the_one(
        {
            "activation": error_of(live.gru, activation=5),
            "features": error_of(lambda: live.gru().build((2, 3, None))),
        }
    )


def name_is_checked(live):
    """GRU(1, name=5)"""
    return not live.takes(name=5)


def trainable_is_checked(live):
    """GRU(1, trainable=5)"""
    return not live.takes(trainable=5)


def name_without_slash(live):
    """GRU(1, name="a/b")"""
    return not live.takes(name="a/b")


def seed_is_checked(live):
    """GRU(1, seed="seven")"""
    live.needs(seed=7)
    return not live.takes(seed="seven")


def weights_argument_needs_the_building_call(live):
    """GRU(1, weights=ones) built before its first call"""
    ones = [np.ones((2, 3)), np.ones((1, 3)), np.ones((2, 3))]
    live.needs(weights=ones)
    layer = live.call(live.build(weights=ones))
    return not all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), ones))


def stateful_needs_float32(live):
    """GRU(1, stateful=True, dtype="float64")(x)"""
    layer = live.gru(stateful=True, dtype="float64")
    return raises(layer, live.x(dtype="float64"))


def mixed_state_fails(live):
    """GRU(1, stateful=True, dtype=mixed_float16)(x)"""
    layer = live.gru(stateful=True, dtype=live.mixed_policy())
    return raises(layer, live.x())


def dtype_aliases(live):
    """GRU(1, dtype=name).dtype for half, float and double"""
    names = ("half", "float", "double")
    return {name: live.gru(dtype=name).dtype for name in names if live.takes(dtype=name)}


def mixed_policies_have_names(live):
    """GRU(1, dtype="mixed_float16")"""
    return live.takes(dtype="mixed_float16")


def float16_products_round_by_term(live):
    """tf.matmul([[2048, 1, 1]], ones) in float16: 2048, not 2050"""
    row = live.tensor([[2048.0, 1.0, 1.0]], "float16")
    product = live.tf.matmul(row, live.tf.ones((3, 1), "float16"))
    return float(np.asarray(product)[0, 0]) == 2048


def fused_path(live):
    """GRU(1, return_runtime=True)(x), activations by name and as functions"""
    if live.generation == 3:
        return _loops(live)

    def fused(**activations):
        _, runtime = live.gru(return_runtime=True, **activations)(live.x())
        return int(runtime.numpy()) == 1

    functions = live.keras.activations
    if not fused():
        return "never on the CPU"
    by_function = fused(activation=functions.tanh, recurrent_activation=functions.sigmoid)
    return "by function" if by_function else "by name"


def _loops(live):
    """Return what stands for a layer of Keras 3 that calls its cell at every timestep."""
    layer = live.build()
    calls, call = [], layer.cell.call

    def counting(*args, **kwargs):
        calls.append(1)
        return call(*args, **kwargs)

    layer.cell.call = counting
    layer(live.x())
    return "never on the CPU" if calls else "on the CPU"


def recurrent_dropout_forces_implementation_1(live):
    """GRU(1, recurrent_dropout=0.5).cell.implementation"""
    return live.gru(recurrent_dropout=0.5).cell.implementation == 1


def layer_activations_need_float32(live):
    """GRU(1, activation="ReLU", dtype="float64")(x)"""
    if not live.takes(activation="ReLU"):
        raise NotApplicable("names of layers do not resolve")
    layer = live.gru(activation="ReLU", dtype="float64")
    return raises(layer, live.x(dtype="float64"))
