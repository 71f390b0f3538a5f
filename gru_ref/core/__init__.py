"""The minimal GRU, in NumPy alone; it knows nothing of Keras's releases.

`gru_step` is one timestep, `run_cells` the loop over time; `Recurrence` says which functions, reset
form, direction and dtype they use, and `GRUWeights` holds the three arrays. Read `step`, then
`loop`.
"""

from gru_ref.core.loop import Cell, Moment, run_cells
from gru_ref.core.piecewise_activations import linear
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.smooth_activations import sigmoid, tanh
from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights

__all__ = [
    "Cell",
    "GRUWeights",
    "Moment",
    "Recurrence",
    "Step",
    "gru_step",
    "linear",
    "run_cells",
    "sigmoid",
    "tanh",
]
