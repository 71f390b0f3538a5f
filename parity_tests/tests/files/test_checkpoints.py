"""Checkpoints whose CRCs are right and whose claims are not are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref.files.malformed import MalformedFileError
from parity_tests.recording.files.recorded_exports import read
from parity_tests.tests.files import bundles
from parity_tests.tests.files.bundles import KERNEL, NODES, RECURRENT, field, write_gru
from parity_tests.tests.files.refusal import check_refused

LIES: dict[str, tuple[dict[str, Any], str]] = {
    "offset_beyond_the_data": ({"offset": 1 << 40}, "pointed at"),
    "negative_offset": ({"offset": -8}, "pointed at"),
    "negative_size": ({"size": -48}, "bytes 0 to -48 are pointed at"),
    "a_petabyte": ({"size": 6 << 50, "shape": (1 << 50, 6)}, "are pointed at"),
    "a_petabyte_that_adds_up": ({"size": 24 << 48, "shape": (1 << 48, 6)}, "pointed at"),
    "shape_of_more_bytes": ({"size": 24}, "takes 24 bytes"),
    "shard_that_is_not_there": ({"shard": 1}, "data file 1 of 1"),
    "partitioned_variable": ({"sliced": True}, "partitioned"),
    "integers": ({"dtype": 3}, "dtype is number 3"),
    "compressed": ({"compression": 1}, "compressed"),
    "big_endian": ({"header": field(1, 1) + field(2, 1)}, "big-endian"),
    "tensorflow_1_format": ({"header": field(1, b"")}, "V1"),
    "child_that_is_not_there": ({"nodes": [{"gru": 9}]}, "object 9"),
    "key_that_is_not_there": (
        {"nodes": [*NODES[:2], {"VARIABLE_VALUE": "z"}, NODES[3]]},
        "the index does not",
    ),
    "objects_nested_too_deep": ({"nodes": [{"x": i + 1} for i in range(99)] + [{}]}, "nested"),
    "graph_that_is_no_message": ({"graph": b"\xff" * 40}, "does not end"),
    "field_longer_than_the_message": ({"graph": b"\x0a\x7f"}, "pointed at"),
    "wire_type_of_groups": ({"graph": b"\x0b"}, "wire type"),
}


class TestHostileCheckpoints:
    """Checkpoints whose CRCs are right and whose claims are not."""

    def test_the_honest_one_is_read(self, tmp_path: Path) -> None:
        (found,) = read(write_gru(tmp_path / "x"))
        assert (found.path, found.kernel.tobytes()) == ("gru", KERNEL)

    @pytest.mark.parametrize("lie", LIES)
    def test_a_lie_is_refused(self, lie: str, tmp_path: Path) -> None:
        lies, reason = LIES[lie]
        check_refused(write_gru(tmp_path / "x", **lies), reason)

    def test_a_cycle_of_objects_ends(self, tmp_path: Path) -> None:
        nodes = [{**NODES[0], "self": 0}, {**NODES[1], "root": 0}, *NODES[2:]]
        assert len(read(write_gru(tmp_path / "x", nodes=nodes))) == 1

    def test_keys_out_of_order_are_refused(self, tmp_path: Path) -> None:
        path = write_gru(tmp_path / "x")
        pairs = [(b"", field(1, 1)), (b"b", b""), (b"a", b"")]
        Path(f"{path}.index").write_bytes(bundles.table(pairs))
        with pytest.raises(MalformedFileError, match="order"):
            read(path)

    def test_a_link_out_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        path = write_gru(tmp_path / "x")
        data = Path(f"{path}.data-00000-of-00001")
        data.rename(tmp_path / "secret")
        data.symlink_to(tmp_path / "secret")
        with pytest.raises(MalformedFileError, match="symbolic link"):
            read(path)

    def test_a_folder_in_place_of_the_data_is_refused(self, tmp_path: Path) -> None:
        path = write_gru(tmp_path / "x")
        data = Path(f"{path}.data-00000-of-00001")
        data.unlink()
        data.mkdir()
        with pytest.raises(MalformedFileError, match="no regular file"):
            read(path)

    def test_a_cudnn_gru_is_converted(self, tmp_path: Path) -> None:
        bias = np.arange(12, dtype="<f4").tobytes()
        nodes = [NODES[0], {**NODES[1], "bias": 4}, *NODES[2:], {"VARIABLE_VALUE": "c"}]
        (found,) = read(write_gru(tmp_path / "x", nodes=nodes, bias=bias))
        assert found.class_name == "CuDNNGRU"
        assert found.bias.shape == (2, 6)
        assert found.recurrent_kernel[:, :2].tolist() == [[12, 18], [13, 19]]

    def test_checkpoints_without_objects_go_by_names(self, tmp_path: Path) -> None:
        pairs = {
            "gru/kernel": bundles.entry(KERNEL, (2, 6)),
            "gru/kernel/Adam": bundles.entry(KERNEL, (2, 6)),
            "gru/recurrent_kernel": bundles.entry(RECURRENT, (2, 6), offset=48),
            "\0other/\udc82": bundles.entry(KERNEL, (2, 6)),  # a piece of a partitioned variable
        }
        (found,) = read(bundles.write(tmp_path / "x", pairs, KERNEL + RECURRENT))
        assert found.path == "gru"

    def test_several_checkpoints_in_a_folder_are_to_be_named(self, tmp_path: Path) -> None:
        write_gru(tmp_path / "x")
        (tmp_path / "x" / "other.index").touch()
        with pytest.raises(MalformedFileError, match=r"ckpt\.index, other\.index"):
            read(tmp_path / "x")

    def test_the_data_alone_is_refused_with_a_hint(self, tmp_path: Path) -> None:
        path = Path(f"{write_gru(tmp_path / 'x')}.data-00000-of-00001")
        with pytest.raises(MalformedFileError, match=r"\.index"):
            read(path)
