"""NumPy and safetensors files: what strangers write is refused, what users write is found."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref.files.limits import Limits
from gru_ref.files.malformed import MalformedFileError
from parity_tests.recording.files.recorded_exports import arrays_of, read
from parity_tests.tests.files.refusal import check_refused, file_of


def _npy(shape: object, data: bytes = b"", *, descr: str = "'<f4'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def _npz(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


def _safetensors(header: Any, data: bytes = bytes(96), *, size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


def _tensor(offsets: Any, *, shape: Any = (2, 6), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HONEST = {"gru/kernel": _tensor([0, 48]), "gru/recurrent_kernel": _tensor([48, 96])}
OBJECTS = io.BytesIO()
np.save(OBJECTS, np.array([{}, None]), allow_pickle=True)

HOSTILE: dict[str, tuple[bytes, str]] = {
    "npz_of_pickles": (_npz(arr_0=OBJECTS.getvalue()), "pickle"),
    "npy_of_pickles_by_another_header": (_npz(a=_npy((), descr="[('x', '|O')]")), "plain array"),
    "npy_that_claims_a_terabyte": (_npz(a=_npy((1 << 40,))), "claims"),
    "npy_of_sizes_without_a_comma": (
        _npz(a=_npy("(4 15)", bytes(240))),
        re.escape("its shape is (4 15), expected sizes"),
    ),
    "npy_header_that_calls": (_npz(a=_npy((), descr="__import__('os').name")), "plain array"),
    **{
        f"npy_of_dtype_{descr}": (
            _npz(a=_npy((1,), bytes(4), descr=repr(descr))),
            re.escape(f"a.npy: its dtype is {descr!r}, expected a plain one"),
        )
        for descr in (
            "(2,",
            ",f4",
            "<f4,",
            "f4,f4",
            "(99999999999,)f4",
            "2f4",
            "float32",
            "object",
            "U999999999",
            "S99999999999",
            "<f3",
            "<M8[ns]",
        )
    },
    **{
        f"npy_of_nothing_times_{size}": (
            _npz(a=_npy((0, size))),
            "expected sizes that NumPy has",
        )
        for size in (1 << 62, 1 << 100)
    },
    "npz_bomb": (_npz(arr_0=bytes(16 << 20)), "unpack"),
    "npz_with_a_member_twice": (
        _npz(arr_0=b"", arr_1=b"").replace(b"arr_1", b"arr_0"),
        "2 members",
    ),
    "one_npy": (_npy((1,), bytes(4)), "it is one array"),
    "one_npy_of_pickles": (OBJECTS.getvalue(), "it is one array"),
    "npz_of_arrays_that_could_be_either": (
        _npz(a=_npy((2, 6), bytes(48)), b=_npy((2, 6), bytes(48))),
        "cannot be told",
    ),
    "pickle": (b"\x80\x04]\x94.", "pickle"),
    "safetensors_header_of_a_terabyte": (_safetensors({}, size=(1 << 40) - 1), "JSON"),
    "safetensors_header_beyond_the_end": (_safetensors({}, size=4096), "pointed at"),
    "safetensors_offset_beyond_the_end": (
        _safetensors({**HONEST, "x": _tensor([0, 1 << 40], shape=[1 << 38])}),
        "bytes are",
    ),
    "safetensors_offsets_backwards": (_safetensors({"x": _tensor([48, 0])}), "bytes are"),
    "safetensors_negative_offset": (_safetensors({"x": _tensor([-48, 0])}), "wrong type"),
    "safetensors_offset_true": (_safetensors({"x": _tensor([False, True])}), "wrong type"),
    "safetensors_shape_of_more_bytes": (
        _safetensors({"x": _tensor([0, 48], shape=[1 << 40, 1 << 40])}),
        "takes 48 bytes, expected 4 bytes an element",
    ),
    "safetensors_of_no_features": (
        _safetensors({"a": _tensor([0, 0], shape=[0, 6]), "b": _tensor([0, 48])}),
        re.escape("its shape is (0, 6), expected positive sizes"),
    ),
    "safetensors_name_twice": (_safetensors(b'{"a": {}, "a": {}}'), "twice"),
    "safetensors_deep_json": (_safetensors(b'{"a":' * 100_000), "JSON"),
    "safetensors_json_of_257_levels": (
        _safetensors(b'{"a":' + b"[" * 256 + b"1" + b"]" * 256 + b"}"),
        "its JSON is nested 257 deep, expected 256 at most",
    ),
    "safetensors_json_of_256_levels": (
        _safetensors(b'{"a":' + b"[" * 255 + b"1" + b"]" * 255 + b"}"),
        "a: it is no JSON object",
    ),
    "safetensors_no_object": (_safetensors(b'{"a": 1}'), "no JSON object"),
    "safetensors_integers": (
        _safetensors({name: {**value, "dtype": "I32"} for name, value in HONEST.items()}),
        "I32",
    ),
}


class TestHostileArrays:
    """.npz, .npy and safetensors by strangers."""

    @pytest.mark.parametrize("attack", HOSTILE)
    def test_it_is_refused(self, attack: str, tmp_path: Path) -> None:
        data, reason = HOSTILE[attack]
        check_refused(file_of(tmp_path, data), reason)

    def test_the_honest_one_is_read_within_its_limit(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, _safetensors(HONEST))
        assert [found.path for found in read(path)] == ["gru"]
        with pytest.raises(MalformedFileError, match="max_bytes"):
            read(path, Limits(max_bytes=path.stat().st_size - 20))

    def test_arrays_of_any_names_and_order_go_by_their_shapes(self, tmp_path: Path) -> None:
        arrays = {"b": np.full(6, 1.0), "U": np.full((2, 6), 2.0), "W": np.full((4, 6), 3.0)}
        np.savez(tmp_path / "x.npz", **arrays)
        (found,) = read(tmp_path / "x.npz")
        assert [array.flat[0] for array in arrays_of(found)] == [3, 2, 1]

    def test_one_array_in_an_archive_or_a_folder_of_its_name_is_no_gru(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "kernel").mkdir()
        np.save(tmp_path / "kernel" / "kernel.npy", np.ones((4, 15)))
        np.savez(tmp_path / "kernel.npz", kernel=np.ones((4, 15)))
        assert read(tmp_path / "kernel") == read(tmp_path / "kernel.npz") == []

    def test_weights_of_a_whole_model_are_found_in_their_order(self, tmp_path: Path) -> None:
        gru = [np.ones((4, 15)), np.ones((5, 15)), np.ones((2, 15))]
        lstm = [np.ones((5, 8)), np.ones((2, 8)), np.ones(8)]
        second = [np.ones((2, 9)), np.ones((3, 9)), np.ones(9)]
        np.savez(tmp_path / "x.npz", *gru, *lstm, *second, np.ones((3, 1)))
        assert [found.kernel.shape for found in read(tmp_path / "x.npz")] == [(4, 15), (2, 9)]

    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2"])
    def test_npy_files_read_as_numpy_reads_them(
        self, order: Any, dtype: str, tmp_path: Path
    ) -> None:
        shapes = {"kernel": (4, 15), "recurrent_kernel": (5, 15), "bias": (2, 15)}
        draws = np.random.default_rng(1)
        for name, shape in shapes.items():
            array = np.asarray(draws.normal(size=shape), dtype, order=order)
            np.save(tmp_path / f"{name}.npy", array)
        (found,) = read(tmp_path)
        for name, array in zip(shapes, arrays_of(found), strict=True):
            assert np.array_equal(array, np.load(tmp_path / f"{name}.npy"))
