"""`gru-ref doctor`: which layout explains an output, and the GRU in it converted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gru_ref.cli.options import FilePath, layer_option
from gru_ref.cli.selection import Source, chosen
from gru_ref.cli.text import one_line

if TYPE_CHECKING:
    from gru_ref.debugging.doctor import Diagnosis, Explanation

# A backspace alone on its line has click keep the lines of the paragraph.
HELP = """Find the layout of weights from one input and what their owner made of it.

FILE is an .npz of arrays in whatever number, shape and order, under any names; or a file that
inspect reads, of which the arrays are tried in every layout.

\b
exit status 0  one layout explains the outputs
            1  several do (--write-probe tells them apart), or none
            2  an error
"""


@click.command("doctor", help=HELP)
@click.argument("file", type=FilePath())
@layer_option
@click.option("--inputs", type=FilePath(), required=True, metavar="X.npy", help="(batch, time, F)")
@click.option("--outputs", type=FilePath(), metavar="Y.npy", help="Of every step, or the last.")
@click.option(
    "--last-state", type=FilePath(), metavar="H.npy", help="Beside a sequence of outputs."
)
@click.option("--initial-state", type=FilePath(), metavar="H.npy", help="(batch, U); zeros without")
@click.option("--activation", "activations", multiple=True, help="If known; may be repeated.")
@click.option("--recurrent-activation", "gates", multiple=True, help="Likewise.")
@click.option(
    "--precision", help="Of the source: float32, float16, bfloat16, ...; see the outputs."
)
@click.option("--bits", help="What uint16 arrays are the bits of: bfloat16 or float16.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.option(
    "--write-probe", type=FilePath(), metavar="P.npy", help="An input that splits a class."
)
@click.option("-o", "--output", type=FilePath(), metavar="FILE", help="Convert what was found.")
@click.option("--to", "target", metavar="TARGET", help="For --output; see gru-ref layouts.")
@click.option("--member", type=click.IntRange(0), help="Which of several layouts to convert.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def doctor(
    file: Path,
    layer: str | None,
    inputs: Path,
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
    """Diagnose; what the command says of itself is HELP."""
    from gru_ref.atomic_write import write_all
    from gru_ref.cli.arrays import sole_array
    from gru_ref.cli.output import check_free
    from gru_ref.debugging.doctor import diagnose

    probes = () if write_probe is None else (write_probe,)
    for path in (*probes, *_outputs(target, output, member)):
        check_free(path, file, force=force)
    if write_probe is not None and not write_probe.name.endswith(".npy"):
        raise ValueError(f"--write-probe is {str(write_probe)!r}, expected a name in .npy")
    _check_different(
        {
            "FILE": file,
            "--inputs": inputs,
            "--outputs": outputs,
            "--last-state": last_state,
            "--initial-state": initial_state,
        }
    )
    seen = [
        sole_array(path, option)
        for path, option in ((outputs, "--outputs"), (last_state, "--last-state"))
        if path is not None
    ]
    if not seen:
        raise ValueError("--outputs is missing, expected it, --last-state, or both")
    found = diagnose(
        _arrays_of(file, layer),
        sole_array(inputs, "--inputs"),
        tuple(seen) if len(seen) == 2 else seen[0],
        initial_state=None
        if initial_state is None
        else sole_array(initial_state, "--initial-state"),
        activation=list(activations) or None,
        recurrent_activation=list(gates) or None,
        precision=precision,
        bits=bits,
    )
    if as_json:
        import json

        click.echo(json.dumps(_data(found), indent=2, allow_nan=False))
    else:
        click.echo(str(found))

    def written(contents: dict[Path, bytes]) -> None:
        write_all(contents)
        for path in () if as_json else contents:
            click.echo(f"Written: {one_line(str(path))}")

    def not_written(path: Path, why: str) -> None:
        click.echo(f"Not written: {one_line(str(path))}; {why}", err=as_json)

    count = len(found.explanations)
    if write_probe is not None and found.probe is not None:
        written({write_probe: _npy(found.probe)})
    elif write_probe is not None:
        why = "no probe is needed: one layout explains" if count else "no layout explains"
        not_written(write_probe, f"{why} the outputs")
    if output is not None and target is not None:
        if count == 1 or (count and member is not None):
            written(_converted(found.chosen(member), target, output))
        elif count:
            not_written(output, f"--member 0 to {count - 1} chooses")
        else:
            not_written(output, "no layout explains the outputs")
    return 0 if count == 1 else 1


def _outputs(target: str | None, output: Path | None, member: int | None) -> tuple[Path, ...]:
    """Return the files of the conversion; refuse options that lack each other, before any work."""
    from gru_ref.cli import converting

    if member is not None and output is None:
        raise ValueError("--output is missing, expected it beside --member")
    if (target is None) != (output is None):
        missing, given = ("--to", "--output") if target is None else ("--output", "--to")
        raise ValueError(f"{missing} is missing, expected it beside {given}")
    if target is not None and output is not None:
        converting.check_target(target)
        return converting.outputs_of(target, output)
    return ()


def _check_different(files: dict[str, Path | None]) -> None:
    """Refuse one file for two things.

    Parameters
    ----------
    files : dict
        Option → file, if it is given.
    """
    known: dict[Path, str] = {}
    for option, path in files.items():
        if path is not None and (first := known.setdefault(path.resolve(), option)) != option:
            raise ValueError(f"{option} is {str(path)!r} as {first} is, expected another file")


def _arrays_of(file: Path, layer: str | None) -> Any:
    """Return the arrays of an `.npz`, or of a GRU that a file holds."""
    from gru_ref.cli.arrays import loaded
    from gru_ref.files import Limits
    from gru_ref.files.sniff import format_of

    if layer is None and not file.is_dir() and format_of(file, Limits()) == "numpy_arrays":
        found = loaded(file, "FILE")
        return found if isinstance(found, dict) else {file.stem: found}
    one = chosen(Source(file, (), None, ()).layers(), layer)
    return dict(zip(("kernel", "recurrent_kernel", "bias"), one.get_weights(), strict=False))


def _converted(explanation: Explanation, target: str, output: Path) -> dict[Path, bytes]:
    """Return the files of one GRU in a target."""
    from gru_ref.cli import converting
    from gru_ref.files.writers import keras3

    one = explanation.layer()
    if target != converting.KERAS_3:
        return {output: converting.layout_bytes(one, target, output)}
    files = converting.outputs_of(target, output)
    return converting.keras3_bytes(keras3.plan({"gru": one}), files)


def _npy(array: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _data(found: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as JSON knows it; a number that is not finite is null."""
    from gru_ref.cli.output import finite

    return {
        "verdict": found.verdict,
        "rounding": str(found.rounding),
        "explanations": [
            {
                "readings": [reading._asdict() for reading in one.readings],
                "known_as": list(one.known_as),
                "error": finite(one.error),
                "ratio": finite(one.ratio),
            }
            for one in found.explanations
        ],
        "separation": finite(found.separation),
        "undecided": found.undecided,
        "blind_spots": [{"name": spot.name, "hides": spot.hides} for spot in found.blind_spots],
        "searched": found.searched,
        "limits": list(found.limits),
        "checks": list(found.checks),
    }
