"""ONNX and TFLite models by strangers are refused, and GRU nodes say what they say."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref.files.formats.flatbuffer import FlatTable
from gru_ref.files.formats.part import FilePart
from gru_ref.files.limits import Budget, Limits
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.readers import tflite
from parity_tests.recording.files import recorded_exports
from parity_tests.recording.files.recorded_exports import read
from parity_tests.tests.files.bundles import field
from parity_tests.tests.files.refusal import check_refused, file_of


def _onnx_tensor(name: str, shape: tuple[int, ...], data: bytes, extra: bytes = b"") -> bytes:
    sizes = b"".join(field(1, size) for size in shape)
    return field(5, sizes + field(2, 1) + field(8, name.encode()) + field(9, data) + extra)


def _onnx(graph: bytes) -> bytes:
    return field(1, 8) + field(2, b"hand") + field(7, graph)


def _onnx_gru(
    *, lbr: int = 1, direction: bytes = b"forward", B: bytes = b"B", R: Any = (1, 6, 2), **W: Any
) -> bytes:
    names = [b"x", b"W", b"R", *([B] if B else [])]
    node = b"".join(field(1, name) for name in names) + field(2, b"y") + field(4, b"GRU")
    node += field(5, field(1, b"linear_before_reset") + field(3, lbr))
    node += field(5, field(1, b"direction") + field(4, direction))
    tensors = _onnx_tensor(
        "W", W.get("shape", (1, 6, 3)), bytes(W.get("size", 72)), W.get("x", b"")
    )
    tensors += _onnx_tensor("R", R, np.arange(np.prod(R), dtype="<f4").tobytes())
    tensors += _onnx_tensor("B", (1, 12), np.arange(12, dtype="<f4").tobytes())
    return _onnx(field(1, node) + tensors)


def _nested_onnx(depth: int) -> bytes:
    graph = b""
    for _ in range(depth):
        attribute = field(5, field(1, b"body") + field(6, graph))
        graph = field(1, field(4, b"Loop") + attribute)
    return _onnx(graph)


ONNX: dict[str, tuple[bytes, str]] = {
    "external_data": (_onnx_gru(x=field(14, 1)), "another file"),
    "external_data_by_its_key": (_onnx_gru(x=field(13, b"")), "another file"),
    "shape_of_more_bytes": (_onnx_gru(shape=(1, 6, 1 << 40)), "takes 72 bytes"),
    "negative_shape": (_onnx_gru(shape=(1, -6, -3)), "expected positive sizes"),
    "recurrent_kernel_that_is_one_number": (_onnx_gru(R=()), r"R is \(\), expected 1 directions"),
    "two_directions_in_one": (_onnx_gru(direction=b"bidirectional"), "2 directions"),
    "weight_that_is_nowhere": (_onnx_gru(B=b"C"), "nowhere in the file"),
    "graphs_nested_too_deep": (_nested_onnx(200), "nested"),
    "field_longer_than_the_file": (_onnx(b"")[:-1] + b"\x7f", "pointed at"),
}


def _tflite() -> bytes:
    (data,) = recorded_exports.content("tflite-hard-3.15.1").values()
    return data


def _tables(data: bytes, path: Path) -> list[FlatTable]:
    """Return the subgraphs of a TFLite model."""
    part = FilePart(memoryview(data), "x", Budget(path, Limits()))
    return FlatTable.root(part).tables(2)


def _operator(data: bytes, kind: int, path: Path) -> FlatTable:
    """Return the first operator of a kind."""
    root = FlatTable.root(FilePart(memoryview(data), "x", Budget(path, Limits())))
    kinds = [max(code.number(0, "<b"), code.number(3, "<i")) for code in root.tables(1)]
    operators = (one for table in _tables(data, path) for one in table.tables(3))
    return next(one for one in operators if kinds[one.number(0, "<I")] == kind)


def _with(data: bytes, place: int | None, value: int) -> bytes:
    """Return bytes with another int32 at a place."""
    assert place is not None
    return data[:place] + value.to_bytes(4, "little", signed=True) + data[place + 4 :]


def _body(number: int) -> Callable[[bytes, Path], bytes]:
    def change(data: bytes, path: Path) -> bytes:
        options = _operator(data, 119, path).table(4)
        assert options is not None
        return _with(data, options._place(1), number)

    return change


def _first_shape(size: int) -> Callable[[bytes, Path], bytes]:
    def change(data: bytes, path: Path) -> bytes:
        tensors = _tables(data, path)[-1].tables(0)
        tensor = next(one for one in tensors if one.numbers(0) == (15, 4))
        place = tensor._target(0)
        assert place is not None
        return _with(data, place + 4, size)

    return change


def _own_input(data: bytes, path: Path) -> bytes:
    """Make the first operator take what it returns."""
    first = _tables(data, path)[-1].tables(3)[0]
    place = first._target(1)
    assert place is not None
    return _with(data, place + 4, first.numbers(2)[0])


# Changes of a TFLite model → the reason of the refusal.
TFLITE: dict[str, tuple[Callable[[bytes, Path], bytes], str]] = {
    "loop_that_runs_itself": (_body(0), "nested|takes more|holds"),
    "loop_of_a_body_that_is_not_there": (_body(77), "subgraph 77 of"),
    "weights_of_a_terabyte": (_first_shape(1 << 30), "takes 240 bytes"),
    "weights_of_a_negative_size": (_first_shape(-15), "expected positive sizes"),
    "weights_that_are_fewer": (_first_shape(14), "takes 240 bytes"),
}


class TestGraphs:
    """ONNX and TFLite models by strangers."""

    @pytest.mark.parametrize("attack", TFLITE)
    def test_a_changed_tflite_model_is_refused(self, attack: str, tmp_path: Path) -> None:
        change, reason = TFLITE[attack]
        data = change(_tflite(), tmp_path / "x")
        check_refused(file_of(tmp_path, data), reason)

    def test_an_operator_that_takes_its_own_result_ends(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, _own_input(_tflite(), tmp_path / "x"))
        with contextlib.suppress(MalformedFileError):
            assert len(read(path)) <= 1

    @pytest.mark.parametrize("attack", ONNX)
    def test_it_is_refused(self, attack: str, tmp_path: Path) -> None:
        data, reason = ONNX[attack]
        check_refused(file_of(tmp_path, data), reason)

    def test_a_gru_node_says_its_arguments(self, tmp_path: Path) -> None:
        (found,) = read(file_of(tmp_path, _onnx_gru()))
        assert found.already_known == {
            "reset_after": True,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "go_backwards": False,
        }
        assert found.recurrent_kernel.tolist() == np.arange(12.0).reshape(6, 2).T.tolist()
        assert found.bias.tolist() == np.arange(12.0).reshape(2, 6).tolist()

    def test_without_linear_before_reset_the_bias_rows_are_one(self, tmp_path: Path) -> None:
        (found,) = read(file_of(tmp_path, _onnx_gru(lbr=0, direction=b"reverse")))
        assert found.bias.tolist() == [6, 8, 10, 12, 14, 16]
        assert found.already_known["go_backwards"] is True
        assert "order of the inputs" in found.notes[0]

    def test_a_node_without_a_bias_has_none(self, tmp_path: Path) -> None:
        (found,) = read(file_of(tmp_path, _onnx_gru(B=b"")))
        assert found.bias is None

    def test_a_damaged_tflite_file_never_leads_out_of_it(self, tmp_path: Path) -> None:
        (data,) = recorded_exports.content("tflite-stacked-2.15.0").values()
        refused = 0
        for position in range(0, len(data) - 4, 311):
            damaged = data[:position] + b"\xff\xff\xff\x7f" + data[position + 4 :]
            try:
                path = file_of(tmp_path, damaged)
                tflite.read(path, Budget(path, Limits()))
            except MalformedFileError:
                refused += 1
        assert refused > 5
