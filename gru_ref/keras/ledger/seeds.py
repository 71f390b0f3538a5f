"""Seeds: which random numbers are known, and where a seed comes from."""

from __future__ import annotations

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class SeedRows:
    """Seeds: which random numbers are known, and where a seed comes from."""

    xla_masks_are_known: bool = row(
        keras_2=False,
        keras_3=True,
        source="Keras 3.15.1 in a function with jit_compile=True, measured; Keras 2 draws by XLA's own generator there",
    )
    generator_masks_are_known: bool = row(
        keras_2=Changes({1: False, 12: True}),
        keras_3=False,
        source="RandomGenerator.dropout with rng_type 'stateful' or 'stateless', TF 2.12, 2.15 and 2.21, measured; TF 2.10 draws otherwise",
    )
    unseeded_draws_follow_the_global_seed: bool = row(
        keras_2=Changes({1: False, 10: True}),
        keras_3=True,
        source="masks and initializers without a seed after set_random_seed, TF 2.10, 2.12, 2.15 and 2.21, Keras 3.1–3.15.1, measured; TF 2.9 draws otherwise",
    )
    seed_generators: bool = row(
        keras_2=False,
        keras_3=True,
        source="GRUCell.seed_generator, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: a layer has one, seeded when it is made, and an initializer draws what a new one would",
    )
    seeds_from_python: bool = row(
        keras_2=False,
        keras_3=True,
        source="GlorotUniform() after set_random_seed, TF 2.1–2.15, tf_keras 2.21 and Keras 3.0.5–3.15.1, measured: make_default_seed of Keras 3 takes Python's random, Keras 2 has a generator of its own",
    )
    seed_wraps_at_32_bits: bool = row(
        keras_2=False,
        keras_3=Changes({0: True, 5: False}),
        source="tf_draw_seed and _cast_seed of backend/tensorflow/random.py, Keras 3.4.1 and 3.5.0, measured; before, bits of a uint32, since then mod 2**31 − 2",
    )
