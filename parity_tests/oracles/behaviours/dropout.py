"""Dropout: how many masks there are, where they enter, and what a rate of 1 does.

Inputs of ones, rate 0.5 and kernels of powers of two: an output tells which entries were kept.
"""

import random

import numpy as np

from .asking import LedgerKeras, raises

_FEATURES = 8
_POWERS = 2.0 ** np.arange(_FEATURES)


def dropout_masks_per_gate(live):
    """GRU(1, dropout=0.5) with implementation 1, linear: the masks of z and of the candidate"""
    # h = (1 - z) n for a state of zeros; both z and n are the entries kept, read as one number.
    kernel = np.zeros((_FEATURES, 3))
    kernel[:, 0] = kernel[:, 2] = _POWERS / 2
    layer = _by_gate(live, _linear, kernel, **live.plain)
    for _ in range(8):
        h = float(np.asarray(layer(live.tf.ones((1, 1, _FEATURES)), training=True))[0, 0])
        if not any(h == n - n * n for n in range(2**_FEATURES)):
            return True
    return False


def three_masks_are_drawn(live):
    """GRU(1, dropout=0.5, recurrent_activation="linear")(x, training=True): how often it draws"""
    live.seed_all(1)
    layer, x = live.gru(dropout=0.5, recurrent_activation="linear", **live.plain), live.x()
    layer.build(x.shape)
    count = _draws(live, layer, lambda: layer(x, training=True))
    return {1: False, 3: True}.get(count, count)


def fused_mask_per_timestep(live):
    """GRU(1, dropout=0.5, return_sequences=True), z = 0, no recurrent kernel: 20 equal timesteps"""
    kernel = np.zeros((_FEATURES, 3))
    kernel[:, 2] = _POWERS / 1000
    bias = np.zeros((2, 3))
    bias[:, 0] = -100
    layer = live.ready([kernel, np.zeros((1, 3)), bias], dropout=0.5, return_sequences=True)
    return _varies(layer(live.tf.ones((1, 20, _FEATURES)), training=True))


def graph_loop_draws_every_timestep(live):
    """GRU(1, dropout=0.5, return_sequences=True) in a tf.function, linear: 20 equal timesteps"""
    kernel = np.zeros((_FEATURES, 3))
    kernel[:, 2] = _POWERS
    layer = _linear(live, kernel, dropout=0.5, return_sequences=True, **live.plain)

    @live.tf.function
    def call(x):
        return layer(x, training=True)

    return _varies(call(live.tf.ones((1, 20, _FEATURES))))


def masked_state_in_mix(live):
    """GRU(16, dropout=0.5, recurrent_dropout=0.5) with z = 1 and a state of ones"""
    layer = live.ready(
        [np.zeros((2, 48)), np.zeros((16, 48)), np.tile([100.0] * 16 + [0.0] * 32, (2, 1))],
        16, dropout=0.5, recurrent_dropout=0.5, **live.plain
    )  # fmt: skip
    output = layer(live.tf.ones((1, 1, 2)), initial_state=live.tf.ones((1, 16)), training=True)
    return not np.all(np.asarray(output) == 1)


def recurrent_mask_uses_dropout_rate(live):
    """GRU(16, recurrent_dropout=0.5), training: nothing is dropped"""
    layer = live.ready(
        [np.zeros((2, 48)), np.tile(np.eye(16), (1, 3))], 16, activation="linear",
        recurrent_activation="linear", use_bias=False, recurrent_dropout=0.5, **live.plain
    )  # fmt: skip
    x, state = live.tf.ones((1, 1, 2)), live.tensor(np.arange(16.0).reshape(1, 16) / 16)
    outputs = [np.asarray(layer(x, initial_state=state, training=t)) for t in (False, True)]
    return bool(np.array_equal(*outputs))


def rate_one(live):
    """GRU(1, dropout=1.0)(x, training=…)"""
    layer, x = live.gru(dropout=1.0), live.x()
    if raises(layer, x, training=False):
        return "raises"
    if raises(layer, x, training=True):
        return "raises in training"
    outputs = [np.asarray(layer(x, training=training)) for training in (False, True)]
    return "drops nothing" if np.array_equal(*outputs) else "drops everything"


def implementation_1_dropout_fails(live):
    """GRU(1, dropout=0.5)(x, training=True) with implementation 1"""
    layer = _by_gate(live, LedgerKeras.gru, 1)
    return raises(layer, live.x(), training=True)


def inference_draws_masks(live):
    """GRU(1, dropout=0.5)(x): the state of what its masks are drawn from, before and after"""
    live.seed_all(1)
    layer, x = live.gru(dropout=0.5), live.x()
    layer.build(x.shape)

    def state():
        generator = getattr(layer.cell, "seed_generator", None)
        if generator is not None:
            return np.asarray(generator.state).tolist()
        return live.oracle.eager_context._rng.getstate()

    before = state()
    layer(x, training=False)
    return state() != before


def _draws(live, layer, call):
    """Return how often a call draws: a generator counts, each operation takes another seed."""
    generator = getattr(layer.cell, "seed_generator", None)
    if generator is not None:
        before = int(np.asarray(generator.state)[1])
        call()
        return int(np.asarray(generator.state)[1]) - before
    seeds = live.oracle.eager_context._rng
    again = random.Random()
    again.setstate(seeds.getstate())
    # Old releases draw the seeds by NumPy, from the generator behind its functions.
    numpys, numpys_again = np.random.mtrand._rand, np.random.RandomState()
    numpys_again.set_state(numpys.get_state())
    call()
    return _steps(
        lambda: again.getstate() == seeds.getstate(), lambda: again.randint(0, 2**31 - 1)
    ) + _steps(lambda: _state(numpys_again) == _state(numpys), lambda: numpys_again.randint(10e6))


def _state(generator):
    """Return where a generator of NumPy stands."""
    _, keys, position = generator.get_state()[:3]
    return keys.tolist(), position


def _steps(is_there, step):
    """Return how many steps lead to a state, 100 at most."""
    count = 0
    while not is_there() and count < 100:
        step()
        count += 1
    return count


def _linear(live, kernel, **arguments):
    """Return a layer without a bias and recurrent kernel, both activations linear."""
    return live.ready(
        [kernel, np.zeros((1, 3))], activation="linear", recurrent_activation="linear",
        use_bias=False, **arguments
    )  # fmt: skip


def _by_gate(live, make, *args, **arguments):
    """Return a layer with dropout and implementation 1, told to its cell where it takes none."""
    if live.takes(implementation=1):
        return make(live, *args, dropout=0.5, implementation=1, **arguments)
    layer = make(live, *args, dropout=0.5, **arguments)
    layer.cell.implementation = 1
    return layer


def _varies(sequence):
    """Return whether a sequence of one row and one unit has two different numbers."""
    return bool(np.ptp(np.asarray(sequence)) > 0)
