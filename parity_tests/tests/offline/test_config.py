"""The constructor takes what Keras's takes, and configs and live layers make the same layer."""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any
from unittest import mock

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import (
    GRU,
    RNN,
    Bidirectional,
    GRUCell,
    KerasQuirkWarning,
    StackedRNNCells,
    set_random_seed,
)
from gru_ref.keras.activations import tables
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization.gru_config import generation_of
from gru_ref.random_streams import seeds
from parity_tests.judging import run_seeded
from parity_tests.matrix.arguments import ARGUMENTS
from parity_tests.matrix.configs import CONFIGS
from parity_tests.matrix.objects import instance
from parity_tests.oracles import codec
from parity_tests.recording import recorded_configs
from parity_tests.recording.recorded_configs import REFUSED, ConfigRecord, is_refused, plain
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.arrays import check_same_arrays
from parity_tests.tests.support.small_gru import UNITS, x

# The arguments of Keras 2 in their order, as the live signature has them.
SIGNATURE = [(row.name, row.default) for row in ARGUMENTS if "keras2" in row.named]
SIGNATURE.insert(16, ("implementation", 2))  # a place of its own up to TensorFlow 2.3
UP_TO_RECURRENT_DROPOUT = [UNITS, *(default for _, default in SIGNATURE[1:16])]
RELEASES = sorted(recorded_configs.load())
# What the rows of CONFIGS hold that is not Keras's.
CUSTOM = {"Scaled": codec.Scaled, "twice": codec.twice}
PACKAGES = [("tf_keras", "2.21.0"), ("keras", "3.15.1")]


class TestSignature:
    """Names, defaults and places of the constructor's arguments."""

    def test_names_and_defaults_are_those_of_keras(self) -> None:
        kinds = inspect.Parameter
        parameters = [
            (p.name, p.kind, p.default) for p in inspect.signature(GRU).parameters.values()
        ]
        assert parameters == [
            ("units", kinds.POSITIONAL_OR_KEYWORD, kinds.empty),
            *((name, kinds.POSITIONAL_OR_KEYWORD, default) for name, default in SIGNATURE[1:]),
            ("keras_version", kinds.KEYWORD_ONLY, "2"),
            ("execution", kinds.KEYWORD_ONLY, "eager"),
            ("engine", kinds.KEYWORD_ONLY, None),
            ("kwargs", kinds.VAR_KEYWORD, kinds.empty),
        ]

    @parameterized.expand(["tf-2.1", "tf-2.2", "tf-2.3"])
    def test_every_argument_goes_by_position_in(self, version: str) -> None:
        rest = [1, True, True, True, True, True, True, False]
        config = GRU(*UP_TO_RECURRENT_DROPOUT, *rest, keras_version=version).config
        assert [getattr(config, name) for name, _ in SIGNATURE[16:]] == rest

    @parameterized.expand(["tf-2.4", "2.15.0", "2", "3.0.0", "3"])
    def test_the_places_after_recurrent_dropout_are_refused_in(self, version: str) -> None:
        assert GRU(*UP_TO_RECURRENT_DROPOUT, keras_version=version).config.units == UNITS
        with pytest.raises(TypeError, match="implementation is given by position as 2"):
            GRU(*UP_TO_RECURRENT_DROPOUT, 2, keras_version=version)


class TestOwnObjects:
    """Objects of the user's in every layer's config."""

    @parameterized.expand(["2", "3", "tf-2.12"])
    def test_every_layer_writes_and_reads_them(self, version: str) -> None:
        own = codec.Scaled(0.5)
        arguments = {"kernel_constraint": own, "activation": codec.twice, "keras_version": version}
        cells = [GRUCell(UNITS, **arguments), GRUCell(UNITS, **arguments)]
        layers = [
            GRU(UNITS, activity_regularizer=own, **arguments), cells[0], StackedRNNCells(cells),
            RNN(cells, activity_regularizer=own), RNN(cells[0], activity_regularizer=own),
        ]  # fmt: skip
        for layer in layers:
            config = layer.get_config()
            again = type(layer).from_config(config, keras_version=version, custom_objects=CUSTOM)
            assert plain(again.get_config()) == plain(config)
            with pytest.raises((TypeError, ValueError), match=r"Scaled|twice"):
                type(layer).from_config(config, keras_version=version)
            if "activity_regularizer" in config:  # not of an RNN in Keras 2
                assert again.losses == []
                again(x())
                assert len(again.losses) == 1

    def test_a_bidirectional_reads_them(self) -> None:
        plain_layer = GRU(UNITS, keras_version="3")
        config = Bidirectional(plain_layer).get_config()
        for part in ("layer", "backward_layer"):
            written = GRU(UNITS, kernel_constraint=codec.Scaled(2), keras_version="3").get_config()
            config[part]["config"]["kernel_constraint"] = written["kernel_constraint"]
        with pytest.raises(ValueError, match=r"custom_objects=\{'Scaled': …\}"):
            Bidirectional.from_config(config)

    def test_objects_are_written_as_live_keras_writes_them(self) -> None:
        """Measured in tf_keras 2.21 and Keras 3.15.1, in TF 2.12 for the second."""

        class Local:
            def __call__(self, w: Any) -> Any:
                return w

            def get_config(self) -> Any:
                return {"a": 2, "b": b"x", "c": [np.float32(0.5), np.ones(2)], "d": {"e": None}}

        class Wrong(Local):
            def get_config(self) -> Any:
                return [1]

        Local.__module__ = "__main__"
        written = GRU(1, activation=Local(), keras_version="3").get_config()["activation"]
        assert written == {
            "module": None,
            "class_name": "Local",
            "config": {
                "a": 2,
                "b": {"class_name": "__bytes__", "config": {"value": "x"}},
                "c": [
                    0.5,
                    {
                        "class_name": "__numpy__",
                        "config": {"value": [1.0, 1.0], "dtype": "float64"},
                    },
                ],
                "d": {"e": None},
            },
            "registered_name": "Local",
        }
        old = GRU(1, activation=Local(), keras_version="tf-2.12").get_config()["activation"]
        assert old["class_name"] == "Local"
        assert old["config"]["b"] == b"x"
        method = GRU(1, activation=Local().__call__, keras_version="3").get_config()["activation"]
        assert (method["class_name"], method["config"]) == ("method", "__call__")
        for version, error in (("3", TypeError), ("2", TypeError), ("tf-2.12", AttributeError)):
            with pytest.raises(error):
                GRU(1, activation=Wrong(), keras_version=version).get_config()
        config = GRU(1, activation=Local(), keras_version="3").get_config()
        with pytest.raises(TypeError, match="expected a class Local with from_config"):
            GRU.from_config(config, keras_version="3", custom_objects={"Local": Local})


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
class TestRandomGenerators:
    """rng_type in configs: what is read back draws the same masks."""

    @parameterized.expand([("stateful",), ("stateless",), ("force",), ("enabled",)])
    def test_what_is_read_back_draws_the_same(self, kind: str) -> None:
        arguments: dict[str, Any] = {"dropout": 0.5, **run_seeded.ZEROS}
        if kind == "force":
            arguments["force_generator"] = True
        elif kind != "enabled":
            arguments["rng_type"] = kind
        seeds.enable_tf_random_generator(kind == "enabled")
        try:
            layers = [GRU(UNITS, **arguments), GRUCell(UNITS, **arguments)]
            layers.append(Bidirectional(layers[0]).forward_layer)
            again = [type(layer).from_config(layer.get_config()) for layer in layers]
        finally:
            seeds.enable_tf_random_generator(False)
        for pair in zip(layers, again, strict=True):
            config = pair[0].get_config()
            assert config["rng_type"] == ("stateless" if kind == "stateless" else "stateful")
            assert list(config)[2:4] == ["dtype", "rng_type"]
            drawn = []
            for layer in pair:
                set_random_seed(3)
                layer.build((None, None, 64))
                given = [np.ones((2, 1, 64), "float32")]
                if isinstance(layer, GRUCell):
                    given = [given[0][:, 0], np.zeros((2, UNITS), "float32")]
                layer(*given, training=True)
                cell = isinstance(layer, GRUCell)
                drawn.append(layer.masks.kept if cell else layer.last_masks._asdict())
            assert plain(drawn[0]) == plain(drawn[1])

    def test_a_config_without_it_is_legacy(self) -> None:
        assert "rng_type" not in GRU(1, rng_type="legacy_stateful").get_config()
        assert "rng_type" not in GRU(1, rng_type="stateful", keras_version="2.20").get_config()


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
class TestRecordedConfigs:
    """What the releases wrote, recorded from each in fixtures/configs."""

    @parameterized.expand(RELEASES)
    def test_get_config_is_what_the_release_writes(self, release: str) -> None:
        wrong = {}
        for name, row in recorded_configs.load()[release].items():
            expected = "ValueError" if is_refused(name, release) else row.error
            config, error = _config_of(GRU, **row.constructor, keras_version=release)
            if error != expected or (not error and plain(config) != plain(row.config)):
                wrong[name] = error or config
        assert not wrong

    @parameterized.expand(RELEASES)
    def test_from_config_reads_what_the_release_wrote(self, release: str) -> None:
        wrong = {}
        for name, row in recorded_configs.load()[release].items():
            if row.config is None or is_refused(name, release):
                continue
            config, error = _config_of(GRU.from_config, row.config, keras_version=release)
            if _holds_a_callable(name):
                read = error in ("TypeError", "ValueError")
            else:
                read = error is None and plain(config) == plain(_read_back(row))
            if not read:
                wrong[name] = error or config
        assert not wrong

    @parameterized.expand(RELEASES)
    def test_from_config_makes_objects_of_classes_that_are_handed_in(self, release: str) -> None:
        given = {"keras_version": release, "custom_objects": CUSTOM}
        for name, row in recorded_configs.load()[release].items():
            if row.config is None or not _holds_a_callable(name) or is_refused(name, release):
                continue
            if name == "initializer-array":
                continue
            layer = GRU.from_config(row.config, **given)
            assert plain(layer.get_config()) == plain(_read_back(row)), name
            made = getattr(layer.config, next(iter(CONFIGS[name])))
            if "object" in name:
                assert type(made) is codec.Scaled
                inner = made.more.get("inner")
                # From 2.13 on from_config gets the config as it stands, before that objects.
                assert inner is None or isinstance(
                    inner, dict if resolve(release).serialized_modules else codec.Scaled
                )
            else:
                assert made is codec.twice

    @parameterized.expand(RELEASES)
    def test_the_keys_tell_the_generation(self, release: str) -> None:
        generation = "3" if release.startswith("3.") else "2"
        for row in recorded_configs.load()[release].values():
            if row.config is not None:
                assert generation_of(row.config) == generation

    def test_every_row_that_is_refused_is_recorded_otherwise(self) -> None:
        for name in REFUSED:
            seen = {
                rows[name].error
                for release, rows in recorded_configs.load().items()
                if is_refused(name, release)
            }
            assert seen
            assert "ValueError" not in seen

    def test_the_files_hold_every_row_once(self) -> None:
        rows = {release: list(found) for release, found in recorded_configs.load().items()}
        assert len(rows) >= 16
        assert len({tuple(names) for names in rows.values()}) == 1

    def test_the_files_are_small(self) -> None:
        sizes = {path.name: path.stat().st_size for path in recorded_configs.FOLDER.iterdir()}
        assert max(sizes.values()) < 60_000


def _holds_a_callable(name: str) -> bool:
    """Return whether a row's config names what no release can read back by itself."""
    own = "-object" in name or (name.endswith("-function") and "dict" not in name)
    return own or name == "initializer-array"


def _read_back(row: ConfigRecord) -> dict[str, Any]:
    """Return the config of the layer that Keras makes of a row's config."""
    config = dict(row.config or {})
    if "implementation" in config:
        config["implementation"] = config["implementation"] or 1
    return config


def _config_of(make: Any, *given: Any, **keywords: Any) -> tuple[Any, str | None]:
    """Return the config of the layer that `make` makes, or the class of what it raises."""
    try:
        return make(*given, **keywords).get_config(), None
    except Exception as error:  # the class is compared
        return None, type(error).__name__


class TestFunctions:
    """Callables in get_config."""

    def test_a_lambda_has_a_name_too_up_to_keras_2_12(self) -> None:
        config = GRU(UNITS, activation=lambda x: x, keras_version="2.12").get_config()
        assert config["activation"] == "<lambda>"

    @parameterized.expand(["2", "3"])
    def test_an_activation_of_gru_ref_has_its_name_in_keras(self, version: str) -> None:
        for name in ("tanh", "hard_sigmoid", "gelu"):
            function = tables.names(resolve(version))[name]
            config = GRU(UNITS, activation=function, keras_version=version).get_config()
            assert config["activation"] == name

    def test_a_callable_without_a_name_cannot_be_written(self) -> None:
        class Doubled:
            def __call__(self, x: np.ndarray) -> np.ndarray:
                return x + x

        for version, error in (("2.12", ValueError), ("2", TypeError), ("3", TypeError)):
            layer = GRU(UNITS, activation=Doubled(), keras_version=version)
            with pytest.raises(error, match=r"activation is .*, expected a function"):
                layer.get_config()


class TestGeneration:
    """Which generation wrote a config."""

    def test_keys_of_both_generations_are_an_error(self) -> None:
        config = GRU(UNITS).get_config()
        with pytest.raises(ValueError, match="time_major, implementation of Keras 2 and seed of"):
            GRU.from_config(config | {"seed": 3})

    def test_a_policy_tells_the_generation(self) -> None:
        policy = instance("DTypePolicy", name="float64")
        assert GRU.from_config({"units": 5, "dtype": policy}).keras_version == "3.15"
        policy["class_name"] = "Policy"
        assert GRU.from_config({"units": 5, "dtype": policy}).keras_version == "2.21"

    @parameterized.expand(["activation", "recurrent_activation"])
    def test_hard_sigmoid_is_not_guessed(self, argument: str) -> None:
        function = {"module": "builtins", "class_name": "function", "config": "hard_sigmoid"}
        for value in ("hard_sigmoid", function):
            with pytest.raises(ValueError, match=r"0\.2 in Keras 2 and 1/6 in Keras 3"):
                GRU.from_config({"units": 5, argument: value})
            assert GRU.from_config({"units": 5, argument: value, "seed": None}).units == 5

    def test_what_both_run_alike_is_the_default_generation(self) -> None:
        assert GRU.from_config({"units": 5}).keras_version == GRU(5).keras_version


class TestFromConfig:
    """What from_config reads, and what it refuses."""

    def test_tuples_are_read_as_keras_2_13_writes_them_to_json(self) -> None:
        shape = {"class_name": "__tuple__", "items": [2, None, 4]}
        layer = GRU.from_config({"units": 5, "batch_input_shape": shape})
        assert layer.get_config()["batch_input_shape"] == (2, None, 4)

    def test_what_keras_keeps_for_building_is_no_argument(self) -> None:
        value = {
            "module": "keras.layers",
            "class_name": "LeakyReLU",
            "config": {"negative_slope": 0.5},
            "registered_name": None,
            "build_config": {"input_shape": [2, 3]},
        }
        layer = GRU.from_config({"units": 5, "activation": value}, keras_version="3")
        assert layer.config.activation_function(np.array([-1.0, 1.0])).tolist() == [-0.5, 1.0]

    @parameterized.expand(
        [
            (instance("Custom>Zeros"),),
            ({**instance("Zeros"), "registered_name": "mine>Zeros"},),
            ({**instance("Zeros"), "seed": 3},),
        ]
    )
    def test_an_object_that_is_not_kerass_own_is_an_error(self, value: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"bias_initializer is .*, expected"):
            GRU.from_config({"units": 5, "bias_initializer": value})

    @parameterized.expand(
        [
            *((version, instance("Dense", units=3), ValueError) for version in "23"),
            *((version, instance("ReLU", slope=3), TypeError) for version in "23"),
            *((version, instance("ReLU", max_value=-1.0), TypeError) for version in "23"),
            ("2.12", instance("LeakyReLU", alpha=None), ValueError),
            ("3", {**instance("ReLU"), "registered_name": "mine>ReLU"}, ValueError),
        ]
    )
    def test_another_layer_is_no_activation(
        self, version: str, value: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error, match=r"activation is|of activation is"):
            GRU(UNITS, activation={**value, "module": "keras.layers"}, keras_version=version)

    def test_implementation_0_becomes_1_with_a_warning(self) -> None:
        config = GRU(UNITS, implementation=0).get_config()
        with pytest.warns(KerasQuirkWarning, match="from_config_implementation_0_is_1"):
            assert GRU.from_config(config).implementation == 1


def _twice_tanh(a: np.ndarray) -> np.ndarray:
    return 2 * np.tanh(a)


class TestFromKeras:
    """from_keras."""

    @parameterized.expand(PACKAGES)
    def test_from_keras_takes_over(self, package: str, version: str) -> None:
        source = small_gru.layer(stateful=True, keras_version=version, implementation=1)
        source(x())
        layer = _take_over(_fake(package, source, activation=_twice_tanh), version)
        assert layer.keras_version == source.keras_version
        assert layer.implementation == 1
        assert (layer.states[0] == source.states[0]).all()
        check_same_arrays(layer.get_weights(), source.get_weights())
        twice = small_gru.layer(activation=_twice_tanh, stateful=True, keras_version=version)
        twice.set_weights(source.get_weights())
        twice._recorded = source._recorded
        assert np.allclose(layer(x()), twice(x()), rtol=0, atol=1e-6)

    @parameterized.expand(
        [
            ("tf_keras", "2.12.0", "tanh", __name__),
            ("keras", "3.15.1", "tanh", __name__),
            ("keras", "3.15.1", "gelu", "keras.src.ops.nn"),
        ]
    )
    def test_a_function_that_is_no_activation_of_keras_is_not_taken_by_its_name(
        self, package: str, version: str, name: str, module: str
    ) -> None:
        def function(a: np.ndarray) -> np.ndarray:
            return 2 * a

        function.__name__, function.__module__ = name, module
        source = small_gru.layer(keras_version=version)
        fake = _fake(package, source, activation=function)
        layer = _take_over(fake, version, {**source.get_config(), "activation": name})
        assert layer.config.activation_function(np.ones(1)) == 2
        assert layer.get_config()["activation"] == name

    @parameterized.expand(PACKAGES)
    def test_a_penalty_of_the_users_is_not_taken_by_its_class(
        self, package: str, version: str
    ) -> None:
        class L2:
            def __call__(self, weight: np.ndarray) -> np.ndarray:
                return 7 * np.abs(weight).sum()

        source = small_gru.layer(keras_version=version)
        fake = _fake(package, source, activation=None)
        fake.kernel_regularizer = L2()
        config = {**source.get_config(), "kernel_regularizer": instance("L2", l2=0.5)}
        layer = _take_over(fake, version, config)
        expected = 7 * np.abs(source.get_weights()[0]).sum()
        assert np.allclose(layer.losses, [expected], rtol=1e-6)

    @parameterized.expand(PACKAGES)
    def test_from_keras_takes_nothing_of_the_global_seed(self, package: str, version: str) -> None:
        layer = small_gru.layer(keras_version=version, dropout=0.5)
        fake = _fake(package, layer, activation=np.tanh)
        set_random_seed(1)
        expected = _fresh_kernel(GRU(UNITS, keras_version=version))
        set_random_seed(1)
        _take_over(fake, version)
        kernel = _fresh_kernel(GRU(UNITS, keras_version=version))
        np.testing.assert_array_equal(kernel, expected)

    def test_a_layer_that_is_not_built_is_made_anew(self) -> None:
        fake = _fake("keras", small_gru.layer(keras_version="3"), activation=np.tanh)
        fake.built, fake.kernel_initializer, fake.get_weights = False, None, list
        config = GRU(UNITS, keras_version="3").get_config()
        set_random_seed(1)
        expected = _fresh_kernel(GRU(UNITS, keras_version="3"))
        set_random_seed(1)
        kernel = _fresh_kernel(_take_over(fake, "3.15.1", config))
        np.testing.assert_array_equal(kernel, expected)

    def test_a_layer_that_is_not_built_has_the_seeds_of_the_live_one(self) -> None:
        fake = _fake("keras", small_gru.layer(keras_version="3"), activation=np.tanh)
        fake.built, fake.get_weights = False, list
        fake.kernel_initializer = None
        fake.cell.kernel_initializer = types.SimpleNamespace(seed=1)
        fake.cell.trainable = True
        config = GRU(UNITS, keras_version="3").get_config()
        kernel = _fresh_kernel(_take_over(fake, "3.15.1", config))
        seeded = GRU(UNITS, kernel_initializer=instance("GlorotUniform", seed=1), keras_version="3")
        np.testing.assert_array_equal(kernel, _fresh_kernel(seeded))

    def test_weights_of_an_activation_are_refused(self) -> None:
        fake = _fake("keras", small_gru.layer(keras_version="3"), activation=np.tanh)
        fake.get_weights = lambda: [np.ones((1, 1))] * 4
        with pytest.raises(ValueError, match="has 4 weights, expected kernel, recurrent_kernel"):
            _take_over(fake, "3.15.1")

    def test_from_keras_refuses_what_is_no_layer_of_keras(self) -> None:
        for thing in (None, "gru", small_gru.layer()):
            with pytest.raises(TypeError, match=r"layer is .*, expected"):
                GRU.from_keras(thing)


def _fresh_kernel(layer: GRU) -> np.ndarray:
    """Return the kernel that a layer draws which is not built yet."""
    assert not layer.built
    layer.build((None, None, 4))
    return layer.get_weights()[0]


def _take_over(fake: Any, version: str, config: dict[str, Any] | None = None) -> GRU:
    """Return what from_keras makes of a layer of a release, whose config is another if given."""
    package = type(fake).__module__.partition(".")[0]
    if config is not None:
        fake.get_config = lambda: config
    with mock.patch.dict(sys.modules, {package: types.SimpleNamespace(__version__=version)}):
        return GRU.from_keras(fake)


def _fake(package: str, source: GRU, activation: Any) -> Any:
    """Return an object with what gru_ref reads of a live layer of that package."""
    unserialized = {"class_name": "__lambda__", "config": {}}
    replaced = dict.fromkeys(("activation", "kernel_initializer"), unserialized)
    place = {"__module__": f"{package}.src.layers.rnn.gru"}
    fake: Any = type("GRU", (), place)()
    fake.built = fake.use_bias = True
    fake.get_config = lambda: source.get_config() | replaced
    fake.get_weights = source.get_weights
    fake.activation = activation
    fake.kernel_initializer = lambda shape, dtype=None: np.ones(shape, dtype)
    fake.states = source.states
    fake.cell = type("GRUCell", (), place)()
    fake.cell.implementation = source.implementation
    return fake
