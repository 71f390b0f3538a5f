"""The half types: which dtype everything is of, what rounds where, and what is refused."""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.core import rounding
from gru_ref.core.smooth_activations import log_softmax, softmax
from gru_ref.errors import KerasQuirkWarning
from parity_tests.cases import sweeps
from parity_tests.cases.sweeps import Case
from parity_tests.cases.witness import MaskedWitness, exact_enough, witness
from parity_tests.judging import step_local
from parity_tests.judging.mistakes import MISTAKES
from parity_tests.matrix import halves
from parity_tests.matrix.axes import ORACLES
from parity_tests.matrix.objects import instance
from parity_tests.reporting import half_mistakes_page, mistakes_page
from parity_tests.tests.support import small_gru

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
X = np.random.default_rng(0).standard_normal((2, 3, 4)).astype("float32")
# dtype → compute, variable
TYPES = {
    "float16": ("float16", "float16"),
    "bfloat16": ("bfloat16", "bfloat16"),
    "mixed_float16": ("float16", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
}


def _layer(dtype: Any, **arguments: Any) -> gru_ref.GRU:
    return small_gru.layer(dtype=dtype, recurrent_initializer="zeros", **arguments)


class TestDtypes:
    """Compute, variable, state and output dtypes."""

    @parameterized.expand([(dtype, version) for dtype in TYPES for version in "23"])
    def test_everything_is_of_its_dtype(self, dtype: str, version: str) -> None:
        compute, variable = TYPES[dtype]
        layer = _layer(dtype, keras_version=version, stateful=True, return_state=True)
        output, state = layer(X)
        assert (layer.compute_dtype, layer.variable_dtype) == (compute, variable)
        assert (output.dtype.name, state.dtype.name) == (compute, compute)
        assert {w.dtype.name for w in layer.get_weights()} == {variable}
        assert layer.states[0].dtype.name == variable
        again = gru_ref.GRU.from_config(layer.get_config(), keras_version=version)
        assert again.config.dtype == dtype

    @parameterized.expand(
        [
            (np.float16, "float16"),
            (np.dtype("float16"), "float16"),
            (ml_dtypes.bfloat16, "bfloat16"),
            (BFLOAT16, "bfloat16"),
            (instance("Policy", name="mixed_float16"), "mixed_float16"),
            ("half", "float16"),
            ("double", "float64"),
            (float, "float32"),
        ]
    )
    def test_what_dtype_may_be_in_keras_2(self, given: Any, name: str) -> None:
        assert gru_ref.GRUConfig(5, dtype=given).dtype == name

    @parameterized.expand(["half", "mixed_float64", "f2"])
    def test_other_names_are_refused_in_keras_3(self, given: str) -> None:
        with pytest.raises(ValueError, match=f"dtype is '{given}', expected one of float16"):
            gru_ref.GRUConfig(5, dtype=given, keras_version="3")

    @parameterized.expand(["tf-2.1", "tf-2.4"])
    def test_old_releases_take_a_mixed_policy_but_not_its_name(self, version: str) -> None:
        policy = instance("Policy", name="mixed_float16")
        assert gru_ref.GRUConfig(5, dtype=policy, keras_version=version).dtype == "mixed_float16"
        with pytest.raises(TypeError, match="dtype is 'mixed_float16'"):
            gru_ref.GRUConfig(5, dtype="mixed_float16", keras_version=version)

    @parameterized.expand(["bfloat16", "mixed_bfloat16"])
    def test_bfloat16_needs_ml_dtypes_and_names_the_extra(self, dtype: str) -> None:
        with mock.patch.dict(sys.modules, {"ml_dtypes": None}):
            with pytest.raises(ModuleNotFoundError, match=r"pip install 'gru-ref\[half\]'"):
                gru_ref.GRUConfig(5, dtype=dtype)
            assert gru_ref.GRUConfig(5, dtype="mixed_float16").compute_dtype == np.float16

    def test_there_is_no_orthogonal_matrix_in_bfloat16(self) -> None:
        with pytest.raises(ValueError, match="recurrent_initializer is orthogonal in bfloat16"):
            gru_ref.GRU(5, dtype="bfloat16").build((2, 3, 4))

    def test_keras_2_does_not_cast_an_initial_state(self) -> None:
        state = np.ones((2, 5), "float32")
        with pytest.raises(TypeError, match="initial_state has dtype float32, expected bfloat16"):
            _layer("bfloat16")(X, state)
        layer = _layer("bfloat16", keras_version="3")
        assert np.array_equal(layer(X, state), layer(X, state.astype(BFLOAT16)))


class TestRounding:
    """What rounds, and how: the sentences of `gru_ref.core.rounding`."""

    def test_a_product_is_rounded_once(self) -> None:
        a = np.array([[1, 2**-11, 2**-11]], "float16")
        ones = np.ones((3, 1), "float16")
        assert rounding.product(a, ones) == 1 + 2.0**-10
        assert rounding.product_by_term(a, ones) == 1  # each of the two is half an ulp, a tie

    def test_a_bfloat16_product_is_cut_off(self) -> None:
        a = np.array([[1, 0.75 * 2**-7], [-1, -0.75 * 2**-7]], BFLOAT16)
        assert rounding.product(a, np.ones((2, 1), BFLOAT16)).tolist() == [[1], [-1]]

    @parameterized.expand(TYPES)
    def test_a_call_begins_by_rounding_input_and_weights(self, dtype: str) -> None:
        layer, compute = _layer(dtype), rounding.numpy_dtype(TYPES[dtype][0])
        before = layer(X)
        layer.set_weights([w.astype(compute) for w in layer.get_weights()])
        assert np.array_equal(layer(X.astype(compute)), before)

    @parameterized.expand(TYPES)
    def test_the_functional_core_computes_what_the_layer_does(self, dtype: str) -> None:
        layer = _layer(dtype)
        weights = gru_ref.GRUWeights.from_arrays(layer.get_weights())
        h = np.zeros((2, 5), "float32")
        for t in range(3):
            h = gru_ref.gru_step(X[:, t], h, weights, layer.config).h
        assert np.array_equal(h, layer(X))
        assert np.array_equal(gru_ref.gru(X, weights, layer.config).output, h)

    def test_tensorflow_up_to_2_15_rounds_float16_after_every_term(self) -> None:
        new, old = (_layer("float16", keras_version=version)(X) for version in ("2", "2.15.0"))
        apart = np.abs(new.astype("float32") - old.astype("float32"))
        assert 0 < apart.max() < 8 * 2**-10

    def test_old_stateful_layers_warn_that_keras_raises(self) -> None:
        with pytest.warns(KerasQuirkWarning, match="stateful_needs_float32"):
            _layer("float16", keras_version="2.12.0", stateful=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _layer("mixed_float16", keras_version="2.12.0", stateful=True)


# softmax and log_softmax of NUMBERS, the first three of them, by tf.nn of TensorFlow 2.21 with
# TF_ENABLE_ONEDNN_OPTS=0: up to seven are summed one by one, and from 32 on in four sums. MANY is
# for 72 of them.
NUMBERS = np.array([14, 15, 4, 1, -8, -2, -8, -3, 13, 5, 12, -15]) / 8
MANY = np.arange(72) * 2 % 16 / 8 - 1
SOFTMAX: dict[tuple[str, int], list[list[float]]] = {
    ("float16", 7): [[0.346923828125, 0.393310546875, 0.0994873046875],
                     [-1.05859375, -0.93310546875, -2.30859375]],
    ("float16", 8): [[0.33349609375, 0.3779296875, 0.0955810546875],
                     [-1.09765625, -0.97314453125, -2.34765625]],
    ("float16", 12): [[0.1995849609375, 0.2261962890625, 0.057220458984375],
                      [-1.611328125, -1.486328125, -2.861328125]],
    ("bfloat16", 7): [[0.345703125, 0.390625, 0.0986328125], [-1.0625, -0.94140625, -2.3125]],
    ("bfloat16", 8): [[0.333984375, 0.37890625, 0.095703125], [-1.09375, -0.97265625, -2.34375]],
    ("bfloat16", 12): [[0.2001953125, 0.2265625, 0.05712890625],
                       [-1.609375, -1.484375, -2.859375]],
    ("float16", 72): [[0.004940032958984375, 0.00634002685546875, 0.00814056396484375],
                      [-5.3125, -5.0625, -4.8125]],
    ("bfloat16", 72): [[0.004913330078125, 0.006317138671875, 0.00811767578125],
                       [-5.3125, -5.0625, -4.8125]],
    ("float64", 12): [[0.19952958309300933, 0.2260966384229123, 0.057166182671661056],
                      [-1.6117927674650299, -1.4867927674650299, -2.8617927674650296]],
}  # fmt: skip


class TestSoftmax:
    """The sum over the units, in the layer's dtype."""

    @parameterized.expand(SOFTMAX)
    def test_the_numbers_are_tensorflows(self, dtype: str, units: int) -> None:
        numbers = (MANY if units > 12 else NUMBERS[:units]).astype(rounding.numpy_dtype(dtype))
        # exp, log and the sum may each differ in the last place.
        within = 4 * np.finfo("float64").eps if dtype == "float64" else 0
        for function, expected in zip((softmax, log_softmax), SOFTMAX[dtype, units], strict=True):
            computed = function(numbers)
            assert computed.dtype == numbers.dtype
            np.testing.assert_allclose(computed[:3].astype("float64"), expected, rtol=within)


class TestSuite:
    """The witnesses and bounds of the half types do what they are for."""

    @parameterized.expand(ORACLES)
    def test_witnesses_are_exact_within_the_limit_of_their_type(self, oracle: str) -> None:
        every = sweeps.cases(oracle, half=True).values()
        cases = [c for c in every if c.levels["dropout"] == "none" and not c.is_rounded]
        assert {case.dtype for case in cases[::5]} == set(halves.DTYPES)
        for case in cases[::5]:
            calls = witness(case).calls
            undropped = MaskedWitness(case, witness(case), [{} for _ in calls])
            assert exact_enough([undropped]) == [True], case.id
            assert {call.x.dtype.name for call in calls if call != "reset"} == {"float32"}

    @parameterized.expand(["float16", "bfloat16"])
    def test_the_derived_bound_holds_for_gru_ref_and_not_for_swapped_gates(self, half: str) -> None:
        rng = np.random.default_rng(3)
        weights = [rng.uniform(-1, 1, shape).astype("float32") for shape in ((4, 15), (5, 15))]
        config = gru_ref.GRUConfig(5, use_bias=False, return_sequences=True, dtype=half)
        x = rng.standard_normal((2, 30, 4)).astype("float32")
        states = gru_ref.gru(x, gru_ref.GRUWeights(*weights), config).output.swapaxes(0, 1)
        swapped = [np.concatenate([w[:, 5:10], w[:, :5], w[:, 10:]], axis=1) for w in weights]

        def ratio(arrays: list[np.ndarray]) -> float:
            return step_local.worst_ratio(x.swapaxes(0, 1), None, states, arrays, True, half)

        assert ratio(weights) < 1
        assert ratio(swapped) > 10

    def test_the_document_counts_every_case_and_every_mistake_shows(self) -> None:
        text = half_mistakes_page.DOCUMENT.read_text(encoding="utf-8")
        rows = re.findall(r"^\| (\w+) \| (\w+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
        cases = [case for oracle in ORACLES for case in sweeps.cases(oracle, half=True).values()]
        counts = Counter((case.lane, case.dtype) for case in cases)
        assert {(lane, dtype): int(count) for lane, dtype, count, _ in rows} == counts
        assert all(count == equal for *_, count, equal in rows)
        assert re.search(r"\| [1-9]\d*/\d+ \|", text)
        assert not re.search(r"\| 0/\d+ \|", text)

    def test_the_document_has_a_dash_just_where_a_row_says_why(self) -> None:
        text = half_mistakes_page.DOCUMENT.read_text(encoding="utf-8")
        for lane in half_mistakes_page.LANES:
            table = text.partition(f"## {lane}\n")[2].partition("\n## ")[0]
            rows = [line.strip("| ").split(" | ") for line in table.splitlines()[3:] if line]
            assert [name for name, *_ in rows] == [mistake.name for mistake in MISTAKES]
            for name, *cells in rows:
                for dtype, cell in zip(halves.DTYPES, cells, strict=True):
                    proved = mistakes_page.blank_of(name, lane, dtype) is not None
                    assert (cell == "–") == proved, (name, lane, dtype)

    def test_ids_tell_the_dtypes_apart(self) -> None:
        known = sweeps.cases("keras2", half=True)
        assert {half_mistakes_page.dtype_of({"id": case_id}) for case_id in known} == set(
            halves.DTYPES
        )
        assert all(isinstance(case, Case) and case.half for case in known.values())
