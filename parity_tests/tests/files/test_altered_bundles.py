"""A bundle of which a number is another than was written is refused, whoever altered it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import Limits, MalformedFileError
from gru_ref.files.bundles import bundle_bytes
from gru_ref.files.probe import products
from parity_tests.tests.files import altered_bundles as altered
from parity_tests.tests.files.altered_bundles import (
    META,
    Members,
    built_gru,
    description,
    members_of,
    rehash,
)

PROBE = ("inputs", "initial_state", "mask", "outputs", "states")
WEIGHTS_AND_PROBE = ("kernel", "recurrent_kernel", "bias", *PROBE)


@pytest.fixture(scope="module")
def honest() -> Members:
    """The members of a bundle of one GRU."""
    return members_of(bundle_bytes(built_gru(return_sequences=True)))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Members], Path]:
    """Write members as numpy.savez does."""
    return lambda members: altered.write_bundle(tmp_path / "gru.npz", members)


class TestAlterations:
    """A number that is not the one written is refused, and named."""

    @pytest.mark.parametrize("name", WEIGHTS_AND_PROBE)
    def test_one_bit_of_an_array(self, name: str, honest: Members, written: Any) -> None:
        changed = honest[f"0/{name}"].copy()
        changed.view("uint8").flat[0] ^= 1
        with pytest.raises(MalformedFileError, match=r"sha256 .* altered") as caught:
            gru_ref.load_layers(written({**honest, f"0/{name}": changed}))
        assert caught.value.place == f"0/{name}"

    @pytest.mark.parametrize("name", WEIGHTS_AND_PROBE)
    def test_a_number_with_its_hash_written_anew(
        self, name: str, honest: Members, written: Any
    ) -> None:
        changed = honest[f"0/{name}"].copy()
        if name == "mask":
            changed[0, 0] = False
        else:
            changed.flat[0] += 1e-4
        with pytest.raises(MalformedFileError, match="do not belong together") as caught:
            gru_ref.load_layers(written(rehash({**honest, f"0/{name}": changed})))
        assert caught.value.place == "gru, probe"
        assert "outputs[" in caught.value.reason or "states[" in caught.value.reason

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("activation", "relu"),
            ("recurrent_activation", "hard_sigmoid"),
            ("go_backwards", True),
            ("zero_output_for_mask", True),
            ("return_sequences", False),
            ("units", 4),
            ("reset_after", False),
            ("dtype", "float64"),
        ],
    )
    def test_a_config(self, key: str, value: Any, honest: Members, written: Any) -> None:
        said = description(honest)
        said["layers"][0]["config"][key] = value
        text = np.array(json.dumps(said).encode())
        with pytest.raises(MalformedFileError, match=r"sha256 .* altered") as caught:
            gru_ref.load_layers(written({**honest, META: text}))
        assert caught.value.place == META
        anew = written(rehash(honest, said))
        if key in ("return_sequences", "dtype"):  # no part of what the probe computes
            assert len(gru_ref.load_layers(anew)) == 1
        else:
            with pytest.raises(MalformedFileError):
                gru_ref.load_layers(anew)

    def test_the_generation_of_a_hard_sigmoid(self, written: Any) -> None:
        layer = built_gru(recurrent_activation="hard_sigmoid", keras_version="3.0")
        members = members_of(bundle_bytes(layer))
        older = altered.with_said(members, "layers", 0, "keras_version", value="2.15")
        with pytest.raises(MalformedFileError, match="do not belong together"):
            gru_ref.load_layers(written(older))

    def test_an_array_more_or_less(self, honest: Members, written: Any) -> None:
        with pytest.raises(MalformedFileError, match="does not list it"):
            gru_ref.load_layers(written({**honest, "0/extra": np.ones(1)}))
        with pytest.raises(MalformedFileError, match="it is not there"):
            gru_ref.load_layers(written({k: v for k, v in honest.items() if k != "0/bias"}))


class TestHostile:
    """A description of another kind is an error of the one class; `attacks.bundles` has more."""

    @pytest.mark.parametrize(
        ("way", "value", "says"),
        [
            (("version",), 2, "version is 2, expected 1"),
            (("format",), "another", "format is 'another'"),
            (("layers",), {}, "layers is {}, expected a JSON list"),
            (("layers", 0), None, "expected a JSON object"),
            (("layers", 0, "path"), None, "path is None, expected a JSON str"),
            (("layers", 0, "keras_version"), "nine", "keras_version is 'nine'"),
            (("layers", 0, "config"), [], "config is"),
            (
                ("layers", 0, "config", "units"),
                functools.reduce(lambda x, _: [x], range(500)),
                "units",
            ),
            (("layers", 0, "config", "activation"), "__import__('os')", "activation"),
            (("layers", 0, "further"), {"use_cudnn": "maybe"}, "use_cudnn"),
            (("layers", 0, "probe", "tolerance"), float("nan"), "tolerance is nan"),
            (("layers", 0, "probe", "tolerance"), "1e-6", "expected a JSON float"),
            (("arrays",), [], "arrays is"),
            (("arrays", "0/kernel"), None, "its dtype is 'float32', expected None"),
        ],
    )
    def test_json_of_another_kind(
        self, way: tuple[Any, ...], value: Any, says: str, honest: Members, written: Any
    ) -> None:
        members = altered.with_said(honest, *way, value=value)
        with pytest.raises(MalformedFileError, match=re.escape(says)):
            gru_ref.load_layers(written(members))

    @pytest.mark.parametrize("name", PROBE)
    @pytest.mark.parametrize("change", ["shape", "dtype", "missing"])
    def test_probe_of_another_kind(
        self, name: str, change: str, honest: Members, written: Any
    ) -> None:
        key = f"0/{name}"
        array = honest[key]
        members, said = dict(honest), description(honest)
        if change == "missing":
            del members[key], said["arrays"][key]
        else:
            members[key] = array[..., :1] if change == "shape" else array.astype("int32")
        with pytest.raises(MalformedFileError, match=name):
            gru_ref.load_layers(written(rehash(members, said)))

    def test_text_that_is_no_text(self, honest: Members, written: Any) -> None:
        for array in (np.zeros(3, "S2"), np.ones(())):
            with pytest.raises(MalformedFileError, match="expected text"):
                gru_ref.load_layers(written({**honest, META: array}))

    def test_work_is_limited(self, honest: Members, written: Any) -> None:
        path = written(honest)
        (layer,) = gru_ref.load_layers(path).values()
        work = products(honest["0/inputs"], layer.config)
        assert work > 4 * 6 * 9 * 5
        assert len(gru_ref.load_layers(path, limits=Limits(max_products=work))) == 1
        with pytest.raises(MalformedFileError, match=r"Limits\(max_products="):
            gru_ref.load_layers(path, limits=Limits(max_products=work - 1))
