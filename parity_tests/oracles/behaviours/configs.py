"""Configs: the keys that get_config() writes, their order, and what is read back."""

from .asking import NotApplicable, error_of


def config_has_keras_2_keys(live):
    """GRU(1).get_config(): time_major"""
    return "time_major" in live.config()


def implementation_in_config(live):
    """GRU(1).get_config(): implementation"""
    return "implementation" in live.config()


def from_config_implementation_0_is_1(live):
    """GRU.from_config({"units": 1, "implementation": 0}).cell.implementation"""
    live.needs(implementation=0)
    made = live.keras.layers.GRU.from_config({"units": 1, "implementation": 0})
    return made.cell.implementation == 1


def dtype_policy_in_config(live):
    """GRU(1).get_config()["dtype"]: a dict"""
    return isinstance(live.config()["dtype"], dict)


def mixed_policies_are_written(live):
    """GRU(1, dtype=mixed_float16).get_config()["dtype"]: a Policy"""
    written = live.config(dtype=live.mixed_policy())["dtype"]
    return isinstance(written, dict) and written["class_name"] == "Policy"


def dtype_policies(live):
    """GRU(1, dtype={"class_name": …}), its config and from_config of that"""
    return [
        name
        for name in ("Policy", "DTypePolicy", "FloatDTypePolicy")
        if _policy_error(live, name) is None
    ]


def unknown_policy_error(live):
    """GRU(1, dtype={"class_name": …}) of the other generation, its config, from_config of that"""
    return _policy_error(live, "DTypePolicy" if live.generation == 2 else "Policy")


def _policy_error(live, class_name):
    def both_ways():
        dtype = {"class_name": class_name, "config": {"name": "float64"}}
        if live.generation == 3:
            dtype.update(module="keras", registered_name=None)
        layer = live.gru(dtype=dtype)
        live.keras.layers.GRU.from_config(layer.get_config()).build((2, 3, 4))

    return error_of(both_ways)


def dynamic_in_config(live):
    """GRU(1, dynamic=True).get_config()"""
    live.needs(dynamic=True)
    return "dynamic" in live.config(dynamic=True)


def batch_shape_before_dtype(live):
    """GRU(1, batch_input_shape=(2, 3, 4)).get_config(): batch_input_shape before dtype"""
    live.needs(batch_input_shape=(2, 3, 4))
    keys = list(live.config(batch_input_shape=(2, 3, 4)))
    return keys.index("batch_input_shape") < keys.index("dtype")


def rng_type_in_config(live):
    """GRU(1, rng_type="stateful").get_config(): rng_type"""
    live.needs(rng_type="stateful")
    return "rng_type" in live.config(rng_type="stateful")


def activity_regularizer_stands_first(live):
    """GRU(1, activity_regularizer="l2").get_config(): before return_sequences"""
    keys = list(live.config(activity_regularizer="l2"))
    return keys.index("activity_regularizer") < keys.index("return_sequences")


def serialized_modules(live):
    """GRU(1).get_config()["kernel_initializer"]: module"""
    initializer = live.config()["kernel_initializer"]
    if not isinstance(initializer, dict):
        raise NotApplicable(f"an initializer is written as {initializer!r}")
    return "module" in initializer


def merge_mode_before_layer(live):
    """Bidirectional(GRU(1)).get_config(): merge_mode before layer"""
    keys = list(live.keras.layers.Bidirectional(live.gru()).get_config())
    return keys.index("merge_mode") < keys.index("layer")


def build_config_in_config(live):
    """The config of a called RNN(GRUCell(1)): the build_config of its cell"""
    return "build_config" in _call_rnn(live).get_config()["cell"]


def build_config_has_states(live):
    """Bidirectional(a GRU(1) called with initial_state).get_config(): shapes_dict"""
    layer = live.gru()
    layer(live.x(), initial_state=live.tensor([[0.0], [0.0]]))
    written = live.keras.layers.Bidirectional(layer).get_config()["layer"]
    if "build_config" not in written:
        raise NotApplicable("no build_config")
    return "shapes_dict" in written["build_config"]


def from_config_builds(live):
    """RNN.from_config(the config of a called RNN(GRUCell(1))).cell.built"""
    written = _call_rnn(live).get_config()
    return bool(live.keras.layers.RNN.from_config(written).cell.built)


def _call_rnn(live):
    return live.call(live.keras.layers.RNN(live.keras.layers.GRUCell(1)))
