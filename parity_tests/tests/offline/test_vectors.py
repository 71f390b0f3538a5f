"""Golden vectors: their numbers are those of live Keras, and every format holds them exactly."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.debugging.vectors import GoldenVectors, vectors
from gru_ref.debugging.vectors.formats import FORMATS
from gru_ref.debugging.vectors.golden import STEPS
from gru_ref.debugging.vectors.quantisation import quantise
from gru_ref.files.bundles import load_bundle
from parity_tests.environment import FIXTURES
from parity_tests.recording import golden
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of, npz_layer, two_grus
from parity_tests.tests.support.cli_runner import check_failed, check_shown, invoke

GATES = [case for case in golden.load() if case.group == "gates"]
LAMP = FIXTURES / "debugging" / "model.h5"
# float64 of NumPy against float32 of Keras: what Keras rounds, in one output of three timesteps.
ROUNDED = 4 * 2.0**-23
KEPT = ("z", "r", "candidate")
FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"reset_after": False, "return_sequences": True},
    {"use_bias": False, "go_backwards": True},
    {"zero_output_for_mask": True, "return_sequences": True, "return_state": True},
    {"time_major": True, "return_sequences": True},
    {"stateful": True, "keras_version": "3"},
    {"dtype": "float64", "recurrent_activation": "hard_sigmoid"},
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lamp_layer() -> gru_ref.GRU:
    """Return the layer of the model of docs/debugging.md."""
    (layer,) = gru_ref.load_grus(LAMP).values()
    return layer


@functools.cache
def lamp(weights: str | None = None) -> GoldenVectors:
    """Return the vectors of that layer, made once."""
    return vectors(lamp_layer(), weights=weights)


@pytest.fixture(scope="module")
def lamp_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of their files, and of the arguments of the last."""
    folder = tmp_path_factory.mktemp("lamp")
    lamp().save(folder)
    *_, last = lamp().vectors
    np.save(folder / "x.npy", last.x)
    np.save(folder / "mask.npy", last.mask)
    np.save(folder / "h.npy", last.initial_state)
    return folder


@functools.cache
def small(weights: str | None = None, **arguments: Any) -> GoldenVectors:
    """Return the vectors of the small layer with some arguments, made once."""
    return vectors(small_gru.layer(**arguments), weights=weights)


class TestGoldenNumbers:
    """The numbers are Keras's."""

    @pytest.mark.parametrize("case", GATES, ids=lambda case: f"{case.oracle}-{case.id}")
    def test_every_gate_is_that_of_live_keras(self, case: golden.Golden) -> None:
        constructor = {**case.data["constructor"], "stateful": False}
        layer = gru_ref.GRU(**constructor, keras_version=case.oracle[-1])
        call, expected, masks = case.calls[0], case.expected[0], case.masks[0]
        assert not any(mask is not None for mask in masks.values()), "dropout is not of vectors"
        layer.take_weights(gru_ref.GRUWeights(*case.weights))
        made = vectors(layer, call.x, initial_state=call.initial_state, mask=call.mask)
        (one,) = made.vectors
        allowed = case.data["tolerance_eps"] * np.finfo(case.data["dtype"]).eps
        assert one.tolerance < 100 * allowed
        pairs = {name: (getattr(one.trace, name), expected["gates"][name]) for name in KEPT}
        pairs["output"] = one.output, expected["outputs"][0]
        for name, (ours, theirs) in pairs.items():
            assert ours.shape == theirs.shape, name
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=allowed, err_msg=name)

    @pytest.mark.parametrize("form", FORMS, ids=str)
    def test_the_stated_equations_are_those_of_the_numbers(self, form: dict[str, Any]) -> None:
        made = small(**{**form, "dtype": "float64"})
        stated = {
            name: re.sub(r"([xh)]) ([WR]_)", r"\1 @ \2", text)
            for name, text in made.facts["equations"].items()
        }
        one, bias = made.vectors[0], made.weights.get("bias")
        functions = {
            name: getattr(made.layer.config, f"{name}_function")
            for name in ("activation", "recurrent_activation")
        }
        letters = {"W": made.weights["kernel"], "R": made.weights["recurrent_kernel"]} | (
            {} if bias is None else dict(zip("bc", np.atleast_2d(bias), strict=False))
        )
        known: dict[str, Any] = {**functions, "h": np.zeros((len(one.state), made.layer.units))}
        for letter, array in letters.items():
            blocks = zip("zrh", np.split(array, 3, axis=-1), strict=True)
            known |= {f"{letter}_{gate}": block for gate, block in blocks}
        xs = one.x if made.layer.config.time_major else one.x.swapaxes(0, 1)
        for number, x in enumerate(xs[::-1] if made.layer.config.go_backwards else xs):
            known["x"] = x
            for name in ("z", "r", "candidate", "next h"):
                known[name] = eval(stated[name], known)
            known["h"] = known["next h"]
            for name in (*KEPT, "h"):
                # float64, values up to 1: 45 eps, as products are summed in another order.
                np.testing.assert_allclose(
                    known[name], getattr(one.trace, name)[number], rtol=0, atol=1e-14
                )

    def test_outputs_are_those_of_exported_weights(self) -> None:
        live = arrays_of(EXPECTED)
        (one,) = vectors(npz_layer(return_sequences=True), live["x"]).vectors
        np.testing.assert_allclose(one.output, live["outputs"], rtol=0, atol=ROUNDED)
        np.testing.assert_allclose(one.state, live["state"], rtol=0, atol=ROUNDED)

    def test_outputs_are_those_of_a_model_of_live_keras(self) -> None:
        x, y = (np.load(LAMP.with_name(f"{name}.npy")) for name in ("x", "keras"))
        (one,) = vectors(lamp_layer(), x).vectors
        assert np.abs(one.output - y).max() <= one.tolerance

    @pytest.mark.parametrize("weights", ["int8", "int16"])
    def test_quantised_vectors_are_those_of_the_weights_that_the_codes_mean(
        self, weights: str
    ) -> None:
        layer = npz_layer(return_sequences=True)
        made = vectors(layer, weights=weights)
        for name, array in made.weights.items():
            if name in made.quantised:
                codes = made.quantised[name]
                np.testing.assert_array_equal(array, codes.values)  # exact in float32
                repeated = np.repeat(codes.scales.astype("float32"), 5)
                np.testing.assert_array_equal(codes.codes * repeated, array)
        again = vectors(made.layer)
        for one, other in zip(made.vectors, again.vectors, strict=True):
            np.testing.assert_array_equal(one.output, other.output)


class TestWitnesses:
    """Drawn inputs reveal what can be revealed, and the flags are right."""

    @pytest.mark.parametrize("arguments", FORMS)
    def test_weights_without_a_property_hide_no_mistake(self, arguments: dict[str, Any]) -> None:
        made = small(**arguments)
        assert made.unrevealed == ()
        assert set(made.reveals) | set(made.cannot_be_made) == set(BY_NAME)

    def test_what_zero_biases_hide_is_said(self) -> None:
        layer = small_gru.change_array(small_gru.layer(), small_gru.BIAS, lambda bias: 0 * bias)
        made = vectors(layer)
        because = {one.mistake: one.because for one in made.unrevealed}
        assert because["bias rows swapped"] == because["bias dropped"] == "all biases are zero"
        assert "bias rows swapped: all biases are zero" in " ".join(str(made).split())

    def test_flags_follow_what_a_call_has(self) -> None:
        made = {one.name: one.reveals for one in small().vectors}
        assert list(made) == ["inputs", "mask", "state", "state_and_mask"]
        for name, flags in made.items():
            assert ("mask ignored" in flags) == ("mask" in name)
            assert ("initial_state ignored" in flags) == ("state" in name)

    def test_a_stateful_layer_has_a_second_call(self) -> None:
        made = vectors(small_gru.layer(stateful=True, keras_version="3"))
        *others, second = made.vectors
        assert second.continues
        assert not any(one.continues for one in others)
        assert "recorded state dropped" in second.reveals
        np.testing.assert_array_equal(second.initial_state, others[-1].state)

    @pytest.mark.parametrize("sizes", [(1, 1), (1, 4), (4, 1), (2, 9)])
    def test_sizes_can_be_chosen(self, sizes: tuple[int, int]) -> None:
        made = vectors(small_gru.layer(), batch=sizes[0], timesteps=sizes[1])
        assert all(one.x.shape[:2] == sizes for one in made.vectors)

    def test_default_sizes_differ_from_each_other(self) -> None:
        for features, units in ((1, 1), (3, 5), (5, 3)):
            layer = small_gru.with_weights(gru_ref.GRU(units), (None, None, features))
            x = vectors(layer).vectors[0].x
            assert len({*x.shape[:2], features, units}) == 4 - (features == units)


class TestQuantisation:
    """Codes, scales and the bound of what they cost."""

    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 1e6])
    def test_no_weight_is_off_by_more_than_half_a_scale(self, bits: int, size: float) -> None:
        array = np.random.default_rng(bits).normal(scale=size, size=(7, 12)).astype("float32")
        made = quantise(array, bits)
        scales = np.repeat(made.scales, 4)
        assert (np.abs(made.values - array) <= scales / 2).all()
        # The scale of int16 keeps nine bits, so that code × scale is exact: it is rounded up.
        assert np.abs(made.codes).max() >= (1 - 2.0**-8) * (2 ** (bits - 1) - 1)
        np.testing.assert_array_equal(made.values.astype("float32").astype("float64"), made.values)

    @pytest.mark.parametrize(
        ("arguments", "weights"),
        [
            *((arguments, "int8") for arguments in FORMS),
            ({}, "int16"),
            ({"activation": "gelu", "keras_version": "3"}, "int8"),
        ],
    )
    def test_the_bound_holds(self, arguments: dict[str, Any], weights: str) -> None:
        cost = small(weights, **arguments).quantisation_error
        assert cost is not None
        assert 0 < cost.error <= cost.bound

    def test_the_bound_holds_for_the_worst_rounding_of_one_step(self) -> None:
        # Every weight of the candidate is off by half a scale, all in the same direction.
        layer = small_gru.layer(activation="linear", recurrent_activation="hard_sigmoid")
        kernel, recurrent_kernel, bias = layer.get_weights()
        kernel[:, 10:], kernel[:, :10] = 0.5, 0
        kernel[0, ::5] = 127
        layer.set_weights([kernel, 0 * recurrent_kernel, 0 * bias])
        made = vectors(layer, np.ones((1, 1, 4), "float32"), weights="int8")
        assert made.quantisation_error is not None
        assert made.quantisation_error.error > made.quantisation_error.bound / 4

    def test_errors_shrink_with_the_scale(self) -> None:
        made = [lamp(weights).quantisation_error for weights in ("int8", "int16")]
        assert made[1].error < made[0].error / 50
        assert made[1].bound < made[0].bound / 50


class TestFormats:
    """Every format holds the same numbers."""

    @pytest.mark.parametrize(
        ("arguments", "weights"), [*((arguments, None) for arguments in FORMS), ({}, "int8")]
    )
    def test_every_format_reads_back(self, arguments: dict[str, Any], weights: str | None) -> None:
        made = small(weights, **arguments)
        made.save(".")
        self._json(made)
        self._raw(made)
        self._csv(made)
        self._npz(made)

    @staticmethod
    def _json(made: GoldenVectors) -> None:
        (case,) = json.loads(Path("gru.json").read_text(encoding="utf-8"))["cases"]
        for name, array in made.weights.items():
            np.testing.assert_array_equal(np.array(case["weights"][name], array.dtype), array)
        calls = [call for call in case["calls"] if not call.get("reset")]
        for one, call in zip(made.vectors, calls, strict=True):
            dtype = one.x.dtype
            np.testing.assert_array_equal(np.array(call["x"], dtype), one.x)
            expected = call["expected"]
            np.testing.assert_array_equal(np.array(expected["outputs"][0], dtype), one.output)
            np.testing.assert_array_equal(np.array(expected["final_state"], dtype), one.state)
            for name in (*KEPT, "h"):
                gate = np.array(expected["gates"][name], dtype)
                np.testing.assert_array_equal(gate, getattr(one.trace, name))

    @staticmethod
    def _raw(made: GoldenVectors) -> None:
        described = json.loads(Path("gru.bin.json").read_text(encoding="utf-8"))
        data = Path(described["file"]).read_bytes()
        arrays = {
            name: np.frombuffer(
                data,
                np.dtype(said["dtype"]).newbyteorder("<"),
                int(np.prod(said["shape"])),
                said["offset"],
            ).reshape(said["shape"])
            for name, said in described["arrays"].items()
        }
        ends = [said["offset"] + said["bytes"] for said in described["arrays"].values()]
        assert max(ends) == len(data)
        for one in made.vectors:
            for name, array in one.arrays.items():
                np.testing.assert_array_equal(arrays[f"{one.name}/{name}"], array)
        for name, array in made.weights.items():
            codes = made.quantised.get(name)
            if codes is None:
                np.testing.assert_array_equal(arrays[name], array)
            else:
                meant = arrays[name] * np.repeat(arrays[f"{name}_scales"], array.shape[1] // 3)
                np.testing.assert_array_equal(meant, array)

    @staticmethod
    def _csv(made: GoldenVectors) -> None:
        for one in made.vectors:
            text = Path(f"gru.{one.name}.csv").read_text(encoding="utf-8")
            for row in csv.DictReader(io.StringIO(text)):
                if row["name"] in STEPS:
                    place = int(row["position"]), int(row["batch"]), int(row["index"])
                    array = getattr(one.trace, row["name"])
                    assert array.dtype.type(row["value"]) == array[place]

    @staticmethod
    def _npz(made: GoldenVectors) -> None:
        bundle = load_bundle("gru.npz")
        assert list(bundle.layers) == [one.name for one in made.vectors]
        with np.load("gru.npz") as archive:
            for number, one in enumerate(made.vectors):
                probe = bundle.probes[one.name]
                time = 0 if made.layer.config.time_major else 1
                np.testing.assert_array_equal(probe.states.swapaxes(0, time), one.trace.h)
                np.testing.assert_array_equal(probe.outputs.swapaxes(0, time), one.trace.output)
                assert bundle.said[one.name]["call"]["reveals"] == list(one.reveals)
                for name in KEPT:
                    gate = archive[f"{number}/{name}"].swapaxes(0, time)
                    np.testing.assert_array_equal(gate, getattr(one.trace, name))

    def test_the_json_is_a_case_of_fixtures_with_more(self) -> None:
        schema = json.loads((FIXTURES / "schema.json").read_text(encoding="utf-8"))
        made = vectors(small_gru.layer(stateful=True, return_state=True, keras_version="3"))
        made.save("gru.json")
        (case,) = json.loads(Path("gru.json").read_text(encoding="utf-8"))["cases"]
        assert set(schema["$defs"]["case"]["required"]) <= set(case)
        for call in case["calls"]:
            kind = schema["$defs"]["reset" if "reset" in call else "call"]
            assert set(kind["required"]) <= set(call)
        resets = ["reset" in call for call in case["calls"]]
        assert resets == [True, False] * 4 + [False]
        assert case["calls"][1]["expected"]["container"] == "tuple"

    def test_what_the_file_did_not_say_is_in_every_format(self) -> None:
        (layer,) = gru_ref.load_grus(NPZ).values()
        made = vectors(layer)
        made.save(".")
        for name in (".h", ".json", ".bin.json", ".csv.json", ".npz"):
            data = Path(f"{layer.name}{name}").read_bytes()
            assert b"assumed" in data, name
            assert b"recurrent_activation" in data, name

    def test_the_same_layer_gives_the_same_bytes(self) -> None:
        for folder in ("one", "two"):
            Path(folder).mkdir()
            vectors(lamp_layer(), weights="int8").save(folder)
        for path in Path("one").iterdir():
            assert path.read_bytes() == (Path("two") / path.name).read_bytes()


class TestVectorsRefusals:
    """What is refused, and that nothing is written then."""

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"weights": "int4"}, "weights is 'int4', expected one of float32, int8, int16"),
            ({"batch": 0}, "batch is 0, expected an int of at least 1"),
            ({"timesteps": True}, "timesteps is True"),
            ({"batch": 10**9}, "choose a smaller batch"),
            ({"mask": np.ones((2, 3))}, "mask is given without x"),
            ({"x": np.ones((0, 3, 4), "float32")}, "expected 4 features and a row"),
            ({"x": np.ones((2, 3, 5), "float32")}, "expected 4 features"),
            ({"x": np.full((2, 3, 4), np.nan, "float32")}, "x[0, 0, 0] is nan"),
            ({"x": np.ones((2, 3, 4), "float32"), "batch": 2}, "of drawn inputs"),
        ],
    )
    def test_wrong_arguments(self, options: dict[str, Any], says: str) -> None:
        with pytest.raises(ValueError, match=r"expected|choose") as caught:
            vectors(small_gru.layer(), **options)
        assert says in str(caught.value)

    def test_layers(self) -> None:
        with pytest.raises(TypeError, match=r"expected a gru_ref\.GRU"):
            vectors(gru_ref.Bidirectional(gru_ref.GRU(2)))
        with pytest.raises(ValueError, match="not built"):
            vectors(gru_ref.GRU(2))
        with pytest.raises(ValueError, match=r"activation is .* expected one that Keras"):
            vectors(small_gru.layer(activation=np.tanh))
        spoiled = small_gru.change_array(small_gru.layer(), 0, lambda kernel: kernel * np.inf)
        with pytest.raises(ValueError, match=r"kernel\[0, 0\] is -?inf, expected finite"):
            vectors(spoiled)

    def test_weights_that_float32_cannot_hold(self) -> None:
        layer = small_gru.layer(dtype="float64")
        layer = small_gru.change_array(layer, 0, lambda kernel: kernel * 1e60)
        with pytest.raises(ValueError, match=r"kernel\[0, 0\] is -?inf, expected finite"):
            vectors(layer, weights="float32")

    def test_results_that_overflow(self) -> None:
        layer = small_gru.layer(activation="exponential", recurrent_activation="exponential")
        with pytest.raises(ValueError, match="expected finite numbers"):
            vectors(layer, np.full((1, 3, 4), 100, "float32"))

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
    def test_half_types_are_widened_and_it_is_said(self, dtype: str) -> None:
        layer = small_gru.layer(dtype=dtype, recurrent_initializer="zeros")
        made = vectors(layer)
        assert made.vectors[0].x.dtype == made.weights["kernel"].dtype == np.float32
        np.testing.assert_array_equal(made.weights["kernel"], layer.get_weights()[0])
        assert f"without the rounding of {dtype.removeprefix('mixed_')}" in made.notes[0]

    @pytest.mark.parametrize(
        ("path", "formats", "says"),
        [
            ("x.csv", None, "expected a name in .h, .json, .bin, .npz, or a folder that is there"),
            ("x.csv", ["csv"], "expected a folder that is there for csv"),
            ("x.h", ["json"], "expected a name in .json, or a folder that is there for json"),
            ("x.h", ["text"], "format is 'text', expected one of header, json, raw, csv, npz"),
            ("nowhere/", None, "expected a name in"),
        ],
    )
    def test_paths(self, path: str, formats: list[str] | None, says: str) -> None:
        with pytest.raises(ValueError, match="expected") as caught:
            small().save(path, formats=formats)
        assert says in str(caught.value)
        assert list(Path().iterdir()) == []

    @pytest.mark.parametrize("prefix", ["", "1a", "_a", "a b", "é", "a*/"])
    def test_prefixes(self, prefix: str) -> None:
        with pytest.raises(ValueError, match="expected letters of ASCII"):
            small().save("x.h", prefix=prefix)


class TestVectorsCommand:
    """`gru-ref vectors`."""

    def test_it_writes_a_folder_and_prints_a_summary(self) -> None:
        Path("out").mkdir()
        words = check_shown(invoke("vectors", LAMP, "-o", "out", "--weights", "int8"))
        assert "a state is off by" in words
        assert "31 of the 31 mistakes" in words
        endings = {path.suffix for path in Path("out").iterdir()}
        assert endings == {".h", ".json", ".bin", ".csv", ".npz"}

    @pytest.mark.parametrize("name", [n for n in FORMATS if n != "csv"])
    def test_it_writes_one_file(self, name: str) -> None:
        check_shown(invoke("vectors", LAMP, "-o", f"lamp{FORMATS[name].ending}"))
        wanted = {f"lamp{FORMATS[name].ending}"} | ({"lamp.bin.json"} if name == "raw" else set())
        assert {path.name for path in Path().iterdir()} == wanted

    def test_the_object_prints_what_the_command_prints(self) -> None:
        printed = invoke("vectors", LAMP, "-o", "lamp.h", "--weights", "int8").out
        assert printed == f"lamp.h\n{lamp('int8')}\n"

    def test_json_is_the_summary(self) -> None:
        ended = invoke("vectors", LAMP, "-o", "lamp.h", "--json")
        data = json.loads(ended.out)
        assert data["report"] == "vectors"
        assert data["vectors"][0]["name"] == "inputs"

    def test_nothing_is_overwritten_unasked(self) -> None:
        Path("gru.bin.json").write_text("mine", encoding="utf-8")
        check_failed(invoke("vectors", LAMP, "-o", "."), "gru.bin.json", "--force")
        assert [path.name for path in Path().iterdir()] == ["gru.bin.json"]
        check_shown(invoke("vectors", LAMP, "-o", ".", "--force"))
        assert Path("gru.bin.json").read_text(encoding="utf-8") != "mine"

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("-o", "x.txt"), "--output is 'x.txt', expected a name in .h"),
            (("-o", "no/x.h"), "expected a folder that is there"),
            (("-o", "x.h", "--mask", "m.npy"), "--mask needs --inputs"),
            (("-o", "x.h", "--batch", "0"), "batch is 0"),
            (("-o", "x.h", "--prefix", "a b"), "prefix is 'a b'"),
            (("-o", "x.h", "--format", "csv"), "expected a folder that is there for csv"),
        ],
    )
    def test_refusals(self, options: tuple[str, ...], says: str) -> None:
        check_failed(invoke("vectors", LAMP, *options), says)
        assert list(Path().iterdir()) == []

    def test_what_is_assumed_is_printed(self) -> None:
        ended = invoke("vectors", NPZ, "-o", "x.h")
        assert "does not say all that these numbers rest on" in ended.err
        check_failed(invoke("vectors", NPZ, "-o", "y.h", "--strict"), "--strict")
        assert not Path("y.h").exists()

    def test_a_layer_is_chosen_by_name(self) -> None:
        path = two_grus(Path())
        check_failed(invoke("vectors", path, "-o", "x.h"), "--layer")
        check_shown(invoke("vectors", path, "--layer", "gru_1", "-o", "x.h"))
        assert "hard_sigmoid_fifth" in Path("x.h").read_text(encoding="ascii")


class TestTheirs:
    """`gru-ref diff --theirs` reads what `trace` and `vectors` write, and what ports print."""

    CALL = ("diff", LAMP, "--inputs", "x.npy", "--theirs")

    @pytest.fixture(autouse=True)
    def _files(self, _folder: None, lamp_files: Path) -> None:
        shutil.copytree(lamp_files, ".", dirs_exist_ok=True)

    @pytest.mark.parametrize(
        "name", ["gru.json", "gru.bin", "gru.bin.json", "gru.npz", "gru.state_and_mask.csv"]
    )
    def test_files_of_vectors(self, name: str) -> None:
        call = (*self.CALL, name, "--mask", "mask.npy", "--initial-state", "h.npy")
        assert "Equal up to rounding." in check_shown(invoke(*call))

    def test_the_vector_with_the_arguments_of_the_call_is_read(self) -> None:
        for name in ("gru.json", "gru.bin", "gru.npz"):
            assert "Equal" in check_shown(invoke(*self.CALL, name))
            assert "Equal" in check_shown(invoke(*self.CALL, name, "--mask", "mask.npy"))
        np.save("x.npy", np.load("x.npy") / 2)
        for name in ("gru.json", "gru.bin", "gru.npz"):
            check_failed(invoke(*self.CALL, name), "none of whose 4 vectors")

    def test_another_vector_differs(self) -> None:
        ended = invoke(*self.CALL, "gru.state.csv")
        assert ended.status == 1
        assert "initial_state ignored" in ended.out or "Different" in ended.out

    def test_what_trace_writes(self) -> None:
        for name in ("t.npz", "t.csv"):
            check_shown(invoke("trace", LAMP, "--inputs", "x.npy", "-o", name))
            assert "Equal" in check_shown(invoke(*self.CALL, name))

    def _write(self, name: str, array: np.ndarray) -> None:
        rows = array.reshape(-1, array.shape[-1])
        if name.endswith(".json"):
            Path(name).write_text(json.dumps(array.tolist()), encoding="utf-8")
        elif name.endswith((".bin", ".raw", ".f32")):
            Path(name).write_bytes(array.astype("<f4").tobytes())
        elif name.endswith(".f64"):
            Path(name).write_bytes(array.astype("<f8").tobytes())
        elif name == "headed.csv":
            names = ",".join(f"h{unit}" for unit in range(array.shape[-1]))
            np.savetxt(name, rows, delimiter=",", header=names, comments="")
        elif name == "flat.txt":
            np.savetxt(name, array.reshape(-1, 1))
        else:
            separator = {".csv": ",", ".tsv": "\t", ".txt": " "}[Path(name).suffix]
            np.savetxt(name, rows, delimiter=separator, header="of a port")

    @pytest.mark.parametrize(
        "name",
        [
            "y.csv", "y.tsv", "y.txt", "headed.csv", "flat.txt", "y.json", "y.bin", "y.raw",
            "y.f32", "y.f64",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("batch", [1, 4])
    def test_what_a_port_prints(self, name: str, batch: int) -> None:
        one = lamp().vectors[0]
        np.save("x.npy", one.x[:batch])
        array = one.output[:batch].astype("float64")
        self._write(name, array)
        ended = invoke(*self.CALL, name)
        assert (ended.status, "Equal" in ended.out) == (0, True), ended
        if name != "y.json":
            assert "gru-ref: --theirs is read as " in ended.err
        array[-1, 2, 3] += 1e-3
        self._write(name, array)
        ended = invoke(*self.CALL, name)
        assert ended.status == 1
        assert f"timestep 2, row {batch - 1} of the batch, unit 3" in " ".join(ended.out.split())

    def test_a_final_state(self) -> None:
        np.savetxt("h.csv", lamp().vectors[0].state, delimiter=",")
        ended = invoke(*self.CALL, "h.csv")
        assert (ended.status, "the final state" in ended.err) == (0, True)

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("a.csv", "", "holds no numbers"),
            ("a.csv", "1,2\n3,4\n", "2 rows of 2 numbers, expected 20 of 8"),
            ("a.csv", "1,2\n3\n", "rows of [1, 2] numbers"),
            ("a.csv", "1,2\nx,3\n", "the line 'x,3', expected numbers"),
            ("a.csv", "position,timestep,batch,name,index,value\n0,0,0,h,0,1\n", "lacks 159"),
            ("a.csv", "position,timestep,batch,name,index,value\n0,0,9,h,0,1\n", "0,0,9,h,0,1"),
            ("a.csv", "position,timestep,batch,name,index,value\n-1,0,0,h,0,1\n", "-1,0,0"),
            (
                "a.csv",
                "position,timestep,batch,name,index,value\n0,0,0,h,0\n",
                "the row '0,0,0,h,0'",
            ),
            ("a.csv", "position,timestep,batch,name,index,value\n0,0,0,x,0,1\n", "expected h"),
            ("a.csv", b"\xff\xfe\x00", "expected text in UTF-8"),
            ("a.csv", "position,timestep,batch,name,index,value\n0\0,0,0,h,0,1\n", "with the row"),
            ("a.json", "{", "expected JSON"),
            ("a.json", "[" * 100_000, "expected JSON"),
            ("a.json", "[[1, 2], [3]]", "lists of equal lengths"),
            ("a.json", '{"cases": 1}', "as gru-ref vectors writes them"),
            ("a.json", '{"cases": [{"calls": [1]}]}', "as gru-ref vectors writes them"),
            ("a.json", '{"arrays": {"a/h": {}}, "file": "x.npy"}', "as gru-ref vectors writes"),
            (
                "a.json",
                '{"arrays": {"a/h": {"dtype": "float32", "shape": [9, 9], "offset": -4}},'
                ' "file": "x.npy"}',
                "as gru-ref vectors writes",
            ),
            ("a.bin", b"\x00" * 12, "12 bytes, expected 640 of float32 or 1,280 of float64"),
            ("a.f64", b"\x00" * 640, "expected 1,280 of float64 for outputs (4, 5, 8)"),
            ("a.h", "int x;", "a C header"),
            ("a.out", "1,2\n", "what else is read is told by its name: .csv, .tsv, .txt, .json"),
        ],
    )
    def test_refusals(self, name: str, content: str | bytes, says: str) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        Path(name).write_bytes(data)
        check_failed(invoke(*self.CALL, name), says)

    def test_inputs_of_the_model_are_not_those_of_the_gru(self) -> None:
        np.save("ids.npy", np.zeros((4, 5), int))
        call = ("diff", LAMP, "--inputs", "ids.npy", "--theirs", "gru.json")
        check_failed(invoke(*call), "--inputs has shape (4, 5)", "not what enters the model")

    def test_a_missing_file_is_named(self) -> None:
        for name in ("no.csv", "no.json", "no.bin", "no.npz"):
            check_failed(invoke(*self.CALL, name), name, "No such file")
