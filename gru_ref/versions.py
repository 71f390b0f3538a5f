"""The ledger: which Keras release behaves how, one row a behaviour, each with its source.

Nothing outside this file asks for a version: the rest of gru_ref asks a `Behaviour`, one field a
row. Minors are counted as `gru_ref.releases` says.

"Measured" in a source means: run on that release. "Read" means: read in its source code only.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.errors import KerasQuirkWarning
from gru_ref.releases import Release, release_of


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
    caching_device_argument: bool
    keras_2_layer_arguments: bool
    unknown_argument_error: type[Exception]
    units_rule: str
    wrong_type_error: type[Exception]
    seed_is_checked: bool
    name_without_slash: bool
    negative_penalties: bool
    array_initializer: bool
    constant_initializer_error: bool
    layer_activations_need_float32: bool
    # which code runs
    fused_path: str
    recurrent_dropout_forces_implementation_1: bool
    # dropout
    dropout_masks_per_gate: bool
    fused_mask_per_timestep: bool
    masked_state_in_mix: bool
    recurrent_mask_uses_dropout_rate: bool
    rate_one: str
    implementation_1_dropout_fails: bool
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
    # results
    state_container: type[list[Any]] | type[tuple[Any, ...]]
    reset_states_takes_values: bool
    reset_state_method: bool
    # config
    config_has_keras_2_keys: bool
    implementation_in_config: bool
    from_config_implementation_0_is_1: bool
    dtype_policy_in_config: bool

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
    _row("caching_device_argument", {1: False, 3: True}, False, "recurrent_v2.py, TF 2.2 and 2.3"),
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
        {1: "any", 6: "not negative", 11: "positive"},
        {0: "python int, no bool", 12: "python int"},
        "GRUCell.__init__ (tf_keras 2.21; TF 2.5, 2.6, 2.10, 2.11); RNN.__init__ of Keras 3, measured",
    ),
    _row(
        "wrong_type_error",
        TypeError,
        ValueError,
        "an activation, name, trainable, features or x of the wrong type, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "name_without_slash",
        False,
        True,
        "KerasSaveable, Operation.__init__, Keras 3.15.1, measured",
    ),
    _row("seed_is_checked", False, True, "SeedGenerator.__init__, Keras 3.15.1, measured"),
    _row(
        "negative_penalties",
        True,
        False,
        "regularizers.L2, tf_keras 2.21; validate_float_arg of Keras 3.15.1, measured",
    ),
    _row(
        "array_initializer",
        False,
        True,
        "initializers.get, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "constant_initializer_error",
        False,
        True,
        "initializers.get('constant'), Keras 3.0–3.15.1, measured",
        "'constant' as a string is a KeyError in Keras 3",
    ),
    _row(
        "layer_activations_need_float32",
        True,
        False,
        "activations.get resolves names of layers, whose own dtype is floatx; TF 2.5 on, measured",
        "Keras raises where a layer's name is the activation in float64; computed as documented",
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
        ValueError,
        AttributeError,
        "Layer.set_weights given no array, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row(
        "state_type_error",
        AttributeError,
        ValueError,
        "initial_state that is no array, tf_keras 2.21 and Keras 3.15.1, measured",
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
        True,
        False,
        "base_layer.Layer._maybe_build, tf_keras 2.21, measured; Keras 3 has no such argument",
        "weights= is ignored by a layer that was built before its first call",
    ),
    _row(
        "recorded_state_wins",
        True,
        False,
        "RNN._process_inputs, tf_keras 2.21, measured",
        "a stateful layer whose recorded state is not zero uses that and ignores initial_state",
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
    # ---- config
    _row(
        "config_has_keras_2_keys",
        True,
        False,
        "GRU.get_config, tf_keras 2.21 and Keras 3.15.1, measured",
    ),
    _row("implementation_in_config", True, False, "GRU.get_config, Keras 3.15.1, measured"),
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
