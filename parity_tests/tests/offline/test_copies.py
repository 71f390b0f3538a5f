"""copy, deepcopy and pickle of every layer: equal, independent, and going on where it stands."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.keras.ledger import resolve
from gru_ref.provenance import Provenance
from parity_tests.judging import run_seeded
from parity_tests.oracles import codec
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import UNITS, x

WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
}
VERSIONS = ("2", "3")
LAYERS: dict[str, Callable[..., Any]] = {
    "GRU": lambda **given: gru_ref.GRU(UNITS, **given),
    "GRUCell": lambda **given: gru_ref.GRUCell(UNITS, **given),
    "RNN": lambda stateful=False, **given: gru_ref.RNN(
        gru_ref.GRUCell(UNITS, **given), stateful=stateful
    ),
    "RNN-stack": lambda stateful=False, **given: gru_ref.RNN(
        [gru_ref.GRUCell(UNITS, **given), gru_ref.GRUCell(3, **given)], stateful=stateful
    ),
    "StackedRNNCells": lambda **given: gru_ref.StackedRNNCells(
        [gru_ref.GRUCell(UNITS, **given), gru_ref.GRUCell(3, **given)]
    ),
    "Bidirectional": lambda **given: gru_ref.Bidirectional(gru_ref.GRU(UNITS, **given)),
}
STATEFUL = ("GRU", "RNN", "RNN-stack", "Bidirectional")
EVERY = list(itertools.product(WAYS, VERSIONS, LAYERS))
QUIET = pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")


@pytest.fixture(autouse=True)
def _nothing_seeded() -> Iterator[None]:
    """Have every test begin in a process where nothing was seeded."""
    with run_seeded.without_seed():
        yield


def _call(layer: Any, **keywords: Any) -> Any:
    """Call a layer, a cell with states of ones."""
    if isinstance(layer, (gru_ref.GRUCell, gru_ref.StackedRNNCells)):
        sizes = np.ravel(layer.state_size)
        states = [np.ones((2, size), "float32") for size in sizes]
        return layer(x()[:, 0], states, **keywords)[0]
    return layer(x(), **keywords)


def _every_part(layer: Any) -> Iterator[Any]:
    """Yield a layer and all that it is made of."""
    yield layer
    for part in layer._parts:
        yield from _every_part(part)


def _mutable(layer: Any) -> dict[int, Any]:
    """Return the id → the object of all in a layer that can change."""
    found: dict[int, Any] = {}

    def visit(value: Any) -> None:
        if id(value) in found or isinstance(value, (type, str, bytes)) or callable(value):
            return
        if isinstance(value, (np.ndarray, list, dict)) or hasattr(value, "__dict__"):
            if value is resolve_of(layer):
                return
            found[id(value)] = value
        if isinstance(value, (list, tuple)):
            items: list[Any] = list(value)
        elif isinstance(value, dict):
            items = list(value.values())
        else:
            items = list(getattr(value, "__dict__", {}).values())
        for item in items:
            visit(item)

    for part in _every_part(layer):
        visit(vars(part))
    return found


def resolve_of(layer: Any) -> Any:
    """Return the behaviour of a layer's release, of which there is one."""
    return resolve(layer.keras_version)


@QUIET
class TestCopies:
    """Every class of layer, in releases of every kind."""

    @parameterized.expand(EVERY)
    def test_a_built_copy_has_equal_weights_of_its_own(
        self, way: str, version: str, name: str
    ) -> None:
        layer = LAYERS[name](keras_version=version)
        _call(layer)
        made = WAYS[way](layer)
        before = layer.get_weights()
        assert type(made) is type(layer)
        assert made.built
        assert (made.name, made.get_config()) == (layer.name, layer.get_config())
        assert made.reproducible == layer.reproducible
        assert made.reproducible.weights
        made.set_weights([array + 1 for array in before])
        np.testing.assert_equal(layer.get_weights(), before)
        assert not made.reproducible.weights
        assert layer.reproducible.weights

    @parameterized.expand(EVERY)
    def test_nothing_that_can_change_is_shared(self, way: str, version: str, name: str) -> None:
        layer = LAYERS[name](keras_version=version, dropout=0.5, recurrent_dropout=0.25)
        _call(layer, training=True)
        made = WAYS[way](layer)
        shared = _mutable(layer).keys() & _mutable(made).keys()
        assert not [_mutable(layer)[one] for one in shared]
        for one, other in zip(_every_part(layer), _every_part(made), strict=True):
            assert other.behaviour is one.behaviour

    @parameterized.expand(EVERY)
    def test_masks_go_on_where_the_original_stands(self, way: str, version: str, name: str) -> None:
        given: dict[str, Any] = {"dropout": 0.5, "recurrent_dropout": 0.25}
        # Without a seed too; Keras 2 follows the global seed, in the copy and in its original.
        for seed in (None, 7):
            seeds = {} if seed is None or not resolve(version).seed_argument else {"seed": seed}
            with run_seeded.without_seed():
                layer = LAYERS[name](keras_version=version, **given, **seeds)
                _call(layer, training=True)
                made = WAYS[way](layer)
                follows = not resolve(version).seed_generators
                results = []
                for one in (layer, made):
                    if follows:
                        gru_ref.set_random_seed(5)
                    results.append([_call(one, training=True) for _ in "12"])
            np.testing.assert_equal(results[1], results[0])

    @parameterized.expand(list(itertools.product(WAYS, VERSIONS, STATEFUL)))
    def test_a_recorded_state_is_copied(self, way: str, version: str, name: str) -> None:
        layer = LAYERS[name](keras_version=version, stateful=True)
        _call(layer)
        made = WAYS[way](layer)
        expected = _call(layer)
        np.testing.assert_equal(_call(made), expected)
        made.reset_states()
        assert (np.asarray(_call(layer)) != np.asarray(_call(made))).any()

    @parameterized.expand(EVERY)
    def test_an_unbuilt_copy_draws_as_its_original(self, way: str, version: str, name: str) -> None:
        gru_ref.set_random_seed(3)
        layer = LAYERS[name](keras_version=version)
        made = WAYS[way](layer)
        assert not made.built
        weights = []
        for one in (layer, made):
            if not resolve(version).seed_generators:  # else the seeds are taken
                gru_ref.set_random_seed(4)
            _call(one)
            weights.append(one.get_weights())
        np.testing.assert_equal(weights[1], weights[0])

    @parameterized.expand([(way, version) for way in WAYS for version in ("2", "3")])
    def test_objects_of_the_user_s_and_provenance(self, way: str, version: str) -> None:
        given = {"kernel_constraint": codec.Scaled(0.5), "activation": codec.twice}
        if way == "pickle":  # a pickle has a class by its name
            given = {"activation": codec.twice}
        layer = small_gru.layer(keras_version=version, **given)
        layer.provenance = Provenance(file="f", sha256="0", format="npz", path="gru")
        made = WAYS[way](layer)
        assert made.provenance == layer.provenance
        assert made.get_config() == layer.get_config()
        assert made.config.activation is codec.twice
        if "kernel_constraint" in given:
            assert made.config.kernel_constraint is not layer.config.kernel_constraint
        np.testing.assert_equal(made(x()), layer(x()))

    @parameterized.expand(WAYS)
    def test_a_cell_in_two_places_stays_one(self, way: str) -> None:
        made = WAYS[way](gru_ref.StackedRNNCells([gru_ref.GRUCell(UNITS)] * 2))
        assert made.cells[0] is made.cells[1]

    @parameterized.expand(list(itertools.product(WAYS, ("2", "3"))))
    def test_a_copy_goes_where_its_original_goes(self, way: str, version: str) -> None:
        cell = gru_ref.GRUCell(UNITS, keras_version=version)
        assert gru_ref.StackedRNNCells([cell, WAYS[way](cell)]).output_size == UNITS
        layer = gru_ref.GRU(UNITS, keras_version=version)
        backward = WAYS[way](gru_ref.GRU(UNITS, go_backwards=True, keras_version=version))
        assert gru_ref.Bidirectional(layer, backward_layer=backward).backward_layer is backward

    def test_a_lambda_has_no_pickle(self) -> None:
        layer = gru_ref.GRU(UNITS, activation=lambda value: value)
        assert copy.deepcopy(layer).config.activation is layer.config.activation
        with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
            pickle.dumps(layer)
