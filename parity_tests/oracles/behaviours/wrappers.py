"""Cells, stacks of cells, Bidirectional and ragged input."""

import numpy as np

from .asking import NotApplicable, error_of, mask_containers, number, raises

# So many features that two masks are not the same by chance.
_MANY = 64


def kept_masks_act_in_inference(live):
    """GRUCell(1, dropout=0.5)(x, [h], training=True), then training=False"""
    cell, inputs = _cell(live), _one_step(live)
    plain = np.asarray(cell(*inputs, training=False)[0])
    _forget_masks(cell)
    cell(*inputs, training=True)
    return not np.array_equal(plain, np.asarray(cell(*inputs, training=False)[0]))


def cell_keeps_masks(live):
    """GRUCell(1, dropout=0.5)(x, [h], training=True) twice"""
    cell, inputs = _cell(live), _one_step(live)
    outputs = [np.asarray(cell(*inputs, training=True)[0]) for _ in range(2)]
    return bool(np.array_equal(*outputs))


def masks_are_reset_after_the_loop(live):
    """RNN(GRUCell(1, dropout=0.5))(x, training=True), then its cell on the same timestep"""
    cell, (x, states) = _cell(live), _one_step(live)
    looped = np.asarray(live.keras.layers.RNN(cell)(x[:, np.newaxis], training=True))
    return not np.array_equal(looped, np.asarray(cell(x, states, training=True)[0]))


def _cell(live):
    """Return a cell whose output tells its mask."""
    cell = live.keras.layers.GRUCell(1, dropout=0.5)
    cell.build((1, _MANY))
    kernel, *others = cell.get_weights()
    cell.set_weights([np.linspace(-0.1, 0.1, kernel.size).reshape(kernel.shape), *others])
    return cell


def _one_step(live):
    return live.tf.ones((1, _MANY)), [live.tf.zeros((1, 1))]


def _forget_masks(cell):
    cell.reset_dropout_mask()
    cell.reset_recurrent_dropout_mask()


def cell_state_is_list(live):
    """GRUCell(1).get_initial_state(batch_size=2)"""
    cell = live.keras.layers.GRUCell(1)
    dtype = {"dtype": "float32"} if live.generation == 2 else {}
    return isinstance(cell.get_initial_state(batch_size=2, **dtype), list)


def state_size_container(live):
    """StackedRNNCells([GRUCell(1), GRUCell(2)]).state_size"""
    return type(live.keras.layers.StackedRNNCells(_cells(live)).state_size).__name__


def reverse_state_order_argument(live):
    """StackedRNNCells(cells, reverse_state_order=True)"""
    stack = live.keras.layers.StackedRNNCells
    return not raises(stack, _cells(live), reverse_state_order=True)


def short_states_run_fewer_cells(live):
    """StackedRNNCells([GRUCell(1), GRUCell(2)])(x, one state)"""
    stack = live.keras.layers.StackedRNNCells(_cells(live))
    stack(live.tf.ones((2, 3)), [live.tf.ones((2, 1)), live.tf.ones((2, 2))])
    return not raises(stack, live.tf.ones((2, 3)), [live.tf.ones((2, 1))])


def rnn_mask_containers(live):
    """RNN(GRUCell(1))(x, mask=[mask]), and mask=(mask,)"""
    return mask_containers(live, lambda: _rnn(live))


def states_are_none_without_record(live):
    """RNN(GRUCell(1)).states"""
    return live.call(_rnn(live)).states is None


def stack_reset_fails(live):
    """RNN([GRUCell(1), GRUCell(2)], stateful=True).reset_states()"""
    layer = live.call(live.keras.layers.RNN(_cells(live), stateful=True))
    return raises(layer.reset_states)


def one_cell_stack_mask_fails(live):
    """RNN([GRUCell(1)])(x, mask=mask)"""
    layer = live.keras.layers.RNN([live.keras.layers.GRUCell(1)])
    mask = live.tf.constant([[True, False, True], [True, True, False]])
    return raises(layer, live.x(), mask=mask)


def one_cell_stack_unwraps(live):
    """RNN([GRUCell(1)], return_state=True)(x): the state of the loop in a list, unrolled not"""
    held = []
    for unroll in (False, True):
        cells = [live.keras.layers.GRUCell(1)]
        layer = live.keras.layers.RNN(cells, return_state=True, unroll=unroll)
        held.append(isinstance(layer(live.x())[1], (list, tuple)))
    return held == [True, False]


def frozen_weights_are_last(live):
    """RNN([GRUCell(1, trainable=False), GRUCell(2)]).weights"""
    layer = live.call(live.keras.layers.RNN(_cells(live, trainable=False)))
    return tuple(layer.weights[0].shape) == (1, 6)


def _rnn(live):
    return live.keras.layers.RNN(live.keras.layers.GRUCell(1))


def _cells(live, **arguments):
    return [live.keras.layers.GRUCell(1, **arguments), live.keras.layers.GRUCell(2)]


# ---- Bidirectional


def losses_layer_by_layer(live):
    """Bidirectional(GRU(1, activity_regularizer=…, kernel_regularizer=…))(x).losses"""
    penalty = live.keras.regularizers.L1L2(l1=1.0)
    layer = _bidirectional(live, activity_regularizer=penalty, kernel_regularizer=penalty)
    layer(live.x())
    losses = [number(loss) for loss in layer.losses]
    kernel = np.abs(np.asarray(layer.forward_layer.get_weights()[0])).sum()
    if len(losses) != 4:
        raise NotApplicable(f"{len(losses)} losses")
    return bool(np.isclose(losses[1], kernel))


def backward_is_opposite(live):
    """Bidirectional(GRU(1, go_backwards=True)).backward_layer.go_backwards"""
    if raises(_bidirectional, live, go_backwards=True):
        return False
    return not _bidirectional(live, go_backwards=True).backward_layer.go_backwards


def bidirectional_copies_are_built(live):
    """Bidirectional(a GRU(1) that was called).forward_layer.built"""
    layer = live.call(live.gru())
    return bool(live.keras.layers.Bidirectional(layer).forward_layer.built)


def not_a_sequence_layer_error(live):
    """Bidirectional(GRUCell(5))"""
    return error_of(live.keras.layers.Bidirectional, live.keras.layers.GRUCell(5))


def bidirectional_is_as_trainable_as_its_layer(live):
    """Bidirectional(GRU(1, trainable=False)).trainable"""
    return not _bidirectional(live, trainable=False).trainable


def bidirectional_ignores_weights(live):
    """Bidirectional(GRU(1), weights=ones)(x)"""
    ones = [np.ones((2, 3)), np.ones((1, 3)), np.ones((2, 3))] * 2
    layer = live.call(live.keras.layers.Bidirectional(live.gru(), weights=ones))
    return not all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), ones))


def initial_state_array_is_split(live):
    """Bidirectional(GRU(1))(x of batch 1, initial_state of batch 2)"""
    state = live.tf.ones((2, 1))
    return not raises(_bidirectional(live), live.x(batch=1), initial_state=state)


def bidirectional_output_is_cast(live):
    """Bidirectional(GRU(1, dtype="float64"))(x).dtype"""
    output = _bidirectional(live, dtype="float64")(live.x(dtype="float64"))
    return np.asarray(output).dtype == "float32"


def bidirectional_has_states(live):
    """Bidirectional(GRU(1)).states"""
    return hasattr(_bidirectional(live), "states")


def bidirectional_state_mask_fails(live):
    """Bidirectional(GRU(1, stateful=True, return_state=True))(x)"""
    return raises(_bidirectional(live, stateful=True, return_state=True), live.x())


def _bidirectional(live, **arguments):
    return live.keras.layers.Bidirectional(live.gru(**arguments))


# ---- ragged input


def ragged_input(live):
    """GRU(1)(RaggedTensor)"""
    return not raises(live.gru(), _ragged(live))


def ragged_input_is_fused(live):
    """GRU(1, return_runtime=True)(RaggedTensor)"""
    live.needs(return_runtime=True)
    _, runtime = live.gru(return_runtime=True)(_ragged(live))
    return int(runtime.numpy()) == 1


def ragged_backwards_keeps_padding(live):
    """GRU(1, go_backwards=True, return_sequences=True)(RaggedTensor), and its rows alone"""
    if not ragged_input(live):
        raise NotApplicable("no ragged input")
    layer, ragged = live.gru(go_backwards=True, return_sequences=True), _ragged(live)
    rows = layer(ragged)
    alone = [np.asarray(layer(ragged[number][np.newaxis]))[0] for number in (0, 1)]
    return not all(np.allclose(np.asarray(rows[i]), alone[i]) for i in (0, 1))


def _ragged(live):
    """Return two rows, of three timesteps and of one, with two features."""
    values = [[[0.5, 1.0], [-1.0, 0.25], [0.75, -0.5]], [[1.0, 2.0]]]
    return live.tf.ragged.constant(values, ragged_rank=1, dtype="float32")
