"""A hostile file is refused, or read as if its attack were not there, within the limits."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from parameterized import parameterized

from gru_ref import Limits, MalformedFileError, load_layers
from gru_ref.files.malformed import printable
from parity_tests.environment import ROOT
from parity_tests.recording.files import recorded_files
from parity_tests.recording.files.recorded_files import Recorded
from parity_tests.tests.files.attacks import ATTACKS, REASONS, archives, honest
from parity_tests.tests.support.arrays import check_same_arrays

# What one attack may add to the memory of its process: the 16 MiB that `attack_process.LIMITS`
# allows, and h5py itself, which the first one imports; measured 16.2 MiB and 13.6 MiB.
MEMORY = 40 << 20
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
FUZZED = [name for name in recorded_files.NAMES if not name.endswith(("folder", "json"))]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build every attack in a folder of its own below one folder."""
    folder = tmp_path_factory.mktemp("attacks")
    built = {}
    for name, attack in ATTACKS.items():
        (folder / name).mkdir()
        built[name] = attack(folder / name)
    return built


class TestAttacks:
    """Every file of `parity_tests.tests.files.attacks`."""

    @pytest.mark.parametrize("name", list(ATTACKS))
    def test_attack_is_refused_with_its_reason_or_harmless(
        self, name: str, paths: dict[str, Path]
    ) -> None:
        path = paths[name]
        before = sorted(os.listdir(path.parent))
        if name in REASONS:
            with pytest.raises(MalformedFileError) as caught:
                load_layers(path)
            assert REASONS[name] in caught.value.reason
            assert caught.value.file == str(path)
        else:
            (layer,) = load_layers(path).values()
            check_same_arrays(layer.get_weights(), honest.arrays())
        assert sorted(os.listdir(path.parent)) == before

    def test_attacks_take_no_memory_open_nothing_else_and_run_nothing(
        self, paths: dict[str, Path]
    ) -> None:
        folder = next(iter(paths.values())).parent.parent
        reply = subprocess.run(
            [sys.executable, "-m", "parity_tests.tests.files.attack_process", str(folder)],
            input=json.dumps({name: str(path) for name, path in paths.items()}),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        seen = json.loads(reply.stdout)
        assert seen["memory"].keys() == ATTACKS.keys()
        assert seen["forbidden"] == []
        assert max(seen["memory"].values()) < MEMORY, seen["memory"]


class TestLimits:
    """Every limit can be moved, and a file within them is read."""

    path = Recorded("keras-3.15.1/eleven.model.keras").path

    @parameterized.expand(
        [("max_bytes", 10_000), ("max_json_bytes", 1_000), ("max_objects", 20), ("max_depth", 2)]
    )
    def test_a_limit_is_named_by_what_passes_it(self, name: str, value: int) -> None:
        with pytest.raises(MalformedFileError, match=rf"Limits\({name}="):
            load_layers(self.path, limits=Limits(**{name: value}))

    def test_levels_of_layers_are_counted_and_not_those_of_json(self) -> None:
        path = Recorded("keras-3.1.1/without_bias.model.h5").path
        assert len(load_layers(path, limits=Limits(max_depth=1))) == 1

    def test_a_ratio_can_be_allowed(self, tmp_path: Path) -> None:
        path = archives.zip_bomb(tmp_path)
        with pytest.raises(MalformedFileError, match=r"than 200 times as many: Limits\(max_ratio="):
            load_layers(path)
        assert len(load_layers(path, limits=Limits(max_ratio=10_000))) == 1

    def test_a_limit_that_is_not_positive_is_refused(self) -> None:
        with pytest.raises(ValueError, match="max_bytes is 0"):
            Limits(max_bytes=0)


class TestError:
    """One class of error, safe to print and to hand on."""

    def test_it_is_a_value_error_that_can_be_pickled(self) -> None:
        copy = pickle.loads(pickle.dumps(MalformedFileError("f", "p", "r")))
        assert isinstance(copy, ValueError)
        assert (copy.file, copy.place, copy.reason, str(copy)) == ("f", "p", "r", "f, p: r")

    @parameterized.expand(["\x1b[2J", "a\nb\0", "\u202egnp.exe", "\udcff", "x" * 10**6, "é漢"])
    def test_whatever_a_file_names_prints_on_one_line(self, text: str) -> None:
        assert printable(text).isprintable()
        assert len(printable(text)) <= 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)
# Models whose configs are changed: every container there is.
CHANGED = ["keras-3.0.5/nested.model.keras", "tf.keras-2.12.0/cells.v3.keras"]
CHANGED += ["tf.keras-2.15.0/bidirectional.model.keras", "keras-3.5.0/time_distributed.model.keras"]


def _parts(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(Recorded(name).path) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to everything below a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in inner:
        yield (*place, key)
        if isinstance(below, (dict, list)):
            yield from _places(below, (*place, key))


class TestRandomMutations:
    """Files with something changed or cut off: an error of the one class, or a result."""

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(name=st.sampled_from(CHANGED), value=JSON, data=st.data())
    def test_changed_config_is_refused_or_read(self, name: str, value: Any, data: Any) -> None:
        parts = _parts(name)
        config = json.loads(parts["config.json"])
        *way, last = data.draw(st.sampled_from(list(_places(config))))
        here = config
        for key in way:
            here = here[key]
        here[last] = value
        parts["config.json"] = json.dumps(config).encode()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = Path(folder) / "changed"
            with zipfile.ZipFile(path, "w") as archive:
                for member, content in parts.items():
                    archive.writestr(member, content)
            with contextlib.suppress(MalformedFileError):
                load_layers(path)

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(
        name=st.sampled_from(FUZZED),
        changes=st.lists(
            st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8
        ),
        kept=st.one_of(st.just(1.0), st.floats(0, 1)),
    )
    @example(name=FUZZED[0], changes=[], kept=0.5)
    def test_damaged_file_is_refused_or_read(self, name: str, changes: Any, kept: float) -> None:
        data = bytearray(Recorded(name).path.read_bytes())
        for place, byte in changes:
            data[int(place * len(data))] = byte
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a version may have become one of the future
            path = Path(folder) / "damaged"
            path.write_bytes(data[: int(kept * len(data))])
            with contextlib.suppress(MalformedFileError):
                for layer in load_layers(path).values():
                    kernels = layer.get_weights()[:2]
                    assert [array.dtype for array in kernels] == [layer.config.variable_dtype] * 2
