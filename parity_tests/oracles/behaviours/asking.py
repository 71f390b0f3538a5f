"""What the measurements share: a live Keras, and small questions to it."""

import importlib
import inspect
import random

import numpy as np


class NotApplicable(Exception):
    """The release lacks what a row is about; the message says what."""


class LedgerKeras:
    """One live Keras.

    Attributes
    ----------
    tf, keras : modules
    generation : int
        2 or 3.
    """

    def __init__(self, oracle):
        self.oracle = oracle
        self.tf, self.keras = oracle.tf, oracle.keras
        self.generation = int(self.version.split(".")[0])
        # Where there is such an argument, False keeps Keras 3 on the code that every release has.
        self.plain = {"use_cudnn": False} if self.takes(use_cudnn=False) else {}

    @property
    def version(self):
        """What the Keras calls itself; the tf.keras of TensorFlow 2.15 does not."""
        named = getattr(self.keras, "__version__", None)
        return named or importlib.import_module("keras").__version__

    # ---- layers

    def gru(self, units=1, **arguments):
        """Return a GRU."""
        return self.keras.layers.GRU(units, **arguments)

    def build(self, **arguments):
        """Return a GRU built for the inputs of `x`."""
        layer = self.gru(**arguments)
        layer.build((2, 3, 2))
        return layer

    def call(self, layer):
        """Return a layer that has been called once."""
        layer(self.x())
        return layer

    def ready(self, weights, units=1, **arguments):
        """Return a GRU of these weights (kernel, recurrent kernel and perhaps bias)."""
        layer = self.gru(units, **arguments)
        batch = len(weights[0]) if arguments.get("stateful") else None
        layer.build((batch, None, len(weights[0])))
        layer.set_weights([np.asarray(weight, layer.dtype) for weight in weights])
        return layer

    def tensor(self, values, dtype="float32"):
        """Return a tensor."""
        return self.tf.constant(values, dtype)

    def x(self, batch=2, timesteps=3, features=2, dtype="float32"):
        """Return inputs, no two of them alike."""
        count = batch * timesteps * features
        values = np.linspace(-1, 1, count).reshape(batch, timesteps, features)
        return self.tf.constant(values.astype(dtype))

    def config(self, **arguments):
        """Return the config of a GRU."""
        return self.gru(**arguments).get_config()

    def parameters(self):
        """Return the names of the constructor's parameters, in their order."""
        return list(inspect.signature(self.keras.layers.GRU.__init__).parameters)

    def mixed_policy(self):
        """Return what dtype= takes for mixed_float16: the name, or before TF 2.4 the policy."""
        if self.takes(dtype="mixed_float16"):
            return "mixed_float16"
        return self.keras.mixed_precision.experimental.Policy("mixed_float16")

    # ---- questions

    def takes(self, **arguments):
        """Return whether the constructor takes these arguments."""
        return not raises(self.gru, **arguments)

    def needs(self, **arguments):
        """Go on only if the constructor takes these arguments."""
        if not self.takes(**arguments):
            raise NotApplicable("no argument {}".format(", ".join(arguments)))

    def object(self, kind, *names):
        """Return the first class of these names in keras.KIND that the release has."""
        module = getattr(self.keras, kind)
        for name in names:
            if hasattr(module, name):
                return getattr(module, name)
        raise NotApplicable(f"no {kind[:-1]} {names[0]}")

    def seed_all(self, seed):
        """Seed whatever draws without a seed of its own, as the release's users do."""
        if hasattr(self.keras.utils, "set_random_seed"):
            self.keras.utils.set_random_seed(seed)
        else:
            random.seed(seed)
            self.tf.random.set_seed(seed)


def error_of(function, *args, **kwargs):
    """Return the class name of what a call raises, None if nothing."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    return None


def raises(function, *args, **kwargs):
    """Return whether a call raises."""
    return error_of(function, *args, **kwargs) is not None


def mask_containers(live, layer):
    """Return what may contain the mask of a layer that a function makes."""
    mask = live.tf.constant([[True, False, True], [True, True, False]])
    return [
        kind.__name__ for kind in (list, tuple) if not raises(layer(), live.x(), mask=kind([mask]))
    ]


def the_one(answers):
    """Return the answer that all of several questions have; a dict of them if they differ."""
    values = list(answers.values())
    return values[0] if all(value == values[0] for value in values) else answers


def number(value):
    """Return a tensor of one number as Python's float."""
    return float(np.asarray(value))
