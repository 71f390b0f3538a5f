"""Has TensorFlow keep the indices of its slices, which it makes anew at every slice of every call.

``tensor[:, :units]`` makes three tensors of integers: where it begins, where it ends, its strides.
They take a tenth of all time in Keras's layers, in Keras 3 up to a seventh. An eager tensor cannot
be changed, so one of the same integers serves every later slice as well, and the slice itself is
made as ever. Kept are those of plain integers alone, and outside of graphs alone: within, a tensor
is a node of its own graph.

Releases of TensorFlow whose slices ask nobody else for these tensors, up to 2.12, keep none. This
file runs in every Keras's own environment, as `worker` says.
"""

import contextlib
import importlib

# Where slices look the function up, each time.
MODULE = "tensorflow.python.ops.array_ops_stack"


class KeptIndices:
    """Stands in for the function that makes a tensor of a slice's integers.

    Parameters
    ----------
    make : function of values, axis and name
        TensorFlow's own ``stack``.
    is_eager : function of nothing
        Whether what is made now is no node of a graph.
    """

    def __init__(self, make, is_eager):
        self.make = make
        self.is_eager = is_eager
        self.kept = {}
        self.keeps = True

    def __call__(self, values, axis=0, name="stack"):
        """Return the tensor of a list: a kept one if nothing can tell it from a new one."""
        if not (self.keeps and self.fits(values, axis) and self.is_eager()):
            return self.make(values, axis=axis, name=name)
        key = tuple(values)
        if key not in self.kept:
            self.kept[key] = self.make(values, axis=axis, name=name)
        return self.kept[key]

    @staticmethod
    def fits(values, axis):
        """Return whether a list is one of plain integers; True and 1 are one key, so no bool."""
        return type(values) is list and axis == 0 and all(type(value) is int for value in values)

    @contextlib.contextmanager
    def suspended(self):
        """Keep nothing, and use nothing that is kept."""
        self.keeps = False
        try:
            yield
        finally:
            self.keeps = True


def install(tf):
    """Have TensorFlow's slices keep their indices; return what keeps them, None if nothing can."""
    try:
        module = importlib.import_module(MODULE)
    except ImportError:
        return None
    module.stack = KeptIndices(module.stack, tf.executing_eagerly)
    return module.stack
