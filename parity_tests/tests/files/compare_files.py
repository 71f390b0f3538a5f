"""Read every file that `record_files` wrote into a folder, and count what is as the live model was.

``python -m parity_tests.tests.files.compare_files FOLDER``: a row a release and kind of file. A
file
counts as identical when gru_ref finds just the GRUs of the live model, bit for bit; outputs are
compared where the file holds the configs. The exit status is 1 if a file is neither identical nor
refused with a reason.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gru_ref import MalformedFileError, load_grus
from parity_tests.recording.files.recorded_files import Recorded


def main() -> int:
    """Compare the files of the folder that the command line names."""
    folder = Path(sys.argv[1])
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    worst: dict[tuple[str, str], float] = defaultdict(float)
    console = Console()
    for path in _files(folder):
        release, kind = path.parent.name, path.name.partition(".")[2]
        row = counts[release, kind]
        row["files"] += 1
        recorded = Recorded(f"{release}/{path.name}", folder)
        try:
            layers = list(load_grus(path).values())
        except MalformedFileError as error:
            row["refused"] += 1
            console.print(f"refused: {error}", highlight=False, soft_wrap=True)
            continue
        hits = [
            [layer for layer in layers if recorded.has_weights(layer, expected)]
            for expected in recorded.grus
        ]
        alike = len(layers) == len(hits) and all(len(found) == 1 for found in hits)
        row["identical"] += alike
        if not alike:
            console.print(f"differs: {path}", highlight=False, soft_wrap=True)
        elif all(layer.provenance and not layer.provenance.assumed for layer in layers):
            row["run"] += 1
            error = recorded.worst_error([found for (found,) in hits])
            worst[release, kind] = max(worst[release, kind], error)
    table = Table("release", "kind", "files", "identical", "refused", "run", "eps")
    for column in table.columns[:2]:
        column.no_wrap = True
    for (release, kind), row in counts.items():
        numbers = [str(row[name]) for name in ("files", "identical", "refused", "run")]
        table.add_row(release, kind, *numbers, f"{worst[release, kind]:.2g}" * bool(row["run"]))
    total = sum(counts.values(), Counter[str]())
    console.print(table)
    console.print(
        f"{total['files']} files: {total['identical']} identical, {total['refused']} refused; "
        f"{total['run']} run, outputs within {max(worst.values(), default=0.0):.2g} eps",
        soft_wrap=True,
    )
    return int(total["files"] == 0 or total["identical"] + total["refused"] < total["files"])


def _files(folder: Path) -> Iterator[Path]:
    """Yield every file of a model that stands in ``RELEASE/``, beside what is expected of it."""
    for expected in sorted(folder.glob("*/*.expected.npz")):
        model = expected.name.removesuffix(".expected.npz")
        for path in sorted(expected.parent.glob(f"{model}.*")):
            if path != expected:
                yield path


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of releases that the ledger does not hold
    sys.exit(main())
