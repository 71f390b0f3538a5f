"""Whatever the bytes of a file are: a list of GRUs, or MalformedFileError."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.readers import (
    checkpoint,
    numpy_arrays,
    onnx_initializers,
    safetensors,
    saved_model,
    tflite,
)
from parity_tests.recording.files import recorded_exports
from parity_tests.tests.files import bundles
from parity_tests.tests.files.attacks import saved_model_writer as graphs
from parity_tests.tests.live.each_case import for_each

READERS = {
    "tflite-stacked-2.15.0": tflite.read,
    "onnx-stacked-2.21.0": onnx_initializers.read,
    "onnx-stacked-3.15.1": onnx_initializers.read,
    "safetensors-bidirectional-3.15.1": safetensors.read,
    "npz-after-3.15.1": numpy_arrays.read,
}


class TestFuzz:
    """Whatever the bytes are: a list of GRUs, or MalformedFileError."""

    @for_each(READERS)
    def test_a_file_with_bytes_changed(self, name: str) -> None:
        (data,) = recorded_exports.content(name).values()
        _fuzz(data, lambda path: READERS[name](path, Budget(path, Limits())))

    def test_an_object_graph_with_bytes_changed(self) -> None:
        def read(path: Path) -> list[Found]:
            prefix = bundles.write_gru(path.parent / "folder", graph=path.read_bytes())
            return checkpoint.read(prefix, Budget(prefix, Limits()))

        _fuzz(bundles.object_graph(bundles.NODES), read)

    def test_the_graph_of_a_saved_model_with_bytes_changed(self, tmp_path: Path) -> None:
        folder = graphs.write(tmp_path, graphs.step(), graphs.main())

        def read(path: Path) -> list[Found]:
            path.replace(folder / "saved_model.pb")
            return saved_model.read(folder, Budget(folder, Limits()))

        _fuzz((folder / "saved_model.pb").read_bytes(), read)


def _fuzz(data: bytes, read: Callable[[Path], list[Found]]) -> None:
    changes = st.lists(
        st.tuples(st.integers(0, len(data) - 1), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    )

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(changes=changes, size=st.integers(0, len(data)) | st.just(len(data)))
    def run(changes: list[tuple[int, bytes]], size: int) -> None:
        changed = bytearray(data)
        for position, new in changes:
            changed[position : position + len(new)] = new
        path = Path(folder) / "x"
        path.write_bytes(changed[:size])
        try:
            found = read(path)
        except MalformedFileError:
            return
        for one, name in itertools.product(found, ("kernel", "recurrent_kernel")):
            assert getattr(one, name).ndim == 2

    with tempfile.TemporaryDirectory() as folder:
        run()
