"""RELATIONS: laws between two runs of one layer that hold at tolerance zero, without any oracle.

They are tested on integer inputs with linear and relu activations, where float arithmetic is exact,
over random arguments. Each law is written as a function of the same name in test_relations.py.
"""

from __future__ import annotations

RELATIONS: dict[str, str] = {
    "time_major_swaps_axes": "time_major=True on swapped axes returns the swapped outputs",
    "go_backwards_reverses_the_input": "go_backwards=True equals a forward run on reversed x and mask",
    "stateful_continues": "two stateful calls on the halves of a sequence end where one call does",
    "reset_forgets": "after reset_states a stateful layer answers as it did at first",
    "last_of_sequences": "return_sequences=False returns the last of the outputs",
    "state_is_last_output": "without a mask the state equals the last output",
    "all_true_mask_is_no_mask": "a mask of True alone changes nothing",
    "padding_is_invisible": "right padding under a mask ends in the state of the unpadded sequence",
    "masked_values_do_not_matter": "inputs at masked timesteps may be anything, NaN included",
    "row_by_row": "a batch equals its rows run one by one",
    "units_commute": "permuting the units in every weight permutes the outputs",
    "zero_bias_is_no_bias": "a bias of zeros equals use_bias=False",
    "routes_agree": "unroll and implementation do not change the numbers",
    "one_unit_reset_forms_agree": "with one unit and no recurrent bias both reset forms coincide",
    "kept_dropout_is_no_dropout": "dropout masks of ones equal inference",
    "input_mask_scales_inputs": "a shared dropout mask equals inputs multiplied by it",
    "per_unit_mask_repeats": "a mask per unit that repeats one mask equals that mask",
}
