"""Initializers draw what the release draws; the expected values are live Keras's."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref import GRU, RNN, Bidirectional, GRUCell, StackedRNNCells
from gru_ref.debugging.diff.comparison import diff
from gru_ref.errors import UnseededError
from gru_ref.files.bundles import RecordedCall, bundle_bytes
from gru_ref.keras.ledger import resolve
from gru_ref.keras.training import initial_values, initializers
from gru_ref.random_streams import philox, seeds
from parity_tests.matrix.objects import instance

FEATURES, UNITS = 6, 5
ONE_OF_EACH = ("glorot_uniform", "he_normal", "random_normal", "truncated_normal", "orthogonal")


def _weight(value: Any, version: str, shape: tuple[int, ...], dtype: str = "float32") -> Any:
    behaviour = resolve(version)
    found = initializers.resolve(value, behaviour, "kernel_initializer")
    if value is not None:
        found = initializers.take_seed(found, behaviour, "kernel_initializer")
    return initial_values.make(found, shape, dtype, "kernel_initializer", behaviour)


def _build(version: str, kernel: Any = "zeros", **constructor: Any) -> GRU:
    zeros = {"recurrent_initializer": "zeros"}
    layer = GRU(UNITS, kernel_initializer=kernel, keras_version=version, **{**zeros, **constructor})
    layer.build((None, None, FEATURES))
    return layer


def _first(version: str, value: Any, count: int = 2) -> list[float]:
    """Return the first numbers of a kernel of shape (6, 15)."""
    return [float(number) for number in _build(version, value).get_weights()[0].ravel()[:count]]


@pytest.fixture(autouse=True)
def _nothing_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every test begin in a process where nothing was seeded or drawn."""
    monkeypatch.setattr(seeds, "_seeded", seeds._Seeded())


# The kernel (6, 15) of live Keras 3.15.1 and tf_keras 2.21 alike; its first two numbers.
DRAWN: list[tuple[str, dict[str, Any], list[float]]] = [
    ("glorot", instance("GlorotUniform", seed=1), [0.40462088584899902, -0.042782902717590332]),
    ("scale", instance("VarianceScaling", seed=1, scale=2),
     [0.08312807977199554, -0.3235959112644196]),
    ("normal", instance("VarianceScaling", seed=1, distribution="NORMAL"),
     [0.058780424296855927, -0.22881685197353363]),
    ("uniform", instance("VarianceScaling", seed=1, distribution="Uniform"),
     [0.5352631211280823, -0.056596457958221436]),
    ("untruncated", instance("VarianceScaling", seed=1, distribution="untruncated_normal"),
     [0.0517047718167305, -0.20127317309379578]),
    ("random-normal", instance("RandomNormal", seed=1, mean=1, stddev=2),
     [1.253300666809082, 0.013966858386993408]),
    ("random-uniform", instance("RandomUniform", seed=1, minval=0.1, maxval=0.7),
     [0.6270928978919983, 0.3759881258010864]),
    ("reversed", instance("RandomUniform", seed=1, minval=1, maxval=0),
     [0.12151181697845459, 0.5400197505950928]),
    ("orthogonal", instance("Orthogonal", seed=1, gain=-2.5),
     [-0.07348209619522095, 0.8371478915214539]),
    ("identity", instance("Identity", gain=1 / 3), [0.3333333432674408, 0.0]),
]  # fmt: skip
# The mean of 1 leaves 3 ULP of a normal visible; orthogonal matrices carry Keras's own rounding.
WITHIN = 1e-6

# seed → the first number of GlorotUniform(seed) for tf_keras 2.21, Keras 3.15.1 and Keras 3.3.3
SEEDS: dict[int, tuple[float, float, float]] = {
    -1: (0.3530903458595276, -0.2846965789794922, 0.3530903458595276),
    0: (-0.3089374601840973, -0.3089374601840973, -0.3089374601840973),
    2**31 - 2: (-0.07979264855384827, -0.3089374601840973, -0.07979264855384827),
    2**31: (0.05936557054519653, 0.3217601180076599, 0.2410913109779358),
    2**40 + 1: (0.12708377838134766, 0.10295653343200684, 0.404620885848999),
    # What one more or one less bit in the cut would change.
    2**31 - 1: (0.10762697458267212, 0.404620885848999, 0.10762697458267212),
    2**32 - 1: (-0.06664404273033142, -0.32508283853530884, 0.3530903458595276),
    2**32: (-0.37756597995758057, 0.08616262674331665, -0.3089374601840973),
    2**32 + 5: (-0.3546571135520935, 0.2754024863243103, -0.4683985114097595),
    2**63 - 1: (-0.43632352352142334, 0.2641383409500122, 0.3530903458595276),
    -(2**63): (0.04851794242858887, 0.2932029366493225, -0.3089374601840973),
}

# VarianceScaling(3.0, mode, "uniform", seed=1) of tf_keras 2.21 and Keras 3.15.1 alike: the first
# number by mode, for the fans of weights that are not two sizes from 2 on.
FANS: dict[tuple[int, ...], tuple[float, float, float]] = {
    (1, 6): (2.2709293365478516, 0.9271029233932495, 1.2138627767562866),
    (6, 1): (0.9271029233932495, 2.2709293365478516, 1.2138627767562866),
    (1, 1): (2.2709293365478516, 2.2709293365478516, 2.2709293365478516),
    (6,): (0.9271029233932495, 0.9271029233932495, 0.9271029233932495),
    (1,): (2.2709293365478516, 2.2709293365478516, 2.2709293365478516),
}


class TestSeeded:
    """A seed gives the same numbers always, and in nearly every release."""

    @parameterized.expand(["2", "3", "tf-2.1", "tf-2.5", "3.0", "3.7"])
    def test_a_seed_gives_the_same_in_both_generations(self, version: str) -> None:
        drawn = _weight(instance("GlorotUniform", seed=1), version, (2, 3))
        expected = [[0.82923, -0.08768, 0.21973], [-0.23531, -0.54073, -0.12203]]
        assert drawn.round(5).tolist() == np.float32(expected).tolist()

    @parameterized.expand([(v, name) for v in ("2", "3") for name, _, _ in DRAWN])
    def test_the_numbers_are_live_kerass(self, version: str, name: str) -> None:
        value, expected = next(row[1:] for row in DRAWN if row[0] == name)
        np.testing.assert_allclose(_first(version, value), expected, rtol=0, atol=WITHIN)

    @parameterized.expand([(seed,) for seed in SEEDS])
    def test_large_and_negative_seeds_are_cut_as_the_release_cuts_them(self, seed: int) -> None:
        drawn = [_first(v, instance("GlorotUniform", seed=seed), 1)[0] for v in ("2", "3", "3.3")]
        assert drawn == list(SEEDS[seed])

    @parameterized.expand([(v, shape) for v in ("2", "3") for shape in FANS])
    def test_the_fans_are_those_of_the_shape(self, version: str, shape: tuple[int, ...]) -> None:
        given = {"scale": 3.0, "distribution": "uniform", "seed": 1}
        drawn = [
            _weight(instance("VarianceScaling", mode=mode, **given), version, shape).flat[0]
            for mode in ("fan_in", "fan_out", "fan_avg")
        ]
        assert drawn == list(FANS[shape])

    def test_a_serialized_generator_draws_as_its_seed(self) -> None:
        generator = instance("SeedGenerator", seed=1, name="generator")
        assert _first("3", instance("GlorotUniform", seed=generator)) == DRAWN[0][2]

    def test_keras_3_rounds_bounds_and_constants_to_float32(self) -> None:
        uniform = instance("RandomUniform", minval=0.1, maxval=0.1, seed=1)
        for value in (instance("Constant", value=0.1), uniform):
            drawn = [_weight(value, version, (1, 1), "float64").item() for version in ("2", "3")]
            assert drawn == [0.1, 0.10000000149011612]

    def test_the_axes_of_keras_3_15_decide_the_fans(self) -> None:
        value = instance("GlorotUniform", seed=1, input_axes=[1], output_axes=[1])
        assert _first("3", value) == [0.33853012323379517, -0.03579476475715637]
        with pytest.raises(TypeError, match=r"'input_axes': GlorotUniform of Keras 3\.14 does not"):
            GRU(UNITS, kernel_initializer=value, keras_version="3.14")

    def test_rows_or_columns_are_orthonormal(self) -> None:
        for shape in ((5, 15), (15, 5), (4, 4), (1, 3)):
            drawn = _weight(instance("Orthogonal", seed=2), "3", shape, "float64")
            gram = drawn @ drawn.T if shape[0] < shape[1] else drawn.T @ drawn
            np.testing.assert_allclose(gram, np.eye(min(shape)), rtol=0, atol=1e-14)


class TestOperations:
    """TensorFlow up to 2.9 draws with operations that keep count."""

    def test_unseeded_initializers_take_the_seeds_of_operations(self) -> None:
        """Values of TensorFlow 2.5.3 and 2.9.3, after set_seed(5)."""
        for version in ("tf-2.5", "tf-2.9"):
            gru_ref.set_random_seed(5)
            drawn = [_weight("glorot_uniform", version, (2, 3))[0, 0] for _ in range(2)]
            assert drawn == [np.float32(0.2769134), np.float32(0.44191897)]
            normals = [
                _weight(instance(name, stddev=1.0), version, (2, 3))[0, 0]
                for name in ("RandomNormal", "TruncatedNormal")
            ]
            np.testing.assert_allclose(normals, [1.4665463, 0.03700283], rtol=4e-7)

    def test_seeded_initializers_of_2_9_go_on_where_the_last_stopped(self) -> None:
        """Values of TensorFlow 2.9.3, in a fresh process and then after set_seed(5)."""
        one, two = (instance("GlorotUniform", seed=seed) for seed in (1, 2))
        fresh = [_weight(value, "tf-2.9", (2, 3))[0, 0] for value in (one, one, one, two)]
        assert fresh == np.float32([-0.57174045, 0.5778538, 0.9016628, 0.3916142]).tolist()
        gru_ref.set_random_seed(5)
        seeded = [_weight(one, "tf-2.9", (2, 3))[0, 0] for _ in range(2)]
        assert seeded == np.float32([-0.24643481, -0.11117989]).tolist()

    def test_seeded_initializers_of_2_9_may_have_a_generator(self) -> None:
        """Values of TensorFlow 2.9.3 after enable_tf_random_generator."""
        seeds.enable_tf_random_generator()
        try:
            for _ in range(2):
                drawn = _weight(instance("GlorotUniform", seed=1), "tf-2.9", (2, 3))
                assert drawn[0, :2].tolist() == np.float32([0.6298703, -0.23957145]).tolist()
            truncated = _weight(instance("TruncatedNormal", stddev=1.0, seed=1), "tf-2.9", (2, 3))
            np.testing.assert_allclose(truncated[1, 1:], [1.6272374, 0.04138071], rtol=4e-7)
        finally:
            seeds.enable_tf_random_generator(False)


class TestUnseeded:
    """Without a seed the next of Keras's own is taken, or one of the system's entropy."""

    @parameterized.expand(["2", "3", "tf-2.5", "tf-2.9"])
    def test_two_layers_differ_and_say_why(self, version: str) -> None:
        layers = [GRU(UNITS, keras_version=version) for _ in "12"]
        before = [str(layer.reproducible) for layer in layers]
        one, other = (layer(np.ones((1, 2, FEATURES), "float32")) for layer in layers)
        assert (one != other).all()
        why = "kernel_initializer and recurrent_initializer draw without a seed: a seed there, gru_"
        for text, layer in zip(before, layers, strict=True):
            assert not layer.reproducible
            assert text == layer.reproducible.weights
            assert text.startswith(why)
            with pytest.raises(UnseededError, match=re.escape(why)):
                layer.reproducible.require()

    # The entropy, and set_random_seed: one integer for both, and so the same numbers.
    @parameterized.expand([(v, name) for v in ("2", "3", "3.0", "tf-2.10") for name in ONE_OF_EACH])
    def test_the_distribution_is_that_of_seeded_draws(self, version: str, name: str) -> None:
        gru_ref.set_random_seed(8)
        expected = _build(version, name, dropout=0.5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seeds, "_seeded", seeds._Seeded())
            patch.setattr(seeds, "_entropy", random.Random(8))
            layer = _build(version, name, dropout=0.5)
        np.testing.assert_array_equal(layer.get_weights()[0], expected.get_weights()[0])
        assert [bool(one.reproducible.weights) for one in (layer, expected)] == [True, False]

    @parameterized.expand(["tf-2.1", "tf-2.5", "tf-2.9"])
    def test_an_operation_without_a_seed_has_a_stream_of_entropy(self, version: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seeds, "_entropy", random.Random(8))
            kernel = _build(version, instance("RandomUniform", minval=0.0, maxval=1.0))
            patch.setattr(seeds, "_entropy", random.Random(8))
            u = philox.uniform(seeds.entropy_stream(), (FEATURES, 3 * UNITS), np.dtype("float32"))
        np.testing.assert_array_equal(kernel.get_weights()[0], u)

    def test_two_weights_of_one_initializer_have_seeds_of_their_own(self) -> None:
        for version in ("2", "3"):
            normal = instance("RandomNormal")
            layer = GRU(UNITS, kernel_initializer=normal, recurrent_initializer=normal,
                        keras_version=version)  # fmt: skip
            layer.build((None, None, UNITS))
            kernel, recurrent = layer.get_weights()[:2]
            assert (kernel != recurrent).any()

    @parameterized.expand(["2", "3"])
    def test_what_makes_weights_reproducible(self, version: str) -> None:
        seeded = instance("GlorotUniform", seed=1), instance("Orthogonal", seed=1)
        arguments = {"keras_version": version}
        initializers_ = dict(
            zip(("kernel_initializer", "recurrent_initializer"), seeded, strict=True)
        )
        layer = GRU(UNITS, **arguments, **initializers_)
        assert layer.reproducible
        one = GRU(UNITS, **arguments, kernel_initializer=seeded[0])
        assert one.reproducible.weights.startswith("recurrent_initializer draws without a seed")
        one.build((None, None, FEATURES))
        assert not one.reproducible
        one.set_weights([array * 2 for array in one.get_weights()])
        assert one.reproducible
        function = GRU(UNITS, **arguments, **dict.fromkeys(initializers_, np.ones))
        assert function.reproducible
        assert GRU(UNITS, **arguments, bias_initializer="normal", use_bias=False).reproducible == (
            GRU(UNITS, **arguments).reproducible
        )
        gru_ref.set_random_seed(1)
        assert GRU(UNITS, **arguments).reproducible

    def test_a_seed_after_keras_3_made_the_layer_is_too_late(self) -> None:
        layers = {version: GRU(UNITS, keras_version=version) for version in ("2", "3")}
        gru_ref.set_random_seed(1)
        for layer in layers.values():
            layer.build((None, None, FEATURES))
        assert layers["2"].reproducible
        assert layers["3"].reproducible.weights.endswith("before the layer is made, or set_weights")

    def test_wrappers_tell_of_their_parts(self) -> None:
        cells = [GRUCell(UNITS), GRUCell(UNITS, dropout=0.5)]
        for layer in (StackedRNNCells(cells), RNN(cells), Bidirectional(RNN(cells))):
            assert "kernel_initializer" in layer.reproducible.weights
            assert layer.reproducible.masks.startswith("dropout=0.5 draws masks without a seed")
            assert layer.reproducible.why.count("kernel_initializer") == 1
        layer = RNN(cells)
        layer.build((None, None, FEATURES))
        layer.set_weights(layer.get_weights())
        assert not layer.reproducible.weights
        gru_ref.set_random_seed(1)
        assert layer.reproducible

    def test_weights_that_nobody_has_are_compared_with_nothing(self) -> None:
        inputs = np.ones((2, 3, FEATURES))
        layer = _build("2", "glorot_uniform")
        outputs = np.asarray(layer(inputs))
        recorded = RecordedCall(inputs, outputs)
        compare = (
            lambda: diff(layer, inputs, outputs),
            lambda: gru_ref.lint_vectors(layer, inputs, outputs=outputs),
            lambda: bundle_bytes(layer, recorded=recorded),
        )
        for function in compare:
            with pytest.raises(UnseededError, match=r"its own alone, .* take them by get_weights"):
                function()
        bundle_bytes(layer)  # the weights themselves are data
        layer = _build("2", "glorot_uniform")
        outputs = np.asarray(layer(inputs))
        layer.get_weights()
        assert diff(layer, inputs, outputs).worst <= 1

    def test_the_build_still_refuses_what_it_refuses(self) -> None:
        with pytest.raises(ValueError, match=r"bias_initializer is 'orthogonal' .* \(15,\)"):
            GRU(UNITS, bias_initializer="orthogonal", reset_after=False).build((None, None, 6))

    def test_keras_3_takes_seeds_at_construction_and_keras_2_at_the_first_use(self) -> None:
        drawn = {}
        for version in ("2", "3"):
            gru_ref.set_random_seed(8)
            layers = [GRU(UNITS, dropout=0.5, keras_version=version) for _ in range(2)]
            for layer in reversed(layers):
                layer.build((None, None, FEATURES))
            drawn[version] = [layer.get_weights()[0].tolist() for layer in layers]
        assert drawn["2"][1] == drawn["3"][0]
        assert drawn["2"][0] != drawn["3"][1]

    def test_none_takes_its_seed_at_the_first_use(self) -> None:
        gru_ref.set_random_seed(8)
        layers = [_build("3", None) for _ in range(2)]
        gru_ref.set_random_seed(8)
        late = [GRU(UNITS, kernel_initializer=None, recurrent_initializer="zeros",
                    keras_version="3") for _ in range(2)]  # fmt: skip
        assert layers[0].get_weights()[0].any()
        for layer in late:
            layer.build((None, None, FEATURES))
        assert not np.array_equal(late[0].get_weights()[0], late[1].get_weights()[0])

    def test_a_seed_of_0_is_none_up_to_keras_3_1(self) -> None:
        for version in ("3.0", "3.1"):
            layers = [_build(version, instance("GlorotUniform", seed=0)) for _ in "12"]
            assert not any(layer.reproducible for layer in layers)
            assert (layers[0].get_weights()[0] != layers[1].get_weights()[0]).any()
        assert _first("3.2", instance("GlorotUniform", seed=0), 1) == [SEEDS[0][2]]


class TestCallables:
    """Functions, classes and arrays."""

    def test_a_function_is_called_with_shape_and_dtype(self) -> None:
        def function(shape: Any, dtype: Any) -> Any:
            assert (shape, dtype) == ((6, 15), "float32")
            return np.arange(90).reshape(shape)

        assert _first("2", function) == [0.0, 1.0]

    def test_a_class_is_made_first(self) -> None:
        class Halves:
            def __call__(self, shape: Any, dtype: Any) -> Any:
                return np.full(shape, 0.5, dtype)

        assert _first("3", Halves) == [0.5, 0.5]

    def test_an_array_has_the_shape_of_the_weight(self) -> None:
        array = np.arange(90.0).reshape(6, 15)
        assert _first("3", array) == [0.0, 1.0]
        with pytest.raises(ValueError, match=r"returns shape \(15,\), expected \(6, 15\)"):
            _first("3", array[0])

    def test_a_constant_fills_in_keras_2_and_broadcasts_in_keras_3(self) -> None:
        flat = instance("Constant", value=list(range(90)))
        row = instance("Constant", value=list(range(15)))
        assert _build("2", flat).get_weights()[0][1, 0] == 15
        assert _build("3", row).get_weights()[0][1].tolist() == list(range(15))
        with pytest.raises(TypeError, match=r"shape \(15,\), expected one number or 90"):
            _build("2", row)
        with pytest.raises(ValueError, match=r"value of shape \(90,\), expected \(6, 15\)"):
            _build("3", flat)

    def test_a_constant_may_be_a_serialized_array(self) -> None:
        value = instance("__numpy__", value=[0.1], dtype="float64")
        assert _weight(instance("Constant", value=value), "3", (1, 1), "float64").item() == 0.1


# keras_version, initializer, error, what its message holds
REFUSED: list[tuple[str, Any, type[Exception], str]] = [
    ("2", instance("GlorotUniform", seed="5"), ValueError, "the seed '5', expected an int"),
    ("3", instance("GlorotUniform", seed=True), ValueError, "the seed True, expected an int"),
    ("3", instance("GlorotUniform", seed=2**63), ValueError, "expected an int of 64 bits"),
    ("2", instance("VarianceScaling", scale=0), ValueError, "scale 0, expected a positive number"),
    ("3", instance("VarianceScaling", scale="a"), TypeError, "scale 'a', expected a positive"),
    ("2", instance("VarianceScaling", mode="x"), ValueError, "mode 'x', expected one of .*fan_avg"),
    ("3", instance("VarianceScaling", distribution="x"), ValueError, "distribution 'x', expected"),
    ("2", instance("VarianceScaling", distribution=1), AttributeError, "1, expected a string"),
    ("2", instance("RandomNormal", stddev="a", seed=1), TypeError, "'a' as stddev, expected a num"),
    ("3", instance("RandomUniform", maxval=None, seed=1), ValueError, "None as maxval, expected"),
    ("3", instance("Orthogonal", gain=None, seed=1), ValueError, "None as gain, expected a number"),
    (
        "3",
        instance("Zeros", dtype="float64"),
        TypeError,
        "expected no 'dtype': Zeros of Keras 3.15 does not have it",
    ),
    ("3", instance("Constant"), KeyError, "'value': …"),
    (
        "3",
        instance("GlorotUniform", seed=1, input_axes=[5], output_axes=[0]),
        IndexError,
        "input_a",
    ),
    ("2", "glorotuniform", ValueError, "expected None, a callable or one of the initializers"),
    ("3", "stft", ValueError, "expected None, a callable or one of the initializers of Keras 3"),
    ("3", "GlorotUniformV2", ValueError, "expected None, a callable or one of the initializers"),
]


class TestErrors:
    """What an initializer is not."""

    @parameterized.expand([(number,) for number in range(len(REFUSED))])
    def test_the_error_names_the_argument(self, number: int) -> None:
        version, value, error, message = REFUSED[number]
        with pytest.raises(error, match=f"kernel_initializer.*{message}"):
            _build(version, value)


class TestNames:
    """The spellings that a release knows."""

    @parameterized.expand(
        [
            ("tf-2.1", "identity_initializer", "GlorotUniformV2"),
            ("tf-2.1", "lecun_normal", "LecunNormal"),
            ("tf-2.3", "variance_scaling", "identity_initializer"),
            ("2", "he_normalV2", "IdentityInitializer"),
            ("3.3", "orthogonal_initializer", "Orthogonal"),
            ("3.6", "Orthogonal", "IdentityInitializer"),
            ("3.7", "IdentityInitializer", "orthogonal_initializer"),
        ]
    )
    def test_a_release_knows_its_own(self, version: str, known: str, unknown: str) -> None:
        behaviour = resolve(version)
        assert initializers.resolve(known, behaviour, "kernel_initializer").class_name
        with pytest.raises(ValueError, match="kernel_initializer is "):
            initializers.resolve(unknown, behaviour, "kernel_initializer")
