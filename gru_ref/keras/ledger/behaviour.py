"""The ledger: which Keras release behaves how, one row a behaviour, each with its source.

Nothing outside this file asks for a version: the rest of gru_ref asks a `Behaviour`, one field a
row. Minors are counted as `gru_ref.keras.ledger.releases` says.

"Measured" in a source means: run on that release. "Read" means: read in its source code only.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.errors import KerasQuirkWarning
from gru_ref.keras.ledger.releases import Release, release_of


class Behaviour(NamedTuple):
    """What one Keras release does, a field for each row of `LEDGER`."""

    release: Release
    generation: int
    # constructor
    positional_after_recurrent_dropout: bool
    time_major_argument: bool
    implementation_argument: bool
    use_cudnn_argument: bool
    seed_argument: bool
    rng_type_argument: bool
    caching_device_argument: bool
    keras_2_layer_arguments: bool
    unknown_argument_error: type[Exception]
    units_rule: str
    wrong_type_error: type[Exception]
    seed_is_checked: bool
    name_is_checked: bool
    trainable_is_checked: bool
    name_without_slash: bool
    negative_penalties: bool
    penalties_are_checked: bool
    penalty_may_be_none: bool
    l1_and_l2_classes: bool
    orthogonal_regularizer: bool
    orthogonal_factor_is_float: bool
    norm_bounds_take_none: bool
    weight_callables: bool
    classes_are_instantiated: bool
    serialized_config_required: bool
    array_initializer: bool
    initializer_seed_is_checked: bool
    constant_initializer_error: bool
    initializer_names: str
    initializer_config_has_dtype: bool
    initializer_seed_0_is_none: bool
    uniform_maxval_may_be_none: bool
    constant_broadcasts: bool
    cast_floats_are_float32: bool
    unseeded_initializers: str
    seeded_initializers_are_operations: bool
    layer_activations_need_float32: bool
    dtype_aliases: Mapping[str, str]
    mixed_policies_have_names: bool
    orthogonal_draws_in: tuple[str, ...]
    # which code runs
    fused_path: str
    recurrent_dropout_forces_implementation_1: bool
    float16_products_round_by_term: bool
    # dropout
    dropout_masks_per_gate: bool
    fused_mask_per_timestep: bool
    masked_state_in_mix: bool
    recurrent_mask_uses_dropout_rate: bool
    rate_one: str
    implementation_1_dropout_fails: bool
    inference_draws_masks: bool
    graph_loop_draws_every_timestep: bool
    xla_masks_are_known: bool
    generator_masks_are_known: bool
    unseeded_draws_follow_the_global_seed: bool
    seed_wraps_at_32_bits: bool
    # masking
    fused_ignores_zero_output_for_mask: bool
    unroll_zeroes_unreversed: bool
    unroll_zero_last_output_fails: bool
    unroll_unit_mask_fails: bool
    zero_last_output: bool
    # call
    inputs_are_cast: bool
    inputs_list_carries_state: bool
    list_is_several_shapes: bool
    training_is_boolean: bool
    mask_containers: tuple[type[Any], ...]
    weight_type_error: type[Exception]
    state_type_error: type[Exception]
    initial_state_is_cast: bool
    initial_state_broadcasts: str
    extra_initial_states_ignored: bool
    empty_initial_state_is_none: bool
    weights_argument_needs_the_building_call: bool
    recorded_state_wins: bool
    stateful_needs_float32: bool
    mixed_state_fails: bool
    # results
    state_container: type[list[Any]] | type[tuple[Any, ...]]
    reset_states_takes_values: bool
    reset_state_method: bool
    # around the layer
    kept_masks_act_in_inference: bool
    masks_are_reset_after_the_loop: bool
    cell_keeps_masks: bool
    cell_state_is_list: bool
    state_size_container: type[list[Any]] | type[tuple[Any, ...]]
    reverse_state_order_argument: bool
    short_states_run_fewer_cells: bool
    rnn_mask_containers: tuple[type[Any], ...]
    states_are_none_without_record: bool
    stack_reset_fails: bool
    one_cell_stack_mask_fails: bool
    one_cell_stack_unwraps: bool
    frozen_weights_are_last: bool
    losses_layer_by_layer: bool
    backward_is_opposite: bool
    bidirectional_copies_are_built: bool
    not_a_sequence_layer_error: type[Exception]
    bidirectional_is_as_trainable_as_its_layer: bool
    bidirectional_ignores_weights: bool
    initial_state_array_is_split: bool
    bidirectional_output_is_cast: bool
    bidirectional_has_states: bool
    bidirectional_state_mask_fails: bool
    ragged_input: bool
    ragged_input_is_fused: bool
    ragged_backwards_keeps_padding: bool
    # penalties and projections
    penalty_factors_are_float32: bool
    penalties_without_float64: tuple[str, ...]
    orthogonal_cosines_cancel: bool
    orthogonal_smallest_norm: float
    orthogonal_penalty_of_one_vector: bool
    activity_divided_by_first_axis: bool
    activity_fails_with_runtime: bool
    frozen_weights_are_penalized: bool
    frozen_weights_are_projected: bool
    non_neg_multiplies: bool
    non_neg_needs_float32: bool
    bias_norm_mixes_rows: bool
    # config
    config_has_keras_2_keys: bool
    implementation_in_config: bool
    from_config_implementation_0_is_1: bool
    dtype_policy_in_config: bool
    mixed_policies_are_written: bool
    dtype_policies: tuple[str, ...]
    unknown_policy_error: type[Exception]
    dynamic_in_config: bool
    batch_shape_before_dtype: bool
    activity_regularizer_stands_first: bool
    serialized_modules: bool
    merge_mode_before_layer: bool
    build_config_in_config: bool
    build_config_has_states: bool
    from_config_builds: bool
    seed_first_in_config: bool
    initializer_axes_in_config: bool
    identity_gain_in_config: bool
    he_and_lecun_are_functions: bool
    renamed_initializers: Mapping[str, str]
    config_penalties_are_float32: tuple[str, ...]
    renamed_activations: Mapping[str, str]
    activation_layers: bool
    activation_layers_need_module: bool
    activation_layers_round_to_float32: bool
    activation_function_dicts: bool
    activation_dict_error: type[Exception]
    relu_config_holds_arrays: bool
    elu_alpha_stands_second: bool

    def warn(self, row: str, detail: str = "") -> None:
        """Emit one `KerasQuirkWarning` that names the ledger row."""
        text = f"{row}: {BY_NAME[row].quirk} (Keras {self.release})"
        warnings.warn(f"{text}{': ' if detail else ''}{detail}", KerasQuirkWarning, stacklevel=4)


class Row(NamedTuple):
    """One behaviour: its value from a release on, in each generation, and its source."""

    name: str
    keras_2: tuple[tuple[int, Any], ...]
    keras_3: tuple[tuple[int, Any], ...]
    source: str
    quirk: str = ""

    def at(self, release: Release) -> Any:
        """Return the value that holds at `release`."""
        changes = self.keras_2 if release.generation == 2 else self.keras_3
        value = changes[0][1]
        for since, changed in changes:
            if release.minor >= since:
                value = changed
        return value


def _row(name: str, keras_2: Any, keras_3: Any, source: str, quirk: str = "") -> Row:
    """Build a row; a value that never changed in a generation is written plain."""

    def chain(value: Any, oldest: int) -> tuple[tuple[int, Any], ...]:
        return tuple(value.items()) if isinstance(value, dict) else ((oldest, value),)

    return Row(name, chain(keras_2, 1), chain(keras_3, 0), source, quirk)


# name | Keras 2: value, or {TensorFlow minor: value from there on} | Keras 3 | source | quirk
LEDGER: tuple[Row, ...] = (
    _row("generation", 2, 3, "the major number of keras.__version__"),
    # ---- constructor
    _row(
        "positional_after_recurrent_dropout",
        {1: True, 4: False},
        False,
        "signature of GRU.__init__ (recurrent_v2.py, TF 2.1, 2.3 and 2.4): implementation left it in 2.4",
    ),
    _row(
        "time_major_argument",
        True,
        False,
        "keras/src/layers/rnn/rnn.py, RNN.__init__, 3.0–3.15.1, measured",
    ),
    _row(
        "implementation_argument",
        True,
        {0: False, 4: True},
        "GRU.__init__ of Keras 3.3 and 3.4, read",
    ),
    _row(
        "use_cudnn_argument", False, {0: False, 2: True}, "GRU.__init__ of Keras 3.1 and 3.2, read"
    ),
    _row(
        "seed_argument",
        {1: False, 8: True},
        True,
        "BaseRandomLayer arrives in TF 2.8, measured 2.7 and 2.8",
    ),
    _row(
        "rng_type_argument",
        {1: False, 10: True},
        False,
        "BaseRandomLayer.__init__, TF 2.9 and 2.10, measured",
    ),
    _row(
        "caching_device_argument",
        {1: False, 2: True},
        False,
        "GRU(1, enable_caching_device=False), TF 2.1 and 2.2, measured",
    ),
    _row(
        "keras_2_layer_arguments",
        True,
        False,
        "base_layer.Layer.__init__ of Keras 2: weights, dynamic, batch_input_shape, batch_size, input_length",
    ),
    _row(
        "unknown_argument_error",
        TypeError,
        ValueError,
        "generic_utils.validate_kwargs (tf_keras 2.21); Layer.__init__ (Keras 3.15.1), measured",
    ),
    _row(
        "units_rule",
        {1: "any", 4: "any, no bool", 6: "not negative", 11: "positive"},
        {0: "python int, no bool", 13: "python int"},
        "GRUCell.__init__ and build (TF 2.1–2.12, 2.15, tf_keras 2.21); RNN.__init__ of Keras 3.0.5–3.15.1, measured",
    ),
    _row(
        "wrong_type_error",
        TypeError,
        ValueError,
        "an activation, name, trainable, features or x of the wrong type, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "name_is_checked",
        {1: False, 7: True},
        True,
        "GRU(1, name=5), TF 2.1–2.6 and 2.9–2.12, Keras 3.0.5–3.15.1, measured, and Keras 2.7, read",
    ),
    _row(
        "trainable_is_checked",
        {1: False, 7: True},
        {0: False, 15: True},
        "GRU(1, trainable=5), TF 2.1–2.6 and 2.9–2.12, Keras 3.0.5–3.15.1, measured, and Keras 2.7, read",
    ),
    _row(
        "name_without_slash",
        False,
        True,
        "KerasSaveable, Operation.__init__, Keras 3.15.1, measured",
    ),
    _row(
        "seed_is_checked",
        False,
        True,
        "SeedGenerator.__init__, which a layer's seed goes to, Keras 3.0.5–3.15.1, measured",
    ),
    _row(
        "negative_penalties",
        True,
        False,
        "regularizers.L2, tf_keras 2.21; validate_float_arg of Keras 3.15.1, measured",
    ),
    _row(
        "penalties_are_checked",
        {1: False, 3: True},
        True,
        "L1L2.__init__ given NaN, TF 2.1 and 2.3, measured",
    ),
    _row(
        "penalty_may_be_none",
        {1: False, 4: True},
        True,
        "L1L2.__init__, TF 2.3 and 2.4, read: None is the default; TF 2.1 makes NaN of it",
    ),
    _row(
        "l1_and_l2_classes",
        {1: False, 3: True},
        True,
        "regularizers.l1 and l2 of TF 2.1 are functions that make an L1L2, with the parameter l alone; TF 2.3, measured",
    ),
    _row(
        "orthogonal_regularizer",
        {1: False, 9: True},
        True,
        "regularizers.get('orthogonal_regularizer'), TF 2.5 and 2.9, measured; Keras 2.8, read",
    ),
    _row(
        "orthogonal_factor_is_float",
        False,
        True,
        "OrthogonalRegularizer.__call__ halves a tensor of the factor's own dtype, Keras 3.0–3.15.1, measured",
    ),
    _row(
        "norm_bounds_take_none",
        True,
        False,
        "backend.clip (tf_keras 2.21); ops.clip in a step of SGD (Keras 3.15.1), measured",
    ),
    _row(
        "weight_callables",
        True,
        {0: True, 1: False, 15: True},
        "Variable.regularizer and Variable.constraint, Keras 3.0.5, 3.1.1, 3.14.1 and 3.15.1, measured",
    ),
    _row(
        "classes_are_instantiated",
        False,
        True,
        "regularizers.get and constraints.get given a class, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "serialized_config_required",
        True,
        False,
        "a dict with a class_name alone, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "array_initializer",
        False,
        {0: False, 7: True},
        "initializers.get, tf_keras 2.21, Keras 3.6.0, 3.7.0 and 3.15.1, measured",
    ),
    _row(
        "initializer_seed_is_checked",
        False,
        {0: False, 6: True},
        "GlorotUniform(seed='seven'), Keras 3.0.5–3.15.1, measured, and 3.6, read",
    ),
    _row(
        "constant_initializer_error",
        False,
        True,
        "initializers.get('constant'), Keras 3.0–3.15.1, measured",
        "'constant' as a string is a KeyError in Keras 3",
    ),
    _row(
        "initializer_names",
        {1: "2.1", 3: "2.3"},
        {0: "3.0", 2: "3.2", 4: "3.4", 7: "3.7"},
        "initializers.get, TF 2.1–2.6, 2.10–2.15, tf_keras 2.21, Keras 3.0.5–3.15.1, measured: keys of initializers.NAMES",
    ),
    _row(
        "initializer_config_has_dtype",
        True,
        False,
        "Initializer.from_config pops dtype, TF 2.1–2.12 and tf_keras 2.21; Keras 3.3.3–3.15.1 raise, measured",
    ),
    _row(
        "initializer_seed_0_is_none",
        False,
        {0: True, 2: False},
        "RandomNormal.__init__, Keras 3.1.1 and 3.2.1, read",
    ),
    _row(
        "uniform_maxval_may_be_none",
        True,
        False,
        "RandomUniform(maxval=None), TF 2.1–2.12, tf_keras 2.21 and Keras 3.3.3–3.15.1, measured: it is 1",
    ),
    _row(
        "constant_broadcasts",
        False,
        True,
        "Constant.__call__, tf_keras 2.21 and Keras 3.15.1, measured: Keras 2 takes one number or as many as the weight has",
    ),
    _row(
        "cast_floats_are_float32",
        False,
        True,
        "ops.cast and tf.cast of a Python float: the constant and the bounds of a uniform in float64, Keras 3.3.3–3.15.1, measured",
    ),
    _row(
        "unseeded_initializers",
        {1: "operation", 10: "first use"},
        "construction",
        "where a seed comes from: RandomGenerator, TF 2.5.3, 2.9.3 and 2.10.1; RandomInitializer.__init__, Keras 3.15.1, measured",
    ),
    _row(
        "seeded_initializers_are_operations",
        {1: False, 7: True, 10: False},
        False,
        "RandomGenerator.make_legacy_seed, TF 2.5.3, 2.9.3 and 2.10.1, measured, and Keras 2.6–2.8, read",
        "a seeded initializer draws with the global seed too, and goes on where the last of its seed stopped",
    ),
    _row(
        "layer_activations_need_float32",
        True,
        False,
        "activations.get resolves names of layers, whose own dtype is floatx; TF 2.5 on, measured",
        "Keras raises where a layer's name is the activation in float64; computed as documented",
    ),
    _row(
        "dtype_aliases",
        {1: {"half": "float16", "float": "float32", "double": "float64"}},
        {0: {}},
        "tf.as_dtype (TF 2.1–2.21); DTypePolicy (Keras 3.0.5–3.15.1), measured: other names of a dtype",
    ),
    _row(
        "mixed_policies_have_names",
        {1: False, 5: True},
        True,
        "dtype='mixed_float16', TF 2.1, 2.3, 2.4 and 2.5, measured: before, a Policy or its dict alone",
    ),
    _row(
        "orthogonal_draws_in",
        {
            1: ("float16", "float32", "float64"),
            4: ("float32", "float64"),
            10: ("float16", "float32", "float64"),
        },
        ("float16", "float32", "float64"),
        "Orthogonal.__call__, whose Qr lacks the other types, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    ),
    # ---- which code runs
    _row(
        "fused_path",
        {1: "by name", 2: "by function"},
        "never on the CPU",
        "GRU._could_use_gpu_kernel (tf_keras 2.21); TF 2.1 compares the strings; backend.gru of Keras 3, measured",
    ),
    _row(
        "recurrent_dropout_forces_implementation_1",
        True,
        {0: False, 8: True},
        "GRUCell.__init__ (tf_keras 2.21; Keras 3.8, change #20656), measured",
    ),
    _row(
        "float16_products_round_by_term",
        {1: True, 16: False},
        False,
        "MatMul of float16, TF 2.1–2.15, 2.16 and 2.21, measured: on a CPU",
    ),
    # ---- dropout
    _row(
        "dropout_masks_per_gate",
        True,
        {0: False, 8: True},
        "GRUCell.call with implementation=1 (tf_keras 2.21; Keras 3.7 and 3.8), measured",
    ),
    _row(
        "fused_mask_per_timestep",
        True,
        False,
        "GRU._defun_gru_call, tf_keras 2.21, measured",
        "the fused path drops other input features at every timestep; its documentation says one mask a sequence",
    ),
    _row(
        "masked_state_in_mix",
        False,
        {0: True, 8: False},
        "GRUCell.call, Keras 3.7 and 3.8, measured",
        "recurrent dropout also masks the state that the update gate keeps",
    ),
    _row(
        "recurrent_mask_uses_dropout_rate",
        False,
        {0: True, 2: False},
        "DropoutRNNCell.get_recurrent_dropout_mask, Keras 3.1 and 3.2, measured",
        "the recurrent mask is drawn with the rate of `dropout`, and only if that is not zero",
    ),
    _row(
        "rate_one",
        "raises in training",
        {0: "raises", 14: "drops nothing"},
        "tf.nn.dropout's check; Keras 3.13 and 3.14 backend.random.dropout, measured",
        "a rate of 1 drops nothing",
    ),
    _row(
        "implementation_1_dropout_fails",
        False,
        {0: False, 8: True},
        "GRU.inner_loop, Keras 3.8–3.15.1, measured: it expands a list of three masks",
        "Keras raises here in training unless use_cudnn=False; computed as documented, one mask a gate",
    ),
    _row(
        "inference_draws_masks",
        False,
        True,
        "RNN._maybe_config_dropout_masks, Keras 3.1–3.15.1, measured: the generator counts on; tf_keras 2.21, measured",
    ),
    _row(
        "graph_loop_draws_every_timestep",
        {1: False, 2: True},
        False,
        "ContextValueCache keeps masks by graph, and the loop's body is a graph of its own; TF 2.1, 2.2 and 2.21, measured",
        "in a graph the loop drops other entries at every timestep, and draws them in no fixed order",
    ),
    _row(
        "xla_masks_are_known",
        False,
        True,
        "Keras 3.15.1 in a function with jit_compile=True, measured; Keras 2 draws by XLA's own generator there",
    ),
    _row(
        "generator_masks_are_known",
        {1: False, 12: True},
        False,
        "RandomGenerator.dropout with rng_type 'stateful' or 'stateless', TF 2.12, 2.15 and 2.21, measured; TF 2.10 draws otherwise",
    ),
    _row(
        "unseeded_draws_follow_the_global_seed",
        {1: False, 10: True},
        True,
        "masks and initializers without a seed after set_random_seed, TF 2.10, 2.12, 2.15 and 2.21, Keras 3.1–3.15.1, measured; TF 2.9 draws otherwise",
    ),
    _row(
        "seed_wraps_at_32_bits",
        False,
        {0: True, 5: False},
        "tf_draw_seed and _cast_seed of backend/tensorflow/random.py, Keras 3.4.1 and 3.5.0, measured; before, bits of a uint32, since then mod 2**31 − 2",
    ),
    # ---- masking
    _row(
        "fused_ignores_zero_output_for_mask",
        {1: True, 2: False},
        False,
        "standard_gru, TF 2.1 and 2.2, measured",
        "the fused path ignores zero_output_for_mask",
    ),
    _row(
        "unroll_zeroes_unreversed",
        True,
        True,
        "backend.rnn (tf_keras 2.21); backend/tensorflow/rnn.py (Keras 3.15.1), measured",
        "unroll with go_backwards and zero_output_for_mask zeroes the outputs by the mask in its original order",
    ),
    _row(
        "unroll_zero_last_output_fails",
        {1: False, 9: True},
        False,
        "backend.rnn with return_all_outputs=False, TF 2.8 and 2.9, measured",
        "Keras raises for unroll, a mask, zero_output_for_mask and return_sequences=False; computed as documented",
    ),
    _row(
        "unroll_unit_mask_fails",
        True,
        True,
        "backend.rnn, _expand_mask (tf_keras 2.21, Keras 3.15.1), measured",
        "Keras raises for unroll with a mask per unit; computed as without unroll",
    ),
    _row(
        "zero_last_output",
        True,
        True,
        "backend.rnn (tf_keras 2.21, Keras 3.15.1), measured",
        "zero_output_for_mask zeroes the last output too where its timestep is masked",
    ),
    # ---- call
    _row(
        "inputs_are_cast",
        False,
        True,
        "integer and bool inputs, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "inputs_list_carries_state",
        True,
        False,
        "rnn_utils.standardize_args, tf_keras 2.21, measured",
    ),
    _row(
        "list_is_several_shapes",
        True,
        False,
        "RNN.build and RNN.compute_output_shape given a list, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "training_is_boolean",
        True,
        False,
        "control_flow_util.smart_cond, which dropout calls, tf_keras 2.21; Keras 3.15.1 takes the truth, measured",
    ),
    _row(
        "mask_containers",
        (list,),
        (list, tuple),
        "RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: the first element is the mask",
    ),
    _row(
        "weight_type_error",
        {1: AttributeError, 6: ValueError},
        AttributeError,
        "Layer.set_weights given no array, TF 2.1–2.6, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    ),
    _row(
        "state_type_error",
        AttributeError,
        ValueError,
        "initial_state=object(), TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured",
    ),
    _row(
        "initial_state_is_cast",
        False,
        True,
        "RNN.call of Keras 3.15.1; tf_keras 2.21 never casts, measured",
    ),
    _row(
        "initial_state_broadcasts",
        "unrolled",
        "always",
        "a state of batch 1, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "extra_initial_states_ignored",
        False,
        True,
        "GRU.inner_loop takes initial_state[0], Keras 3.15.1, measured",
        "every initial state after the first is ignored",
    ),
    _row(
        "empty_initial_state_is_none",
        True,
        False,
        "initial_state=[], tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "weights_argument_needs_the_building_call",
        {1: False, 3: True},
        False,
        "base_layer.Layer._maybe_build, TF 2.1–2.15 and tf_keras 2.21, measured; Keras 3 has no such argument",
        "weights= is ignored by a layer that was built before its first call",
    ),
    _row(
        "recorded_state_wins",
        True,
        False,
        "RNN._process_inputs, tf_keras 2.21, measured",
        "a stateful layer whose recorded state is not zero uses that and ignores initial_state",
    ),
    _row(
        "stateful_needs_float32",
        {1: True, 14: False},
        False,
        "RNN.reset_states makes a variable of floatx, TF 2.1–2.12 and 2.15, measured, and Keras 2.13 and 2.14, read",
        "Keras raises for a stateful layer whose weights are not float32; computed as documented",
    ),
    _row(
        "mixed_state_fails",
        {1: True, 7: False},
        {0: True, 8: False},
        "RNN._process_inputs casts the recorded state, TF 2.1–2.10, measured, and Keras 2.7, read; the variable of the state, Keras 3.0.5–3.15.1, measured",
        "Keras raises for a stateful layer with a mixed policy; computed as documented",
    ),
    # ---- results
    _row("state_container", list, tuple, "return_state, tf_keras 2.21 and Keras 3.15.1, measured"),
    _row(
        "reset_states_takes_values",
        True,
        False,
        "RNN.reset_states, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row("reset_state_method", False, True, "RNN.reset_state, Keras 3.0–3.15.1, measured"),
    # ---- around the layer
    _row(
        "kept_masks_act_in_inference",
        True,
        False,
        "GRUCell.call with the masks of an earlier call, tf_keras 2.21 and Keras 3.15.1, measured: Keras 2 also keeps the ones of inference",
    ),
    _row(
        "masks_are_reset_after_the_loop",
        False,
        True,
        "RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: before the loop in Keras 2",
    ),
    _row(
        "cell_keeps_masks",
        True,
        True,
        "a GRUCell called by itself, tf_keras 2.21 and Keras 3.15.1, measured",
        "a cell drops with the masks of its call before until they are reset",
    ),
    _row(
        "cell_state_is_list",
        False,
        True,
        "GRUCell.get_initial_state, tf_keras 2.21 and Keras 3.15.1, measured: the states of a stack that started from zeros come in lists",
    ),
    _row(
        "state_size_container",
        tuple,
        list,
        "StackedRNNCells.state_size, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "reverse_state_order_argument",
        True,
        False,
        "StackedRNNCells.call, tf_keras 2.21, measured: it packs the states without reordering them",
        "reverse_state_order changes nothing but the sizes that the states have to have",
    ),
    _row(
        "short_states_run_fewer_cells",
        False,
        True,
        "StackedRNNCells.call zips cells and states, Keras 3.15.1, measured",
        "a stack runs as many cells as it is given states",
    ),
    _row(
        "rnn_mask_containers",
        (list, tuple),
        (),
        "RNN.call, tf_keras 2.21 and Keras 3.15.1, measured: GRU takes others",
    ),
    _row(
        "states_are_none_without_record",
        False,
        True,
        "RNN.states of a layer that is not stateful, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "stack_reset_fails",
        False,
        True,
        "RNN.reset_state assigns to lists, Keras 3.15.1, measured",
        "Keras cannot reset the states of a stack; set to zeros as documented",
    ),
    _row(
        "one_cell_stack_mask_fails",
        False,
        True,
        "RNN([GRUCell(5)]) given a mask, Keras 3.15.1, measured: the loop's states change their structure",
        "Keras raises for a mask in the loop of a stack of one cell; computed as documented",
    ),
    _row(
        "one_cell_stack_unwraps",
        False,
        True,
        "RNN([GRUCell(5)], unroll=True) without a mask, Keras 3.15.1, measured: the state is in no list",
    ),
    _row(
        "frozen_weights_are_last",
        True,
        False,
        "Layer.weights with a cell of trainable=False, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "losses_layer_by_layer",
        True,
        False,
        "Layer.losses of a Bidirectional, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "backward_is_opposite",
        True,
        False,
        "Bidirectional around a layer with go_backwards, tf_keras 2.21 and Keras 3.15.1, measured: Keras 3 refuses it",
    ),
    _row(
        "bidirectional_copies_are_built",
        False,
        True,
        "Bidirectional.__init__ around a layer that is built, tf_keras 2.21 and Keras 3.15.1, measured: Keras 3 copies build_config too",
    ),
    _row(
        "not_a_sequence_layer_error",
        KeyError,
        TypeError,
        "Bidirectional(GRUCell(5)), tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "bidirectional_is_as_trainable_as_its_layer",
        {1: False, 12: True},
        False,
        "Bidirectional around a layer with trainable=False, TF 2.1–2.12, tf_keras 2.21 and Keras 3.15.1, measured, and Keras 2.11, read",
    ),
    _row(
        "bidirectional_ignores_weights",
        True,
        True,
        "Bidirectional(weights=…), tf_keras 2.21 and Keras 3.15.1, measured",
        "the weights that Bidirectional is made with are not used",
    ),
    _row(
        "initial_state_array_is_split",
        False,
        True,
        "Bidirectional.call given one array, Keras 3.15.1, measured",
        "an initial_state that is no list is split along its batch",
    ),
    _row(
        "bidirectional_output_is_cast",
        False,
        True,
        "Bidirectional(GRU(dtype='float64')), tf_keras 2.21 and Keras 3.15.1, measured: to its own dtype",
    ),
    _row(
        "bidirectional_has_states",
        False,
        True,
        "Bidirectional.states, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "bidirectional_state_mask_fails",
        False,
        True,
        "Bidirectional.compute_mask multiplies a generator, Keras 3.15.1, measured",
        "Keras raises for a stateful Bidirectional with return_state; computed as documented",
    ),
    _row(
        "ragged_input", True, False, "a RaggedTensor as x, tf_keras 2.21 and Keras 3.15.1, measured"
    ),
    _row(
        "ragged_input_is_fused",
        {1: True, 3: False, 8: True},
        False,
        "GRU.call given a RaggedTensor, tf_keras 2.21, measured; TF 2.1–2.10 by the contract",
    ),
    _row(
        "ragged_backwards_keeps_padding",
        {1: True, 5: False},
        False,
        "maybe_convert_to_ragged, TF 2.4.4 and 2.5.3, measured; TF 2.1–2.3 by the contract",
        "go_backwards with return_sequences cuts ragged rows at the wrong end",
    ),
    # ---- penalties and projections
    _row(
        "penalty_factors_are_float32",
        True,
        {0: False, 14: True},
        "factors of L1L2 and L2 in float64, tf_keras 2.21, Keras 3.13.2 and 3.14.1, measured",
    ),
    _row(
        "penalties_without_float64",
        (),
        {0: ("L1", "OrthogonalRegularizer"), 14: ("OrthogonalRegularizer",)},
        "regularizers in float64, Keras 3.13.2, 3.14.1 and 3.15.1, measured",
        "Keras raises for this penalty in float64, its factor is float32; computed as documented",
    ),
    _row(
        "orthogonal_cosines_cancel",
        {1: True, 10: False},
        False,
        "OrthogonalRegularizer.__call__, TF 2.9.3 and 2.10.1, measured",
        "the orthogonal penalty adds cosines of either sign; documented is their size",
    ),
    _row(
        "orthogonal_smallest_norm",
        1e-6,
        1e-7,
        "tf.math.l2_normalize, epsilon 1e-12 of the square; ops.normalize, epsilon() of the norm, read",
    ),
    _row(
        "orthogonal_penalty_of_one_vector",
        True,
        True,
        "OrthogonalRegularizer.__call__ divides by n (n - 1) / 2 pairs, both Kerases, measured",
        "the orthogonal penalty of fewer than two vectors is NaN",
    ),
    _row(
        "activity_divided_by_first_axis",
        True,
        {0: False, 14: True},
        "Layer._handle_activity_regularization (tf_keras 2.21); Layer.__call__ (Keras 3.13.2, 3.14.1), measured",
        "the activity penalty is divided by the timesteps, which time_major has first, not by the batch",
    ),
    _row(
        "activity_fails_with_runtime",
        True,
        False,
        "Layer._handle_activity_regularization given the runtime's scalar, TF 2.1–2.12 and tf_keras 2.21, measured; Keras 3 has no return_runtime",
        "Keras raises for return_runtime with an activity regularizer; computed without it",
    ),
    _row(
        "frozen_weights_are_penalized",
        True,
        False,
        "Layer.losses with trainable=False, tf_keras 2.21 and Keras 3.0–3.15.1, measured",
    ),
    _row(
        "frozen_weights_are_projected",
        False,
        {0: True, 2: False},
        "a step of SGD on a layer made with trainable=False, Keras 3.1.1 and 3.2.1, measured",
        "the optimizer projects the weights of a layer with trainable=False",
    ),
    _row(
        "non_neg_multiplies",
        True,
        {0: True, 15: False},
        "NonNeg.__call__, tf_keras 2.21, Keras 3.14.1 and 3.15.1, measured",
        "non_neg multiplies by 0, which makes NaN of −inf",
    ),
    _row(
        "non_neg_needs_float32",
        True,
        False,
        "NonNeg.__call__ casts to floatx, tf_keras 2.21, measured",
        "Keras raises for non_neg in float64; computed as documented",
    ),
    _row(
        "bias_norm_mixes_rows",
        True,
        True,
        "constraints on a bias of two rows, tf_keras 2.21 and Keras 3.15.1, measured",
        "a norm along axis 0 of the bias spans an input bias and a recurrent bias",
    ),
    # ---- config
    _row(
        "config_has_keras_2_keys",
        True,
        False,
        "GRU.get_config, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "implementation_in_config",
        True,
        False,
        "GRU.get_config, Keras 3.15.1, measured",
        "a config does not hold implementation: the layers of a Bidirectional have the default",
    ),
    _row(
        "from_config_implementation_0_is_1",
        True,
        False,
        "GRU.from_config, tf_keras 2.21, measured",
        "from_config turns implementation=0 into 1",
    ),
    _row(
        "dtype_policy_in_config",
        False,
        {0: False, 4: True},
        "GRU.get_config, Keras 3.3 and 3.4, measured",
    ),
    _row(
        "mixed_policies_are_written",
        True,
        False,
        "get_config of a mixed policy, TF 2.1–2.15, tf_keras 2.21, Keras 3.0.5 and 3.1.1, measured",
    ),
    _row(
        "dtype_policies",
        ("Policy",),
        {0: ("DTypePolicy",), 1: ("DTypePolicy", "FloatDTypePolicy")},
        "mixed_precision.policy, tf_keras 2.21; dtype_policies, Keras 3.15.1, measured: the classes whose dicts dtype= takes",
    ),
    _row(
        "unknown_policy_error",
        {1: ValueError, 13: AttributeError},
        {0: TypeError, 3: ValueError},
        "dtype={'class_name': 'DTypePolicy', …}, TF 2.1–2.12, 2.15 and tf_keras 2.21; 'Policy' in Keras 3.0.5–3.15.1, measured: from 3.3 on get_config fails or writes a 'Policy' that from_config refuses with ValueError",
    ),
    _row(
        "dynamic_in_config",
        {1: True, 11: False},
        False,
        "Layer.get_config, TF 2.10 and 2.12, measured, and Keras 2.11, read",
    ),
    _row(
        "batch_shape_before_dtype",
        {1: True, 11: False},
        False,
        "Layer.get_config, TF 2.10 and 2.12, measured, and Keras 2.11, read",
    ),
    _row(
        "activity_regularizer_stands_first",
        False,
        {0: False, 4: True},
        "Layer.get_config, Keras 3.3.3 and 3.4.1, measured: the key before those of the loop",
    ),
    _row(
        "serialized_modules",
        {1: False, 13: True},
        True,
        "serialize_keras_object, TF 2.12 and 2.15, measured, and Keras 2.13, read: objects with module and registered_name, functions as dicts",
    ),
    _row(
        "merge_mode_before_layer",
        False,
        {0: False, 4: True},
        "Bidirectional.get_config, Keras 3.2.1 and 3.4.1, measured",
    ),
    _row(
        "build_config_in_config",
        {1: False, 13: True},
        True,
        "serialize_keras_object, TF 2.12 and 2.15, measured: of a layer within another that was built",
    ),
    _row(
        "build_config_has_states",
        False,
        True,
        "Layer.get_build_config, tf_keras 2.21 and Keras 3.15.1, measured: a layer that a call with initial_state built",
    ),
    _row(
        "from_config_builds",
        False,
        True,
        "deserialize_keras_object, tf_keras 2.21 and Keras 3.15.1, measured: what has a build_config; Keras 2 drops it on the way",
    ),
    _row(
        "seed_first_in_config",
        False,
        {0: False, 6: True},
        "RandomInitializer.get_config, Keras 3.5.0 and 3.6.0, measured",
    ),
    _row(
        "initializer_axes_in_config",
        False,
        {0: False, 15: True},
        "VarianceScaling.get_config, Keras 3.14.1 and 3.15.1, measured",
    ),
    _row(
        "identity_gain_in_config",
        True,
        False,
        "Identity.get_config, tf_keras 2.21 and Keras 3.2.1–3.15.1, measured: Keras 3 drops the gain",
    ),
    _row(
        "he_and_lecun_are_functions",
        {1: True, 3: False},
        False,
        "initializers.he_normal, TF 2.1 and 2.3, measured: 2.1 makes a VarianceScaling of it",
    ),
    _row(
        "renamed_initializers",
        {1: {}},
        {0: {"Orthogonal": "OrthogonalInitializer", "Identity": "IdentityInitializer"}, 7: {}},
        "Orthogonal and Identity, Keras 3.6.0 and 3.7.0, measured: the names of the classes",
    ),
    _row(
        "config_penalties_are_float32",
        ("L1", "L2", "L1L2", "OrthogonalRegularizer"),
        ("L1", "OrthogonalRegularizer"),
        "get_config of the regularizers, every release recorded in fixtures/configs, measured",
    ),
    _row(
        "renamed_activations",
        {
            1: {},
            6: {"silu": "swish", "log_softmax": "log_softmax_v2"},
            13: {"silu": "swish"},
        },
        {0: {"swish": "silu", "hard_swish": "hard_silu"}},
        "activations.serialize, TF 2.5, 2.9, 2.12 and 2.15, measured, and Keras 2.6 and 2.13, read",
    ),
    _row(
        "activation_layers",
        {1: False, 5: True},
        {0: False, 10: True},
        "activations.get given the dict of a layer, TF 2.4 and 2.5, Keras 3.9.2 and 3.10.0, measured",
    ),
    _row(
        "activation_layers_need_module",
        False,
        True,
        "activations.get({'class_name': 'LeakyReLU', …}), TF 2.5–2.21 and Keras 3.10.0–3.15.1, measured",
    ),
    _row(
        "activation_layers_round_to_float32",
        True,
        False,
        "ReLU, LeakyReLU, ELU and ThresholdedReLU in float64, tf_keras 2.21 and Keras 3.15.1, measured: their parameters",
    ),
    _row(
        "activation_dict_error",
        ValueError,
        {0: ValueError, 10: TypeError},
        "activations.get given the dict of an unknown function, TF 2.15, tf_keras 2.21, Keras 3.0.5–3.15.1, measured",
    ),
    _row(
        "activation_function_dicts",
        {1: False, 13: True},
        True,
        "activations.get given {'class_name': 'function', …}, TF 2.12 and 2.15, Keras 3.0.5–3.15.1, measured, and Keras 2.13, read",
    ),
    _row(
        "relu_config_holds_arrays",
        {1: True, 13: False},
        False,
        "ReLU.get_config inside that of a GRU, TF 2.12 and 2.15, measured, and Keras 2.13, read",
    ),
    _row(
        "elu_alpha_stands_second",
        False,
        True,
        "ELU.get_config, tf_keras 2.21 and Keras 3.12.4–3.15.1, measured: its key before those of any layer",
    ),
)
BY_NAME: Mapping[str, Row] = {row.name: row for row in LEDGER}


@functools.cache
def behaviour_of(release: Release) -> Behaviour:
    """Return what `release` does: every row of the ledger at that release."""
    return Behaviour(release=release, **{row.name: row.at(release) for row in LEDGER})


def resolve(keras_version: str) -> Behaviour:
    """Return the behaviour of the release that `keras_version` names; see `release_of`.

    Examples
    --------
    >>> resolve("2").release, resolve("2").recorded_state_wins
    (Release(generation=2, minor=21), True)
    >>> resolve("3").recorded_state_wins
    False
    """
    return behaviour_of(release_of(keras_version))
