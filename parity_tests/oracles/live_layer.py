"""A live GRU layer of either Keras: how it is made, called, and read."""

import contextlib
import random
import sys
import time

import numpy as np

# Arguments whose values build draws.
INITIALIZERS = ("kernel_initializer", "recurrent_initializer", "bias_initializer")


class LiveKeras:
    """What the two generations share."""

    indices = None  # those that slices keep, where they do

    def __init__(self, tf, keras, codec):
        self.tf = tf
        self.keras = keras
        self.codec = codec
        self.zeros = keras.initializers.Zeros()
        self.callables = dict(codec.CALLABLES)
        self.callables.update(
            {
                "tanh": lambda x: tf.tanh(x),
                "sigmoid": lambda x: tf.sigmoid(x),
                "penalty": lambda weight: tf.reduce_sum(tf.abs(weight)),
                "initializer": lambda shape, dtype=None: tf.fill(
                    shape, tf.cast(0.5, dtype or "float32")
                ),
                "initializer-wrong-shape": lambda shape, dtype=None: tf.zeros((1, 1)),
                "initializer-no-dtype": lambda shape: tf.fill(shape, 0.5),
            }
        )

    def decode(self, data):
        """Return the value that JSON data stands for, tensors included."""
        return self.codec.decode(data, tensor=self.tf.constant, callables=self.callables)

    def run(self, request, corrupt):
        """Make one layer and its calls; what Keras raises is a reply too."""
        began = time.perf_counter()
        place = {"stage": "constructor"}
        plain = request.get("plain") and self.indices
        try:
            with self.indices.suspended() if plain else contextlib.nullcontext():
                reply = self._run(request, place)
        except Exception as error:
            return {"ok": False, "error": describe_error(error, place["stage"])}
        if corrupt:
            output = next(call["outputs"][0] for call in reply["calls"] if "outputs" in call)
            output.flat[0] += corrupt
        reply.update(ok=True, seconds=time.perf_counter() - began)
        return reply

    def _run(self, request, place):
        constructor = self.decode(request["constructor"])
        weights = self.decode(request.get("weights"))
        calls = self.decode(request["calls"])
        seed = request.get("seed")
        shape = next(call["x"].shape for call in calls if "x" in call)

        layer = self.make(constructor, weights, shape, seed, place)
        place["stage"] = "gates"
        recorder = self.recorder(layer, constructor, shape) if request.get("gates") else None
        self.before_calls(seed)
        return self.make_calls(layer, calls, place, recorder)

    def make(self, constructor, weights, shape, seed, place):
        """Return a new layer that is built for a shape and has the weights, if any are given."""
        layer = self.construct(constructor, seed)
        place["stage"] = "build"
        if weights is not None:
            self._spare_draws(layer, constructor)
        layer.build(shape)
        if weights is not None:
            place["stage"] = "set_weights"
            layer.set_weights(weights)
        return layer

    def make_calls(self, layer, calls, place, recorder=None):
        """Make the calls of a run; return the path they took, and the reply to each."""
        path, replies = None, []
        for number, call in enumerate(calls):
            place["stage"] = f"call {number}"
            if call.get("reset"):
                layer.reset_states()
                if recorder:
                    recorder.reset()
                replies.append({"reset": True, "state": self.state(layer)})
                continue
            call = self._tensors(call)
            reply, path = self.call(layer, call)
            reply["state"] = self.state(layer)
            reply["gates"] = recorder.gates(call, reply) if recorder else None
            replies.append(reply)
        return {"path": path, "calls": replies}

    def _spare_draws(self, layer, constructor):
        """Have build fill with zeros the weights that set_weights replaces at once.

        The layer's own initializers have been made, so the seeds of its masks are as ever.
        """
        for name in INITIALIZERS:
            if name not in constructor:
                setattr(layer.cell, name, self.zeros)

    def _tensors(self, call):
        """Return the arguments of one call, its arrays as tensors."""
        constant = self.tf.constant
        given = call.get("initial_state")
        if isinstance(given, (list, tuple)):
            given = type(given)(constant(item) for item in given)
        elif given is not None:
            given = constant(given)
        mask = call.get("mask")
        return {
            "x": constant(call["x"]),
            "initial_state": given,
            "mask": None if mask is None else constant(mask),
            "training": bool(call.get("training", False)),
        }

    def fit_once(self, layer, x, y, learning_rate):
        """Have Keras fit the layer alone to one batch, in one step of SGD."""

        class Alone(self.keras.Model):
            """A model of one layer, which Sequential would trace first: 0.2 s in Keras 2."""

            def __init__(self):
                super().__init__()
                self.only = layer

            def call(self, inputs):
                return self.only(inputs)

        model = Alone()
        optimizer = self.keras.optimizers.SGD(learning_rate)
        model.compile(optimizer, "mean_squared_error", run_eagerly=True)
        model.fit(x, y, batch_size=len(x), verbose=0)

    @staticmethod
    def state(layer):
        """Return the recorded state, None unless the layer is stateful."""
        return layer.states[0].numpy() if layer.stateful else None


class LiveKeras2(LiveKeras):
    """tf_keras, or the Keras 2 inside a TensorFlow up to 2.15."""

    def __init__(self, tf, keras, codec):
        super().__init__(tf, keras, codec)
        from tensorflow.python.eager import context

        self.eager_context = context.context()
        self.seeds = set()

    def construct(self, constructor, seed):
        """Return a new layer."""
        # The runtime tells which path ran; return_state ignores the flag.
        layer = self.keras.layers.GRU(return_runtime=True, **constructor)
        # TensorFlow 2.1 has another name for it.
        old, new = "could_use_cudnn", "_could_use_gpu_kernel"
        self.fused = old if hasattr(layer, old) else new
        return layer

    def before_calls(self, seed):
        """Seed what the calls draw: from the same seed always the same masks.

        Keras draws from TensorFlow's eager stream, whose every draw is a kernel that keeps count.
        set_seed starts them again, but has TensorFlow forget all its kernels, 35 ms a case: here
        only the seeds of the draws to come are set, unless kernels of the same seeds have drawn.
        """
        if seed is None:
            return
        if not self.seeds or seed in self.seeds:
            self.tf.random.set_seed(0)
            self.seeds.clear()
        self.seeds.add(seed)
        self.eager_context._rng = random.Random(seed)
        # In TensorFlow 2.1 to 2.6 backend.dropout takes a seed for each draw from NumPy's stream.
        np.random.seed(seed)  # noqa: NPY002 - the stream that Keras reads

    def before_more_calls(self, layer, seed):
        """Seed what further calls of the layer draw, as if it were new."""
        self.before_calls(seed)

    def forget_seeds(self):
        """Have the next seed start TensorFlow's stream again."""
        self.seeds.clear()

    def seed_alone(self, seed):
        """Do what set_random_seed does for a layer, without TensorFlow forgetting its kernels."""
        backend = sys.modules[self.keras.layers.GRU.__module__].backend
        backend._SEED_GENERATOR.generator = random.Random(seed)
        self.eager_context._seed = seed
        self.eager_context._rng = random.Random(seed)
        self.seeds.clear()

    def call(self, layer, call):
        """Make one call; return its reply and the path it took."""
        outputs = layer(call["x"], **keywords(call))
        if layer.return_state:
            fused = getattr(layer, self.fused)
        else:
            outputs, runtime = outputs
            fused = int(runtime.numpy()) == 1
        path = "fused" if fused else "unroll" if layer.unroll else "loop"
        reply = read_outputs(outputs)
        reply["dropout_mask"] = reply["recurrent_dropout_mask"] = None
        if call["training"]:
            self._capture(layer, call["x"], fused, reply)
        return reply, path

    def _capture(self, layer, x, fused, reply):
        """Read the masks that the call has just used from the caches it left."""
        cell = layer.cell
        step = x[0] if layer.time_major else x[:, 0]
        if 0 < cell.dropout < 1 and fused:
            reply["dropout_mask"] = layer.get_dropout_mask_for_cell(x, True, count=3)[0].numpy()
        elif 0 < cell.dropout < 1:
            masks = cell.get_dropout_mask_for_cell(step, True, count=3)
            reply["dropout_mask"] = stack(masks if cell.implementation == 1 else masks[0])
        if 0 < cell.recurrent_dropout < 1:
            h = self.tf.zeros((step.shape[0], cell.units), step.dtype)
            masks = cell.get_recurrent_dropout_mask_for_cell(h, True, count=3)
            reply["recurrent_dropout_mask"] = stack(masks)

    def recorder(self, layer, constructor, shape):
        """Return what records the gates of the layer's calls."""
        if not getattr(layer, self.fused):
            return GateRecorder(layer, layer)
        # The fused path calls no activation: a layer of the same weights takes the loop instead.
        # Its dropout is off: the fused path's mask differs by timestep and multiplies x beforehand.
        twin = self.construct(dict(constructor, dropout=0.0), None)
        setattr(twin, self.fused, False)
        self._spare_draws(twin, constructor)
        twin.build(shape)
        twin.set_weights(layer.get_weights())
        return GateRecorder(layer, twin)

    def clear(self):
        """Forget what Keras keeps of old layers."""
        self.keras.backend.clear_session()


class LiveKeras3(LiveKeras):
    """Keras 3 with its TensorFlow backend."""

    def construct(self, constructor, seed):
        """Return a new layer."""
        # Its own seed: set_random_seed has TensorFlow forget its kernels, 50 ms a case.
        seeded = {} if seed is None else {"seed": seed}
        return self.keras.layers.GRU(**seeded, **constructor)

    def before_calls(self, seed):
        """Draw nothing: the seed went into the layer."""

    def before_more_calls(self, layer, seed):
        """Seed what further calls of the layer draw, as if it were new."""
        if seed is not None:
            layer.cell.seed_generator.state.assign(np.array([seed, 0], "uint32"))

    def forget_seeds(self):
        """Forget nothing: a seed is a layer's own."""

    def seed_alone(self, seed):
        """Do what set_random_seed does for a layer, without TensorFlow forgetting its kernels."""
        random.seed(seed)

    def call(self, layer, call):
        """Make one call; return its reply and the path it took."""
        masks = {"dropout_mask": None, "recurrent_dropout_mask": None}
        if call["training"]:
            masks = self._capture(layer, call["x"])
        outputs = layer(call["x"], **keywords(call))
        return dict(read_outputs(outputs), **masks), "unroll" if layer.unroll else "loop"

    def _capture(self, layer, x):
        """Draw the masks that the call will use: it finds them in the cell's two caches."""
        cell, dtype = layer.cell, layer.compute_dtype
        masks = {"dropout_mask": None, "recurrent_dropout_mask": None}
        cell.reset_dropout_mask()
        cell.reset_recurrent_dropout_mask()
        if 0 < cell.dropout < 1:
            step = self.tf.cast(x[:, 0, :], dtype)
            masks["dropout_mask"] = stack(cell.get_dropout_mask(step))
        if 0 < cell.recurrent_dropout < 1:
            h = self.tf.zeros((x.shape[0], cell.units), dtype)
            masks["recurrent_dropout_mask"] = stack(cell.get_recurrent_dropout_mask(h))
        return masks

    def recorder(self, layer, constructor, shape):
        """Return what records the gates of the layer's calls."""
        return GateRecorder(layer, layer)

    def clear(self):
        """Forget what Keras keeps of old layers."""
        self.keras.utils.clear_session()


class GateRecorder:
    """Records the gates of every timestep: time first, in processing order."""

    def __init__(self, layer, twin):
        self.layer, self.twin = layer, twin
        self.candidates = self._wrap("activation")
        self.pairs = self._wrap("recurrent_activation")

    def _wrap(self, name):
        function, records = getattr(self.twin.cell, name), []

        def recording(x):
            value = function(x)
            records.append(value.numpy())
            return value

        setattr(self.twin.cell, name, recording)
        return records

    def reset(self):
        """Follow a reset of the layer's recorded state."""
        if self.twin is not self.layer:
            self.twin.reset_states()

    def gates(self, call, reply):
        """Return the gates of the call just made; a twin makes it once more."""
        if self.twin is not self.layer:
            mask = reply["dropout_mask"]
            self.twin(call["x"] if mask is None else call["x"] * mask, **keywords(call))
        timesteps = call["x"].shape[0 if getattr(self.layer, "time_major", False) else 1]
        # The loop evaluates a first step whose value it discards; unrolled, there is none.
        extra = len(self.candidates) - timesteps
        if extra not in (0, 1) or len(self.pairs) != 2 * len(self.candidates):
            raise RuntimeError(f"{len(self.candidates)} steps were recorded, expected {timesteps}")
        gates = {
            "z": stack(self.pairs[2 * extra :: 2]),
            "r": stack(self.pairs[2 * extra + 1 :: 2]),
            "candidate": stack(self.candidates[extra:]),
        }
        del self.candidates[:], self.pairs[:]
        return gates


def keywords(call):
    """Return the keyword arguments of one call; what is None stays out."""
    return {key: item for key, item in call.items() if key != "x" and item is not None}


def stack(values):
    """Return a list of tensors or arrays as one array, a single tensor as its array."""
    if isinstance(values, (list, tuple)):
        return np.stack([np.asarray(value) for value in values])
    return values.numpy()


def read_outputs(outputs):
    """Return the arrays that a call returned, and what held them."""
    container = type(outputs).__name__ if isinstance(outputs, (list, tuple)) else "tensor"
    outputs = [outputs] if container == "tensor" else outputs
    return {"outputs": [output.numpy() for output in outputs], "container": container}


def describe_error(error, stage):
    """Return what a reply tells of an exception."""
    return {
        "class": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": str(error),
        "stage": stage,
    }
