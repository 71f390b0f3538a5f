"""The weights of a fresh layer are those that live Keras draws, for every initializer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import gru_ref
from gru_ref.keras.ledger import resolve
from gru_ref.keras.training import initializers
from parity_tests.matrix.arguments import BOTH
from parity_tests.matrix.initializers import FRAMEWORK, PARAMETERS, REFUSALS
from parity_tests.matrix.objects import instance
from parity_tests.oracles import codec
from parity_tests.runner import live_run
from parity_tests.tests.live import both_sides
from parity_tests.tests.live.each_case import for_each, for_rows

WEIGHTS = ("kernel", "recurrent", "bias")
FEATURES, UNITS = 6, 5
# A kernel of 300 × 384 numbers.
LARGE = (300, 128)

# The float64 functions rounded to float32 against the C library's own; measured 3.
NORMAL_ULP = 3
# Scaling rounds once more; a unit in the last place is at most one eps of the number.
SCALED = (NORMAL_ULP + 1) * float(np.finfo(np.float32).eps)
# float64: the C library of the live process against NumPy's; measured 0.
NORMAL_FLOAT64 = 4e-16
# Keras factorizes in float32, gru_ref in float64; measured 1.4e-7 for the
# units below, 4.0e-7 up to 512.
ORTHOGONAL = 1e-6


def _steps(values: dict[str, Any], sizes: tuple[int, int], **constructor: Any) -> list[Any]:
    """Return the steps that make a layer with these initializers and read its weights."""
    features, units = sizes
    given = {f"{name}_initializer": values.get(name, "zeros") for name in WEIGHTS}
    return [
        ["construct", {"units": units, **given, **constructor}],
        ["build", [(None, None, features)]],
        ["get_weights"],
    ]


def _pairs(oracle: str, steps: list[Any]) -> list[tuple[Any, Any]]:
    """Return the live and own weights that the last step reads."""
    live, own = both_sides.values(oracle, steps)
    return list(zip(live[-1], own[-1], strict=True))


def _both(oracle: str, *arguments: Any, **constructor: Any) -> list[tuple[Any, Any]]:
    """Return pairs of live and own weights."""
    return _pairs(oracle, _steps(*arguments, **constructor))


def _errors(oracle: str, steps: list[Any]) -> tuple[dict[str, Any], Exception | None]:
    """Return what the last step raises in live Keras, and in gru_ref."""
    live, own = both_sides.live_steps(oracle, steps), both_sides.own_steps(oracle, steps)
    return live[-1]["error"], own[-1].error


def _ulp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how many floats apart two arrays are, element by element."""
    assert a.dtype == b.dtype == np.float32
    ordered = [
        np.where(i < 0, np.int64(-(2**31)) - i, i)
        for i in (x.view(np.int32).astype(np.int64) for x in (a, b))
    ]
    return np.abs(ordered[0] - ordered[1])


def _seed_all(oracle: str, seed: int) -> None:
    """Seed live Keras and gru_ref; the layer it takes for that draws no weights."""
    zeros = {f"{name}_initializer": "zeros" for name in WEIGHTS}
    row = {
        "constructor": {"units": 1, **zeros},
        "x": np.zeros((1, 1, 1)),
        "calls": [],
        "seed": seed,
    }
    reply = live_run.oracle(oracle).request({"op": "seeded", "rows": codec.encode([row])})
    assert "error" not in reply["rows"][-1], reply
    gru_ref.set_random_seed(seed)
    gru_ref.GRU(1, **zeros, keras_version=live_run.keras_version(oracle)).build((1, 1, 1))


class TestDraws:
    """At least 1e5 numbers of every distribution, with seeds."""

    @for_each(BOTH, ("float32", "float64"))
    def test_uniforms_are_kerass_bit_for_bit(self, oracle: str, dtype: str) -> None:
        values = {
            "kernel": instance("GlorotUniform", seed=11),
            "recurrent": instance("RandomUniform", minval=0.1, maxval=0.7, seed=12),
            "bias": instance("VarianceScaling", distribution="uniform", mode="fan_out", seed=13),
        }
        compared = 0
        for live, mine in _both(oracle, values, LARGE, dtype=dtype):
            np.testing.assert_array_equal(live, mine, strict=True)
            compared += live.size
        assert compared > 1e5
        live_run.record("draws", {"oracle": oracle, "of": f"uniform {dtype}", "compared": compared})

    @for_each(BOTH, ("normal", "truncated_normal"))
    def test_normals_are_kerass_to_within_3_ulp(self, oracle: str, kind: str) -> None:
        untruncated = {"distribution": "untruncated_normal"} if kind == "normal" else {}
        values = {
            "kernel": instance(f"{'Random' * (kind == 'normal')}{'Truncated' * (kind != 'normal')}"
                             "Normal", mean=0.0, stddev=1.0, seed=21),
            "recurrent": instance("VarianceScaling", scale=2.0, seed=22, **untruncated),
            "bias": instance("VarianceScaling", mode="fan_avg", seed=23, **untruncated),
        }  # fmt: skip
        apart = [_ulp(*pair).ravel() for pair in _both(oracle, values, LARGE)]
        together = np.concatenate(apart)
        drawn = {"compared": together.size, "differing": int((together > 0).sum())}
        live_run.record(
            "draws", {"oracle": oracle, "of": kind, **drawn, "worst_ulp": int(together.max())}
        )
        assert together.size > 1e5
        assert apart[0].max() <= NORMAL_ULP
        # The scale rounds once more.
        assert together.max() <= NORMAL_ULP + 1

    @for_each(BOTH, ("RandomNormal", "TruncatedNormal"))
    def test_normals_of_float64_are_kerass_to_rounding(self, oracle: str, kind: str) -> None:
        values = {"kernel": instance(kind, mean=0.0, stddev=1.0, seed=31)}
        live, mine = _both(oracle, values, LARGE, dtype="float64")[0]
        assert live.dtype == np.float64
        np.testing.assert_allclose(mine, live, rtol=NORMAL_FLOAT64, atol=NORMAL_FLOAT64)

    @for_each(BOTH)
    def test_orthogonal_matrices_are_kerass_to_its_rounding(self, oracle: str) -> None:
        worst = 0.0
        for units in (1, 2, 5, 33, 100):
            values = {
                "kernel": instance("Orthogonal", seed=units, gain=0.5),
                "recurrent": instance("Orthogonal", seed=units + 1),
                "bias": instance("Orthogonal", seed=units + 2),
            }
            for live, mine in _both(oracle, values, (3 * units // 2 + 1, units)):
                worst = max(worst, float(np.abs(live - mine).max()))
        live_run.record("draws", {"oracle": oracle, "of": "orthogonal", "worst": worst})
        assert worst <= ORTHOGONAL


def _names(oracle: str) -> list[tuple[str, str]]:
    """Return every name of the newest release of a generation, with its class."""
    names = initializers.NAMES[resolve(oracle.removeprefix("keras")).initializer_names]
    return sorted(names.items())


def _config(class_name: str, seed: int) -> dict[str, Any]:
    if class_name in ("Zeros", "Ones", "Identity"):
        return {}
    return {"value": 0.3} if class_name == "Constant" else {"seed": seed}


class TestLiveNames:
    """Every name of both generations, for every weight."""

    @for_rows([(oracle, name) for oracle in BOTH for name, _ in _names(oracle)])
    def test_a_serialized_name_makes_the_weights_of_live_keras(
        self, oracle: str, name: str
    ) -> None:
        class_name = dict(_names(oracle))[name]
        values = {
            weight: instance(name, **_config(class_name, seed))
            for seed, weight in enumerate(WEIGHTS)
        }
        for live, mine in _both(oracle, values, (FEATURES, UNITS)):
            np.testing.assert_allclose(mine, live, rtol=SCALED, atol=ORTHOGONAL, strict=True)

    @for_each(BOTH)
    def test_plain_names_draw_the_next_seeds(self, oracle: str) -> None:
        names: list[str | None] = [name for name, _ in _names(oracle)]
        if oracle == "keras3":
            names = [name for name in names if name not in ("constant", "Constant")]
        _seed_all(oracle, 5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names += [None] * (3 - len(names) % 3)
            for three in zip(names[::3], names[1::3], names[2::3], strict=True):
                values = dict(zip(WEIGHTS, three, strict=True))
                for live, mine in _both(oracle, values, (FEATURES, UNITS)):
                    np.testing.assert_allclose(
                        mine, live, rtol=SCALED, atol=ORTHOGONAL, strict=True
                    )

    @for_each(BOTH)
    def test_the_table_holds_every_name_that_resolves(self, oracle: str) -> None:
        resolving = set(live_run.oracle(oracle).describe()["initializers"])
        useless = {"Initializer", "initializer", "get", "serialize", "deserialize"}
        assert resolving - useless - {name for name, _ in _names(oracle)} == set()

    @for_each(BOTH)
    def test_seeds_are_taken_when_the_release_takes_them(self, oracle: str) -> None:
        """Of two layers made and one built: the second's seeds, in Keras 2 the first."""
        _seed_all(oracle, 6)
        steps = _steps({"kernel": "glorot_uniform", "recurrent": "orthogonal"}, (FEATURES, UNITS))
        for live, mine in _pairs(oracle, [steps[0], *steps]):
            np.testing.assert_allclose(mine, live, rtol=0, atol=ORTHOGONAL)


class TestParameters:
    """What initializers take, beyond their defaults."""

    @for_rows([(oracle, id) for oracle in BOTH for id in PARAMETERS[oracle]])
    def test_the_kernel_is_live_kerass(self, oracle: str, id: str) -> None:
        live, mine = _both(oracle, {"kernel": PARAMETERS[oracle][id]}, (FEATURES, UNITS))[0]
        np.testing.assert_allclose(
            mine, live, rtol=SCALED, atol=ORTHOGONAL if "orthogonal" in id else 0, strict=True
        )


class TestLiveErrors:
    """What both refuse, with the same class of error."""

    @for_rows([(oracle, id) for oracle in BOTH for id in REFUSALS[oracle]])
    def test_live_keras_refuses_it_too(self, oracle: str, id: str) -> None:
        steps = _steps({"kernel": REFUSALS[oracle][id]}, (FEATURES, UNITS))
        live, mine = _errors(oracle, steps)
        name = live["class"]
        expected = FRAMEWORK[name].__name__ if name in FRAMEWORK else name
        assert type(mine).__name__ == expected, (live, mine)
        assert "kernel_initializer" in str(mine)

    @for_each(BOTH, ("orthogonal", "identity"))
    def test_a_bias_of_one_dimension_takes_no_matrix(self, oracle: str, name: str) -> None:
        steps = _steps({"bias": name}, (FEATURES, UNITS), reset_after=False)
        live, mine = _errors(oracle, steps)
        assert (live["class"], type(mine)) == ("ValueError", ValueError)
