"""Initializers, regularizers, constraints and activations: what resolves, and to what."""

import numpy as np

from .asking import NotApplicable, error_of, raises

# Every name of an initializer that a release of Keras has resolved, but for constants.
_INITIALIZERS = (
    "GlorotNormal", "GlorotNormalV2", "GlorotUniform", "GlorotUniformV2", "HeNormal",
    "HeNormalV2", "HeUniform", "HeUniformV2", "Identity", "IdentityInitializer", "IdentityV2",
    "LecunNormal", "LecunNormalV2", "LecunUniform", "LecunUniformV2", "Ones", "OnesV2",
    "Orthogonal", "OrthogonalInitializer", "OrthogonalV2", "RandomNormal", "RandomNormalV2",
    "RandomUniform", "RandomUniformV2", "TruncatedNormal", "TruncatedNormalV2",
    "VarianceScaling", "VarianceScalingV2", "Zeros", "ZerosV2", "glorot_normal",
    "glorot_normalV2", "glorot_uniform", "glorot_uniformV2", "he_normal", "he_normalV2",
    "he_uniform", "he_uniformV2", "identity", "identity_initializer", "lecun_normal",
    "lecun_normalV2", "lecun_uniform", "lecun_uniformV2", "normal", "one", "ones",
    "orthogonal", "orthogonal_initializer", "random_normal", "random_uniform",
    "truncated_normal", "uniform", "variance_scaling", "zero", "zeros",
)  # fmt: skip

# Every name of a regularizer, but for L1, L2 and the orthogonal one, and of a constraint.
_REGULARIZERS = ("L1L2", "Regularizer", "l1_l2", "l1l2", "regularizer")
_CONSTRAINTS = (
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "RadialConstraint", "UnitNorm", "constraint",
    "max_norm", "maxnorm", "min_max_norm", "non_neg", "nonneg", "radial_constraint", "unit_norm",
    "unitnorm",
)  # fmt: skip

# Every name of a function that is an activation in some release.
_ACTIVATIONS = (
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
    "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
    "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh",
    "tanh_shrink",
)  # fmt: skip


def _written(class_name, **config):
    return {"class_name": class_name, "config": config}


def _function(name):
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


# ---- initializers


def initializer_names(live):
    """initializers.get(name) for every name that some release has"""
    get = live.keras.initializers.get

    def resolves(name):
        return not raises(lambda: get(name)((2, 3), dtype="float32"))

    return [name for name in _INITIALIZERS if resolves(name)]


def array_initializer(live):
    """initializers.get(np.ones((2, 3)))"""
    return not raises(live.keras.initializers.get, np.ones((2, 3)))


def constant_initializer_error(live):
    """initializers.get("constant")"""
    return raises(live.keras.initializers.get, "constant")


def initializer_config_has_dtype(live):
    """initializers.get({"class_name": "GlorotUniform", "config": {"dtype": "float32"}})"""
    given = _written("GlorotUniform", dtype="float32")
    return not raises(live.keras.initializers.get, given)


def initializer_seed_0_is_none(live):
    """initializers.RandomNormal(seed=0).seed"""
    return live.keras.initializers.RandomNormal(seed=0).seed != 0


def initializer_seed_is_checked(live):
    """initializers.GlorotUniform(seed="seven")"""
    return raises(live.keras.initializers.GlorotUniform, seed="seven")


def uniform_maxval_may_be_none(live):
    """initializers.RandomUniform(0.0, None)((20, 20))"""
    made = live.keras.initializers.RandomUniform(0.0, None)
    if raises(made, (20, 20)):
        return False
    return bool(0.9 < np.max(np.asarray(made((20, 20)))) < 1)


def constant_broadcasts(live):
    """initializers.Constant([1.0, 2.0, 3.0])((2, 3))"""
    return not raises(live.keras.initializers.Constant([1.0, 2.0, 3.0]), (2, 3))


def cast_floats_are_float32(live):
    """initializers.Constant(0.1)((1,), dtype="float64")"""
    made = np.asarray(live.keras.initializers.Constant(0.1)((1,), dtype="float64"))
    return float(made[0]) != 0.1


def orthogonal_draws_in(live):
    """initializers.Orthogonal()((2, 2)) in each dtype"""
    made = live.object("initializers", "Orthogonal", "OrthogonalInitializer")()
    dtypes = ("float16", "float32", "float64")
    return [dtype for dtype in dtypes if not raises(made, (2, 2), dtype=dtype)]


def identity_gain_in_config(live):
    """initializers.Identity(2.0).get_config()"""
    return (
        "gain" in live.object("initializers", "Identity", "IdentityInitializer")(2.0).get_config()
    )


def he_and_lecun_are_functions(live):
    """type(initializers.get("he_normal"))"""
    return type(live.keras.initializers.get("he_normal")).__name__ == "VarianceScaling"


def renamed_initializers(live):
    """initializers.serialize(initializers.Orthogonal()), and of Identity()"""
    written = {}
    for name in ("Orthogonal", "Identity"):
        made = live.object("initializers", name, name + "Initializer")()
        written[name] = live.keras.initializers.serialize(made)["class_name"]
    return {name: to for name, to in written.items() if to != name}


def seed_first_in_config(live):
    """initializers.RandomNormal().get_config(): the first key"""
    return next(iter(live.keras.initializers.RandomNormal().get_config())) == "seed"


def initializer_axes_in_config(live):
    """initializers.VarianceScaling().get_config()"""
    return "input_axes" in live.keras.initializers.VarianceScaling().get_config()


# ---- regularizers and constraints


def regularizer_names(live):
    """regularizers.get(name) for every name that some release has"""
    return _resolving(live.keras.regularizers.get, _REGULARIZERS)


def constraint_names(live):
    """constraints.get(name) for every name that some release has"""
    return _resolving(live.keras.constraints.get, _CONSTRAINTS)


def _resolving(get, names):
    """Return the names of something callable: Keras 2.13 and later give an unknown string back."""

    def resolves(name):
        return not raises(get, name) and callable(get(name))

    return [name for name in names if resolves(name)]


def negative_penalties(live):
    """regularizers.L1L2(l1=-1.0)"""
    return not raises(live.keras.regularizers.L1L2, l1=-1.0)


def penalties_are_checked(live):
    """regularizers.L1L2(l1=float("nan"))"""
    return raises(live.keras.regularizers.L1L2, l1=float("nan"))


def penalty_may_be_none(live):
    """regularizers.L1L2(l1=None)(tf.ones((2, 3)))"""
    if raises(live.keras.regularizers.L1L2, l1=None):
        return False
    made = live.keras.regularizers.L1L2(l1=None)
    return not np.isnan(np.asarray(made(live.tf.ones((2, 3)))))


def l1_and_l2_classes(live):
    """type(regularizers.get("l2"))"""
    return type(live.keras.regularizers.get("l2")).__name__ == "L2"


def l_names_a_penalty(live):
    """regularizers.l2(l=0.1)"""
    return not raises(live.keras.regularizers.l2, l=0.1)


def orthogonal_regularizer(live):
    """regularizers.get("orthogonal_regularizer")"""
    return bool(_resolving(live.keras.regularizers.get, ["orthogonal_regularizer"]))


def orthogonal_factor_is_float(live):
    """regularizers.OrthogonalRegularizer(factor=1)(tf.ones((2, 3)))"""
    made = live.object("regularizers", "OrthogonalRegularizer")(factor=1)
    return raises(made, live.tf.ones((2, 3)))


def norm_bounds_take_none(live):
    """constraints.MinMaxNorm(min_value=None)(tf.ones((2, 3))), and MaxNorm(max_value=None)"""
    ones = live.tf.ones((2, 3))
    kinds = live.keras.constraints
    return not raises(lambda: kinds.MinMaxNorm(min_value=None)(ones)) and not raises(
        lambda: kinds.MaxNorm(max_value=None)(ones)
    )


def weight_callables(live):
    """GRU(1, kernel_regularizer=function, kernel_constraint=function).build((2, 3, 4))"""
    taken = [
        not raises(lambda given=given: live.gru(**given).build((2, 3, 4)))
        for given in (
            {"kernel_regularizer": lambda weight: live.tf.reduce_sum(weight)},
            {"kernel_constraint": lambda weight: weight},
        )
    ]
    return taken[0] if taken[0] == taken[1] else f"regularizer, constraint: {taken}"


def classes_are_instantiated(live):
    """regularizers.get(regularizers.L1L2), and constraints.get(constraints.NonNeg)"""
    regularizers, constraints = live.keras.regularizers, live.keras.constraints
    made = (regularizers.get(regularizers.L1L2), constraints.get(constraints.NonNeg))
    return not any(isinstance(item, type) for item in made)


def serialized_config_required(live):
    """regularizers.get({"class_name": "L1L2"})"""
    return raises(live.keras.regularizers.get, {"class_name": "L1L2"})


def config_penalties_are_float32(live):
    """regularizers.L1(0.1).get_config(), and of L2, L1L2, OrthogonalRegularizer"""
    kinds = live.keras.regularizers
    rounded = {}
    for name in ("L1", "L2", "L1L2", "OrthogonalRegularizer"):
        if isinstance(getattr(kinds, name, None), type):
            values = getattr(kinds, name)(0.1).get_config().values()
            rounded[name] = float(np.float32(0.1)) in [v for v in values if isinstance(v, float)]
    return rounded


# ---- activations


def renamed_activations(live):
    """GRU(1, activation=name).get_config()["activation"] where it is another name"""
    written = {
        name: live.config(activation=name)["activation"]
        for name in _ACTIVATIONS
        if live.takes(activation=name)
    }
    return {"taken": sorted(written), "renamed": {k: v for k, v in written.items() if k != v}}


def activation_layers(live):
    """activations.get({"module": "keras.layers", "class_name": "LeakyReLU", "config": {…}})"""
    return not raises(live.keras.activations.get, _layer_dict(live))


def activation_layers_need_module(live):
    """activations.get({"class_name": "LeakyReLU", "config": {…}})"""
    given = _layer_dict(live)
    if raises(live.keras.activations.get, given):
        raise NotApplicable("dicts of layers do not resolve")
    given = {key: item for key, item in given.items() if key in ("class_name", "config")}
    return raises(live.keras.activations.get, given)


def _layer_dict(live):
    slope = "alpha" if live.generation == 2 else "negative_slope"
    given = _written("LeakyReLU", **{"name": "named", slope: 0.25})
    if live.generation == 3:
        given.update(module="keras.layers", registered_name=None)
    return given


def activation_layers_round_to_float32(live):
    """layers.ELU(0.1).get_config()["alpha"]"""
    return float(live.keras.layers.ELU(0.1).get_config()["alpha"]) != 0.1


def elu_alpha_stands_second(live):
    """layers.ELU(0.5).get_config(): the second key"""
    return list(live.keras.layers.ELU(0.5).get_config())[1] == "alpha"


def relu_config_holds_arrays(live):
    """GRU(1, activation=layers.ReLU(max_value=2.0)).get_config()["activation"]"""
    written = live.config(activation=live.keras.layers.ReLU(max_value=2.0))["activation"]
    if not isinstance(written, dict):
        raise NotApplicable(f"a layer is written as {written!r}")
    return isinstance(written["config"]["max_value"], np.ndarray)


def activation_function_dicts(live):
    """activations.get({"class_name": "function", "config": "relu", …})"""
    return not raises(live.keras.activations.get, _function("relu"))


def activation_dict_error(live):
    """activations.get({"class_name": "function", "config": "no_such_function", …})"""
    return error_of(live.keras.activations.get, _function("no_such_function"))
