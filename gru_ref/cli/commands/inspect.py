"""`gru-ref inspect`: the GRUs of a file, as JSON or as tables."""

from __future__ import annotations

import click

from gru_ref.cli import options
from gru_ref.cli.assumptions import EVERYTHING, refuse_if_strict
from gru_ref.cli.json_report import print_json
from gru_ref.cli.selection import SourceFile
from gru_ref.files.inventory import Inventory
from gru_ref.presentation.tables import console


@click.command()
@options.source
@options.as_json(
    "Print one JSON object, as gru_ref/cli/schema.json describes it, with hashes in full."
)
def inspect(source: SourceFile, as_json: bool) -> None:
    """Show every GRU of FILE.

    Prints its name in Keras and its path, its sizes and arguments, which of these are inferred or
    assumed, and the range and hash of each array.
    """
    found = source.layers()
    refuse_if_strict(found.layers.values(), source, EVERYTHING, masked=True)
    inventory = Inventory.of(found, source.file, configured=source.config is not None)
    if as_json:
        print_json(inventory.to_dict())
    else:
        console().print(inventory)
