"""The executable specification of ``tf.keras.layers.GRU``, in NumPy.

`GRU` is Keras's layer; `gru` and `gru_step` are the functional core beneath it.
"""

from gru_ref.cell import Step, gru_step
from gru_ref.config import GRUConfig
from gru_ref.errors import KerasQuirkWarning, UnverifiedVersionWarning
from gru_ref.layer import GRU
from gru_ref.loop import Result, gru
from gru_ref.weights import GRUWeights

__version__ = "0.1.0"
__all__ = [
    "GRU",
    "GRUConfig",
    "GRUWeights",
    "KerasQuirkWarning",
    "Result",
    "Step",
    "UnverifiedVersionWarning",
    "gru",
    "gru_step",
]
