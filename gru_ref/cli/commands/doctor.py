"""`gru-ref doctor`: which layout explains an output, and the GRU in it converted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.arrays import sole_array
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output, npy_bytes
from gru_ref.cli.progress import INTERRUPTED, progress_bar
from gru_ref.cli.selection import SourceFile, is_bundle, layer_probe
from gru_ref.cli.targets import KERAS_3, keras3_bytes, layout_bytes, target_files
from gru_ref.cli.text import say
from gru_ref.debugging.doctor import Explanation, diagnose
from gru_ref.debugging.progress import Interrupted
from gru_ref.files.interpretation.found import ROLES
from gru_ref.files.limits import Budget
from gru_ref.files.readers.numpy_arrays import named_arrays
from gru_ref.files.sniff import detect_format
from gru_ref.files.writers import keras3
from gru_ref.presentation.text import one_line


@click.command()
@options.file_argument
@options.limits
@options.layer
@options.inputs
@options.array("--outputs", "Y.npy", "Outputs for --inputs, of every timestep or of the last.")
@options.array(
    "--last-state",
    "H.npy",
    "Last state for --inputs; may be given with the --outputs of every timestep.",
)
@options.initial_state
@options.value(
    "--activation activations",
    "NAME",
    "Activation of the candidate, if known; may be repeated (default: the usual ones are tried).",
    multiple=True,
)
@options.value(
    "--recurrent-activation gates",
    "NAME",
    "Activation of the gates, if known; may be repeated (default: the usual ones are tried).",
    multiple=True,
)
@options.value(
    "--precision",
    "DTYPE",
    "Dtype that the outputs were computed in, such as float16 or bfloat16 (default: the dtype "
    "of the outputs).",
)
@options.value(
    "--bits",
    "DTYPE",
    "Dtype whose bits the arrays of uint16 hold: bfloat16 or float16 (default: they are numbers).",
)
@options.file(
    "--write-probe",
    "P.npy",
    "The .npy file to write: an input that tells apart the layouts found, if there are several.",
)
@options.file("-o --output", "FILE", "The file to write the converted GRU to; needs --to.")
@options.value(
    "--to target",
    "TARGET",
    "Runtime to convert to, as `gru-ref layouts` lists them, or keras3; needs --output.",
)
@options.value(
    "--member", "N", "Which of several layouts to convert, counted from 0.", type=click.IntRange(0)
)
@options.force
@options.as_json()
def doctor(
    file: Path,
    limits: tuple[str, ...],
    layer: str | None,
    inputs: Path | None,
    outputs: Path | None,
    last_state: Path | None,
    initial_state: Path | None,
    activations: tuple[str, ...],
    gates: tuple[str, ...],
    precision: str | None,
    bits: str | None,
    as_json: bool,
    write_probe: Path | None,
    output: Path | None,
    target: str | None,
    member: int | None,
    force: bool,
) -> int:
    """Find the layout of weights from one input and the outputs for it.

    FILE is an .npz of arrays of any names, shapes and order, or a file that `inspect` reads, whose
    arrays are tried in every layout.

    \b
    exit status 0    one layout explains the outputs
                1    several do (--write-probe tells them apart), or none does
                2    an error
                130  an interrupt: prints what is known by then, writes nothing
    """
    files = {
        "--inputs": inputs,
        "--outputs": outputs,
        "--last-state": last_state,
        "--initial-state": initial_state,
    }
    sources = {"FILE": file, **files}
    check_output("--write-probe", write_probe, sources, force=force, endings=(".npy",))
    for path in _files(target, output, member):
        check_output("--output", path, sources, force=force)
    _check_different(sources)
    if outputs is None and last_state is None:
        raise ValueError("--outputs or --last-state is needed")
    arrays = _probe_arrays(SourceFile(file, limits=limits), inputs, layer, initial_state)
    arrays |= {
        name: sole_array(path, name)
        for name, path in files.items()
        if path is not None and name not in arrays
    }
    seen = [arrays[name] for name in ("--outputs", "--last-state") if name in arrays]
    weights = _weight_arrays(SourceFile(file, limits=limits), layer)
    try:
        with progress_bar("doctor") as progress:
            found = diagnose(
                weights,
                arrays["--inputs"],
                tuple(seen) if len(seen) == 2 else seen[0],
                arrays.get("--initial-state"),
                activation=list(activations) or None,
                recurrent_activation=list(gates) or None,
                precision=precision,
                bits=bits,
                progress=progress,
            )
    except Interrupted as interrupt:
        found = interrupt.found
    if not as_json:
        click.echo(str(found))
    count = len(found.explanations)
    status = INTERRUPTED if found.interrupted else 0 if count == 1 else 1
    none = "no layout explains the outputs"
    contents: dict[Path, bytes] = {}
    refusals: dict[Path, str] = {}
    if write_probe is not None and found.probe is not None:
        contents[write_probe] = npy_bytes(found.probe)
    elif write_probe is not None:
        one = "no probe is needed: one layout explains the outputs"
        refusals[write_probe] = one if count else none
    if output is not None and target is not None:
        if count == 1 or (count and member is not None):
            contents |= _convert(found.chosen(member), target, output)
        else:
            refusals[output] = f"--member 0 to {count - 1} chooses" if count else none
    write_all(contents)
    if as_json:
        left_out = [{"path": str(path), "why": why} for path, why in refusals.items()]
        print_report(found, {"not_written": left_out}, file=file, written=contents)
    for path in () if as_json else contents:
        click.echo(f"Written: {one_line(str(path))}")
    for path, why in refusals.items():
        click.echo(f"Not written: {one_line(str(path))}; {why}", err=as_json)
    return status


def _files(target: str | None, output: Path | None, member: int | None) -> tuple[Path, ...]:
    """Return the files of the conversion; refuse options that need others, before any work."""
    if output is None and (member is not None or target is not None):
        raise ValueError(f"{'--member' if target is None else '--to'} needs --output")
    if target is None and output is not None:
        raise ValueError("--output needs --to")
    return () if target is None or output is None else target_files(target, output)


def _check_different(files: dict[str, Path | None]) -> None:
    """Refuse one file for two things.

    Parameters
    ----------
    files : dict
        Option → file, if it is given.
    """
    known: dict[str, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        first = known.setdefault(os.path.realpath(path), option)
        if first != option:
            raise ValueError(f"{option} is {str(path)!r} as {first} is, expected another file")


def _probe_arrays(
    source: SourceFile, inputs: Path | None, layer: str | None, initial_state: Path | None
) -> dict[str, Any]:
    """Return the inputs and initial state of a bundle's probe; nothing if --inputs is an array.

    Raises
    ------
    ValueError
        There are neither inputs nor a bundle, or the probe has a mask, which the search does not
        know.
    """
    path = source.file if inputs is None else inputs
    if not is_bundle(path, source.bounds):
        if inputs is None:
            raise ValueError("--inputs is needed, since FILE is no bundle")
        return {}
    name, probe = layer_probe(path, source.gru(layer), source.bounds)
    if not probe.mask.all():
        raise ValueError(f"the probe of {name!r} in {path} has a mask, expected inputs without one")
    arrays = {"--inputs": probe.inputs}
    if initial_state is None:
        arrays["--initial-state"] = probe.initial_state
    say(f"note: inputs and initial state: those of the probe of {name!r} in {path}")
    return arrays


def _weight_arrays(source: SourceFile, layer: str | None) -> Any:
    """Return the arrays of an `.npz`, or of a GRU that a file holds."""
    file, bounds = source.file, source.bounds
    if layer is None and not file.is_dir() and detect_format(file, bounds) == "numpy_arrays":
        return named_arrays(file, Budget(file, bounds))
    return dict(zip(ROLES, source.gru(layer).get_weights(), strict=False))


def _convert(explanation: Explanation, target: str, output: Path) -> dict[Path, bytes]:
    """Return the files of one GRU in a target."""
    one = explanation.layer()
    if target != KERAS_3:
        return {output: layout_bytes(one, target, output)}
    files = target_files(target, output)
    return keras3_bytes(keras3.plan({"gru": one}), files)
