"""One integer gives the weights, the masks and the outputs that live Keras was recorded to give."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.errors import UnseededError
from gru_ref.random_streams import philox, seeds
from gru_ref.random_streams.seeds import RandomSource
from parity_tests.judging import run_seeded
from parity_tests.matrix.seeded import PATHS, UNREPEATED
from parity_tests.recording import recorded_seeds
from parity_tests.tests.live.each_case import for_rows
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import x

RECORDED = [(case.oracle, case.id) for case in recorded_seeds.load()]
# Orthogonal weights pass through a QR decomposition: 4.2e-7 measured, and outputs inherit that.
WEIGHTS_WITHIN, OUTPUTS_WITHIN = 1e-6, 2e-6
GENERATOR, STATELESS = {"rng_type": "stateful"}, {"rng_type": "stateless"}
ZEROS = run_seeded.ZEROS
QUIET = "ignore::gru_ref.KerasQuirkWarning"

# A source, and the first two numbers of two draws after set_random_seed(3), by tf_keras 2.21,
# Keras 3.15.1 and (modulo: False) Keras 3.3.3.
Draws = list[list[float]]
SOURCES: dict[str, tuple[Callable[[], RandomSource], Draws]] = {
    "generator-64": (lambda: seeds.Generator(2**64 + 5),
        [[0.8619617223739624, 0.7206940650939941], [0.8701568841934204, 0.8423264026641846]]),
    "generator-130": (lambda: seeds.Generator(2**130 + 2**70 + 3),
        [[0.5757371187210083, 0.0028520822525024414], [0.20196902751922607, 0.6344201564788818]]),
    "generator-192": (lambda: seeds.Generator(2**192 + 9),
        [[0.8203654289245605, 0.7047035694122314], [0.36881446838378906, 0.52960205078125]]),
    "operation-64": (lambda: seeds.EagerOperations(2**64 + 5),
        [[0.8105223178863525, 0.0832819938659668], [0.6414953470230103, 0.4872647523880005]]),
    "operation-31": (lambda: seeds.EagerOperations(2**31 - 1),
        [[0.12736403942108154, 0.8146913051605225], [0.7780691385269165, 0.5052884817123413]]),
    "stateless-63": (lambda: seeds.Stateless(2**63 - 1),
        [[0.09185671806335449, 0.8658895492553711]] * 2),
    "modulo-32": (lambda: seeds.SeedGenerator(2**32 + 5, wraps=False),
        [[0.7576154470443726, 0.6337721347808838]]),
    "modulo-63": (lambda: seeds.SeedGenerator(2**63 - 1, wraps=False),
        [[0.7470787763595581, 0.67218017578125]]),
    "modulo-count": (lambda: seeds.SeedGenerator(7, wraps=False, count=2**31 - 1),
        [[0.040120720863342285, 0.5423469543457031], [0.22646749019622803, 0.09326648712158203]]),
    "bits-32": (lambda: seeds.SeedGenerator(2**32 + 5, wraps=True),
        [[0.06185328960418701, 0.8316690921783447]]),
    "bits-63": (lambda: seeds.SeedGenerator(-(2**63), wraps=True),
        [[0.2110154628753662, 0.7060099840164185]]),
}  # fmt: skip
# set_random_seed → the first two numbers of the next operation and of the operation seed 0
# (tf_keras 2.21), and of a generator without a seed (Keras 3.15.1)
GLOBAL_SEEDS: dict[int, Draws] = {
    2**31 - 1: [[0.22508418560028076, 0.9144017696380615],
                [0.01975703239440918, 0.0070421695709228516],
                [0.46606481075286865, 0.22512459754943848]],
    2**31: [[0.9894423484802246, 0.047913551330566406],
            [0.8126964569091797, 0.07857465744018555],
            [0.06184840202331543, 0.20980870723724365]],
    2**32 - 1: [[0.417744517326355, 0.7324346303939819],
                [0.8126964569091797, 0.07857465744018555],
                [0.7551232576370239, 0.7713526487350464]],
}  # fmt: skip


class TestLargeSeeds:
    """Seeds and counts beyond 31, 32 and 64 bits."""

    @parameterized.expand(SOURCES)
    def test_a_seed_is_cut_as_keras_cuts_it(self, name: str) -> None:
        make, expected = SOURCES[name]
        gru_ref.set_random_seed(3)
        source = make()
        assert [_numbers(source) for _ in expected] == expected

    @parameterized.expand([(seed,) for seed in GLOBAL_SEEDS])
    def test_a_global_seed_is_cut_as_keras_cuts_it(self, seed: int) -> None:
        gru_ref.set_random_seed(seed)
        sources = [seeds.EagerOperations(None), seeds.EagerOperations(0)]
        sources.append(seeds.SeedGenerator(seeds.next_keras_seed(from_python=True), wraps=False))
        assert [_numbers(source) for source in sources] == GLOBAL_SEEDS[seed]

    @parameterized.expand([(2**63,), (-(2**63) - 1,), (2**64 + 5,)])
    def test_a_seed_of_more_bits_than_a_tensor_has_is_refused(self, seed: int) -> None:
        given = {"dropout": 0.5, "seed": seed, **ZEROS}
        for version in ("3.3", "3"):
            with pytest.raises(ValueError, match=r"^seed is .*, expected an int of 64 bits"):
                small_gru.layer(keras_version=version, **given)
        layer = small_gru.layer(**given, **STATELESS)
        layer(x())
        with pytest.raises(ValueError, match=r"^seed is .*, expected an int of 64 bits"):
            layer(x(), training=True)


def _numbers(source: RandomSource) -> list[float]:
    """Return the next two numbers of a source."""
    numbers: list[float] = philox.uniform(source.next(0, (2,), "float32"), (2,), "float32").tolist()
    return numbers


class TestRecordedSeeds:
    """Every path, against fixtures/random."""

    @for_rows(RECORDED)
    def test_the_layer_is_kerass(self, oracle: str, case_id: str) -> None:
        case = next(c for c in recorded_seeds.load() if (c.oracle, c.id) == (oracle, case_id))
        mine = run_seeded.run(case.row, case.keras_version)
        np.testing.assert_equal([call.get("masks", []) for call in mine["calls"]], case.masks)
        kernel, recurrent = mine["weights"][:2]
        assert (kernel == case.weights[0]).all()
        np.testing.assert_allclose(recurrent, case.weights[1], rtol=0, atol=WEIGHTS_WITHIN)
        np.testing.assert_allclose(
            mine["calls"][-1]["output"], case.output, rtol=0, atol=OUTPUTS_WITHIN
        )

    def test_every_path_is_recorded(self) -> None:
        assert set(RECORDED) == {(oracle, path.name) for path in PATHS for oracle in path.oracles}

    def test_no_two_calls_drop_the_same(self) -> None:
        for case in recorded_seeds.load():
            first, inference, last = case.masks
            assert not inference
            same = all((a == b).all() for a, b in zip(first, last, strict=True))
            assert same == (case.id == "stateless"), case.id


def _draw(layer: gru_ref.GRU, **call: Any) -> np.ndarray:
    """Return the mask of the inputs that a call in training draws."""
    layer(x(), training=True, **call)
    return layer.last_masks.dropout_mask


@pytest.mark.filterwarnings(QUIET)
class TestSeeds:
    """What set_random_seed starts, and what goes on by itself."""

    @parameterized.expand(["2", "3"])
    def test_masks_handed_in_move_the_stream_on_as_drawn_ones_do(self, version: str) -> None:
        masks = []
        for handed_in in (False, True):
            gru_ref.set_random_seed(4)
            layer = small_gru.layer(dropout=0.5, keras_version=version)
            _draw(layer, **({"rng": np.random.default_rng(0)} if handed_in else {}))
            masks.append(_draw(layer))
        assert (masks[0] == masks[1]).all()

    @parameterized.expand(["2", "3", "3.7.0"])
    def test_masks_drawn_can_be_handed_in_again(self, version: str) -> None:
        both = {"dropout": 0.5, "recurrent_dropout": 0.5, "keras_version": version, "seed": 3}
        layer = small_gru.layer(**both, **({"implementation": 1} if version == "2" else {}))
        gru_ref.set_random_seed(4)
        output = layer(x(), training=True)
        assert (output == layer(x(), training=True, **layer.last_masks._asdict())).all()
        layer(x())
        assert layer.last_masks == (None, None)

    def test_a_second_layer_of_the_same_seed_goes_on_in_keras_2_and_repeats_in_keras_3(
        self,
    ) -> None:
        for version, repeats in (("2", False), ("3", True)):
            gru_ref.set_random_seed(4)
            seeded = {"dropout": 0.5, "seed": 9, "keras_version": version}
            first, second = (_draw(small_gru.layer(**seeded)) for _ in range(2))
            assert (first == second).all() == repeats

    def test_enabled_generators_reach_layers_made_from_then_on(self) -> None:
        seeds.enable_tf_random_generator()
        try:
            gru_ref.set_random_seed(4)
            layer = small_gru.layer(dropout=0.5)
            again = small_gru.layer(dropout=0.5, rng_type="stateful")
        finally:
            seeds.enable_tf_random_generator(False)
        # The layer takes its seed when it is built, after both initializers: zeros take none here.
        assert (_draw(layer) != _draw(again)).any()

    @parameterized.expand([(-1,), (2**32,), (1.0,), ("1",), (None,)])
    def test_a_seed_that_keras_refuses_is_refused(self, seed: Any) -> None:
        with pytest.raises(ValueError, match=r"^seed is .*, expected an integer from 0"):
            gru_ref.set_random_seed(seed)


@pytest.mark.filterwarnings(QUIET)
class TestUnseededMasks:
    """Masks that no seed fixes are drawn all the same, and the layer says so."""

    @parameterized.expand([(row.name,) for row in UNREPEATED])
    def test_an_unrepeated_path_draws_what_no_seed_fixes(self, name: str) -> None:
        row = next(row for row in UNREPEATED if row.name == name)
        drawn = []
        for _ in "12":
            gru_ref.set_random_seed(1)
            layer = small_gru.layer(
                **row.constructor, keras_version=row.keras_version, execution=row.execution
            )
            assert layer.reproducible.masks.startswith("dropout=0.3 draws masks ")
            assert not layer.reproducible.weights
            drawn.append(_draw(layer))
        assert (drawn[0] != drawn[1]).any()
        assert set(np.unique(drawn)) == {0, np.float32(1 / (1 - 0.3))}

    @parameterized.expand([("2", "before the call"), ("3", "before the layer is made")])
    def test_an_unseeded_layer_says_how_to_seed_it(self, version: str, when: str) -> None:
        with run_seeded.without_seed():
            layer = small_gru.layer(dropout=0.5, keras_version=version)
            assert (_draw(layer) != _draw(layer)).any()
            assert f"gru_ref.set_random_seed(…) {when}" in layer.reproducible.masks
            with pytest.raises(UnseededError, match=r"^dropout=0\.5 draws masks without a seed"):
                layer.reproducible.require()
            layer(x(), training=True, dropout_mask=layer.last_masks.dropout_mask)
            _draw(layer, rng=np.random.default_rng(1))
            assert layer.reproducible.masks  # of the next call

    # The entropy, and set_random_seed: one integer for both, and so the same numbers.
    @parameterized.expand([("3", {}), ("3.7", {}), ("2", GENERATOR), ("2", STATELESS)])
    def test_masks_are_those_of_a_seed(self, version: str, arguments: dict[str, Any]) -> None:
        arguments = {"dropout": 0.5, "keras_version": version, **ZEROS, **arguments}
        gru_ref.set_random_seed(8)
        expected = _draw(small_gru.layer(**arguments))
        with run_seeded.without_seed(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(seeds, "_entropy", random.Random(8))
            layer = small_gru.layer(**arguments)
            np.testing.assert_array_equal(_draw(layer), expected)
            assert layer.reproducible.masks

    @parameterized.expand([("2",), ("tf-2.5",)])
    def test_masks_of_operations_have_a_stream_of_entropy(self, version: str) -> None:
        with run_seeded.without_seed(), pytest.MonkeyPatch.context() as patch:
            layer = small_gru.layer(dropout=0.25, keras_version=version)
            patch.setattr(seeds, "_entropy", random.Random(8))
            mask = _draw(layer)
            patch.setattr(seeds, "_entropy", random.Random(8))
            u = philox.uniform(seeds.entropy_stream(), mask.shape, np.dtype("float32"))
        np.testing.assert_array_equal(mask != 0, u >= 0.25)

    def test_a_stateless_layer_drops_the_same_in_every_call(self) -> None:
        for version in ("2", "tf-2.10"):
            with run_seeded.without_seed():
                layers = [
                    small_gru.layer(dropout=0.5, rng_type="stateless", keras_version=version)
                    for _ in "12"
                ]
                first, again, other = _draw(layers[0]), _draw(layers[0]), _draw(layers[1])
            assert (first == again).all()
            assert (first != other).any()

    def test_seeding_after_keras_3_made_the_layer_is_too_late(self) -> None:
        with run_seeded.without_seed():
            layers = {v: small_gru.layer(dropout=0.5, keras_version=v) for v in ("2", "3")}
            gru_ref.set_random_seed(1)
            assert layers["2"].reproducible
            assert "before the layer is made" in layers["3"].reproducible.masks

    def test_a_seed_of_the_layer_fixes_its_masks(self) -> None:
        with run_seeded.without_seed():
            for version in ("2", "3"):
                seeded = small_gru.layer(dropout=0.5, seed=7, keras_version=version)
                assert seeded.reproducible
            # In Keras 2 the seed of a layer does not reach the masks of the loop.
            loop = small_gru.layer(dropout=0.5, seed=7, activation="relu", keras_version="2")
            assert loop.reproducible.masks
            assert small_gru.layer(dropout=0.0).reproducible
            assert small_gru.layer(dropout=1.0, keras_version="3").reproducible


@pytest.mark.filterwarnings(QUIET)
class TestRefused:
    """What gru_ref cannot draw is an error that says what to do."""

    def test_another_shape_is_another_graph(self) -> None:
        gru_ref.set_random_seed(1)
        layer = small_gru.layer(dropout=0.5, execution="graph")
        layer(x(), training=True)
        with pytest.raises(ValueError, match="another shape is another graph"):
            layer(x()[:1], training=True)

    @parameterized.expand([("2", "xla"), ("3", "jit"), ("3", None)])
    def test_an_unknown_execution_is_refused(self, version: str, execution: Any) -> None:
        with pytest.raises(ValueError, match=r"^execution is .*, expected one of"):
            gru_ref.GRU(3, keras_version=version, execution=execution)

    def test_keras_2_looks_at_its_seed_where_it_draws(self) -> None:
        small_gru.layer(seed="seven")(x())
        with pytest.raises(ValueError, match=r"^seed is 'seven', expected an integer"):
            small_gru.layer(seed="seven", dropout=0.5)
