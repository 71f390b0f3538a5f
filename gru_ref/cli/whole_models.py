"""Whole models for `convert --to keras3`: read, planned, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from gru_ref.cli.selection import SourceFile
from gru_ref.cli.text import say
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.readers import whole_model
from gru_ref.files.readers.whole_model import StoredModel
from gru_ref.files.sniff import detect_format
from gru_ref.files.writers import keras3_model
from gru_ref.files.writers.keras3_model import Change, ModelPlan, NotCarriedError
from gru_ref.presentation.text import one_line

_INSTEAD = "--gru-only writes its GRUs alone"
_KERAS_3_DTYPE = '"class_name": "DTypePolicy"'
_SHOWN = 200  # lines on what cannot be carried


def plan_model(
    source: SourceFile, *, batch: int | None, weights_only: bool, keep_going: bool
) -> ModelPlan | None:
    """Return what becomes of the model in FILE; None if FILE holds no config of one.

    What cannot be carried is printed, all of it, and is an error without `keep_going`.

    Raises
    ------
    ValueError
        FILE is of Keras 3, a part of it cannot be carried, or something is assumed of it and
        `source.strict` is set.
    OSError, ImportError
        As `gru_ref.load_layers` raises.
    """
    limits, file = source.bounds, source.file
    budget = Budget(file, limits)
    file_format = detect_format(file, limits)
    try:
        config = _config(source, budget)
        stored = whole_model.read_model(file, file_format, budget, config)
        if stored is None:
            if file_format in whole_model.FORMATS:
                _note(
                    "FILE holds no config of a model: its GRUs alone are written; "
                    "--config MODEL.json gives the model"
                )
            return None
        _check(stored, source, config)
        plan = keras3_model.plan(
            stored,
            budget,
            keras_version=source.keras_version,
            batch=batch,
            multiplied=not weights_only,
        )
    except (RecursionError, MemoryError) as error:
        raise MalformedFileError(file, "", f"{type(error).__name__} while reading it") from None
    except NotCarriedError as error:
        raise ValueError(f"{file} cannot be carried to Keras 3: {error}; {_INSTEAD}") from None
    _report_assumptions(plan, source)
    _report_refused(plan, source, keep_going=keep_going)
    if weights_only:
        _note("build the same layers in Keras 3: it finds their arrays by class and order")
    for change in plan.changes:
        if not (weights_only and change.of_config):
            _note(str(change))
    return plan


def model_facts(plan: ModelPlan) -> dict[str, Any]:
    """Return what is said of a model, as JSON has it."""
    return {
        "changes": [_row(change) for change in plan.changes],
        "not_carried": [_row(change) for change in plan.refused],
        "assumed": list(plan.assumed),
        "placeholders": plan.placeholders,
    }


def _row(change: Change) -> dict[str, str]:
    return {"layer": change.layer, "what": change.what, "why": change.why}


def _config(source: SourceFile, budget: Budget) -> dict[str, Any] | None:
    if source.config is None:
        return None
    own = Budget(source.config, budget.limits)
    config = read_object(source.config, "", own)
    whole_model.check_config(config, own)
    return config


def _check(stored: StoredModel, source: SourceFile, config: Mapping[str, Any] | None) -> None:
    if source.config is not None and not stored.supplied:
        raise ValueError(f"--config is {str(source.config)!r}, expected none: FILE holds its own")
    if source.settings:
        raise ValueError(
            "--set cannot be given for a whole model, whose config says every argument; with "
            "--gru-only or --layer it can"
        )
    written = stored.keras_version or source.keras_version
    # Keras 3 writes no version into the JSON of a model, and dtypes as no other Keras does.
    in_form = written is None and config is not None and _KERAS_3_DTYPE in json.dumps(config)
    if not in_form and (stored.keras_version or "").partition(".")[0] != "3":
        return
    if stored.supplied:
        raise ValueError(
            f"--config is {str(source.config)!r}, which Keras 3 wrote, expected one of Keras 1 or "
            "2: model_from_json makes the model of it in Keras 3, and load_weights fills it; "
            f"{_INSTEAD}"
        )
    raise ValueError(
        f"{source.file} is of Keras {stored.keras_version} and opens in Keras 3 as it is; "
        f"{_INSTEAD}"
    )


def _report_assumptions(plan: ModelPlan, source: SourceFile) -> None:
    file = one_line(str(source.file))
    if plan.assumed and source.strict:
        raise ValueError(
            f"{file} does not say {', '.join(plan.assumed)}, expected every one of them with "
            "--strict"
        )
    for name, settled in plan.assumed.items():
        _note(f"{file} does not say {name}: {settled}")


def _report_refused(plan: ModelPlan, source: SourceFile, *, keep_going: bool) -> None:
    if not plan.refused:
        return
    file = one_line(str(source.file))
    click.echo(f"gru-ref: Keras 3 has no counterpart of these layers of {file}:", err=True)
    for change in plan.refused[:_SHOWN]:
        click.echo(f"  {one_line(str(change))}", err=True)
    if len(plan.refused) > _SHOWN:
        click.echo(f"  and {len(plan.refused) - _SHOWN:,} more", err=True)
    if not keep_going:
        raise ValueError(
            f"nothing is written: {_INSTEAD}, --keep-going the model with placeholders for these"
        )
    if plan.placeholders:
        classes = ", ".join(f"{name!r}: …" for name in plan.placeholders)
        _note(f"load it with custom_objects={{{classes}}}, a class of yours for each placeholder")


def _note(text: str) -> None:
    say(f"note: {text}")
