"""The checks that every layout makes before it returns anything: what it cannot represent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from gru_ref.errors import NotRepresentableError, shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import Function, sigmoid, tanh
from gru_ref.keras.config import GRUConfig
from gru_ref.layouts.arguments import keras_name
from gru_ref.layouts.conversion_input import Subject, subject

T = TypeVar("T")


def checked(given: Any, runtime: str) -> Subject:
    """Return what is to be converted, zero_output_for_mask refused: no runtime has it.

    Raises
    ------
    TypeError, ValueError
        See `gru_ref.layouts.conversion_input.subject`.
    NotRepresentableError
        zero_output_for_mask is True.
    """
    found = subject(given)
    if found.config.zero_output_for_mask:
        raise NotRepresentableError(
            runtime,
            "zero_output_for_mask",
            "True",
            "False",
            "the zeros at masked timesteps: write them behind the runtime's GRU",
        )
    return found


def check_reset_form(runtime: str, config: GRUConfig, *, reset_after: bool) -> None:
    """Refuse the reset form that a runtime does not have.

    Raises
    ------
    NotRepresentableError
    """
    if bool(config.reset_after) != reset_after:
        bias = ", and the recurrent bias" if config.reset_after and config.use_bias else ""
        where = "after" if config.reset_after else "before"
        raise NotRepresentableError(
            runtime,
            "reset_after",
            str(bool(config.reset_after)),
            str(reset_after),
            f"the reset {where} the recurrent product{bias}: every state would differ",
        )


def check_forward(runtime: str, config: GRUConfig) -> None:
    """Refuse go_backwards where a layout has no direction.

    Raises
    ------
    NotRepresentableError
    """
    if config.go_backwards:
        raise NotRepresentableError(
            runtime,
            "go_backwards",
            "True",
            "False",
            "the direction: reverse x in time and convert the same weights without it",
        )


def check_tanh_sigmoid(runtime: str, config: GRUConfig) -> None:
    """Refuse other activations than tanh for the candidate and sigmoid for the gates.

    Raises
    ------
    NotRepresentableError
    """
    check_activations(runtime, config, {tanh: "tanh"}, {sigmoid: "sigmoid"})


def check_activations(
    runtime: str,
    config: GRUConfig,
    candidate: Mapping[Function, T],
    gates: Mapping[Function, T] | None = None,
) -> tuple[T, T]:
    """Return what a runtime calls the activation and the recurrent_activation.

    Parameters
    ----------
    candidate : mapping
        Function → the runtime's word, for the candidate.
    gates : mapping, optional
        The same for the gates z and r; by default as for the candidate.

    Raises
    ------
    NotRepresentableError
        One is not among them; its name says which.
    """
    found = []
    for argument, function, known in (
        ("activation", config.activation_function, candidate),
        ("recurrent_activation", config.recurrent_activation_function, gates or candidate),
    ):
        if function not in known:
            raise NotRepresentableError(
                runtime,
                argument,
                _spelled(getattr(config, argument), function),
                " or ".join(sorted({keras_name(f) for f in known})),
                "the function: every state would differ",
            )
        found.append(known[function])
    return found[0], found[1]


def _spelled(value: Any, function: Function) -> str:
    """Return an activation as an error shows it: hard_sigmoid needs its generation."""
    if function in (tables.KERAS_2["hard_sigmoid"], tables.KERAS_3["hard_sigmoid"]):
        generation = 2 if function is tables.KERAS_2["hard_sigmoid"] else 3
        return f"{shown(value)} of Keras {generation}"
    return shown(value)
