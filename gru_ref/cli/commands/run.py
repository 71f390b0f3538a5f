"""`gru-ref run`: a GRU layer of a file over inputs, to its outputs and last states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gru_ref.cli import options
from gru_ref.cli.assumptions import WHOLE, of_call, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output, npy_bytes, npz_bytes, write_files
from gru_ref.cli.progress import progress_bar
from gru_ref.cli.selection import OPTION, SourceFile
from gru_ref.cli.standard_streams import STANDARD, check_standard_output
from gru_ref.engines.choice import EngineName
from gru_ref.files import Layer
from gru_ref.keras.layers.bidirectional import Bidirectional
from gru_ref.keras.layers.rnn import RNN
from gru_ref.presentation.array_facts import array_facts


@click.command()
@options.source
@options.layer
@options.call()
@click.option(
    "--sequences",
    is_flag=True,
    help="Write the output of every timestep (default: what return_sequences of the GRU says).",
)
@click.option(
    "--engine",
    type=click.Choice(["core", "numpy", "numba"]),
    help="What computes it: core is the reference (default: the fastest that serves the layer).",
)
@options.output("The .npz file to write; - writes the output alone as .npy to standard output.")
@options.as_json()
def run(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    sequences: bool,
    engine: EngineName | None,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Run a GRU layer of FILE over inputs, a Bidirectional or an RNN as a whole.

    The .npz file holds "output" and "state", which is the last one. An RNN of several cells has a
    state of each, "state_0", "state_1", …; a Bidirectional has "forward_state" and
    "backward_state", and with merge_mode=None "forward_output" and "backward_output".
    """
    sources = {"FILE": source.file, **call.paths()}
    check_output("--output", output, sources, force=force, endings=(".npz",), stdout=True)
    if output == STANDARD:
        check_standard_output("--output", binary=True, as_json=as_json)
    chosen = source.layers().layer(layer, OPTION)
    state_names = _state_names(chosen)
    output_names = _output_names(chosen)
    if output == STANDARD and len(output_names) > 1:
        raise ValueError(
            f"--output is -, expected a .npz file: the layer has {' and '.join(output_names)}"
        )
    arrays, _ = call.resolve(source, chosen, state_names)
    masked = arrays["mask"] is not None
    uses = of_call(arrays) | WHOLE | (set() if sequences else {"return_sequences"})
    sequences = sequences or chosen.return_sequences
    if engine is not None:
        chosen.engine = engine
    chosen.change_loop(return_state=True, return_sequences=sequences)
    with progress_bar("run"):
        result: Any = chosen(arrays["inputs"], arrays["initial_state"], mask=arrays["mask"])
    report_assumptions([chosen], source, uses, masked=masked)
    returned = dict(zip((*output_names, *state_names), map(_array, result), strict=True))
    if output == STANDARD:
        returned = {"output": returned["output"]}
    shapes = ", ".join(f"{name} {array.shape}" for name, array in returned.items())
    data = npy_bytes(returned["output"]) if output == STANDARD else npz_bytes(returned)
    contents = {output: data}
    write_files(contents, f": {shapes}", quiet=as_json)
    if as_json:
        arrays = {name: array_facts(array) for name, array in returned.items()}
        facts = {"engine": chosen.engine, "arrays": arrays}
        print_report("run", facts, file=source.file, layers=[chosen], written=contents)


def _output_names(layer: Layer) -> tuple[str, ...]:
    """Return the names of what a layer returns before its states."""
    both = isinstance(layer, Bidirectional) and layer.merge_mode is None
    return ("forward_output", "backward_output") if both else ("output",)


def _state_names(layer: Layer) -> tuple[str, ...]:
    """Return the names of the states of a layer, in Keras's order."""
    if isinstance(layer, Bidirectional):
        sides = {"forward": layer.forward_layer, "backward": layer.backward_layer}
        return tuple(f"{side}_{name}" for side, one in sides.items() for name in _state_names(one))
    if isinstance(layer, RNN) and len(layer.cells) > 1:
        return tuple(f"state_{k}" for k in range(len(layer.cells)))
    return ("state",)


def _array(value: Any) -> Any:
    """Return a state that Keras 3 returns in a list of its own."""
    return value[0] if isinstance(value, list) else value
