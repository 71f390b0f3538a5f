"""The process that owns a live Keras: ``PYTHON worker.py --generation 2|3``.

One JSON object a line on standard input is a request, one a line on standard output is its reply;
`codec` says how arrays travel. The first line out greets with ``{"ok": true, ...}``, or says which
package is missing, or how and where the import of one fails. Whatever Keras prints goes to standard
error.

========= ======================================= ================================================
operation other keys of the request               other keys of the reply
========= ======================================= ================================================
describe                                          versions, signature, names that resolve, corrupt
run       constructor, weights, calls,            path, seconds, calls: {outputs, container,
          seed, gates, plain                      dropout_mask, recurrent_dropout_mask, state,
                                                  gates} or {reset, state} each
reused    constructor, forget, runs: weights,     seconds, runs: what run replies
          calls, seed each
steps     steps: [method, arguments...] each      steps: an outcome each, up to the first that
                                                  raises
seeded    rows: constructor, x, calls, seed, …    rows: weights, calls of outputs and masks
behaviours rows: names, all of them without       cells: what was measured, by row
own_tests tests: names of Keras's own tests       tests: comparisons of each
wrappers  steps: [method, positional, keywords]   steps: an outcome each, of a cell, RNN, stack
                                                  or Bidirectional
quit                                              none: the process ends
========= ======================================= ================================================

``plain`` has TensorFlow make every index of its slices anew, for the test that the kept ones (see
`kept_indices`) change nothing.

The steps are ``construct``, ``from_config``, ``call`` (its ``x`` goes by position), ``attempt`` (a
call that may fail: what it raises is the value), ``fit_once`` (one step of SGD on the layer alone,
given x, y and learning_rate), ``save_model`` (a model of the layer alone, given path and
input_shape), ``load_model`` (what follows is about the model), ``set_random_seed`` and the layer's
own methods and attributes. A list holds positional arguments, an object keywords.

``--package FOLDER`` imports the Keras of a source tree: its folder ``keras`` or ``tf_keras``. The
greeting's ``source`` is the file of its GRU: the client checks that it lies there.

``--corrupt EPS`` adds EPS to the first output element of every run, for the tests of the suite
itself: the greeting and the description say so.

This file and those that it imports run in every Keras's own environment: Python 3.7 syntax, NumPy
and the Keras found there, nothing else.
"""

import argparse
import gc
import importlib
import inspect
import json
import os
import platform
import sys
import traceback

try:
    if __package__:
        from parity_tests.oracles import (
            behaviours,
            codec,
            kept_indices,
            line_arrays,
            live_halves,
            live_layer,
            live_own_tests,
            live_reused,
            live_seeded,
            live_wrappers,
        )
    else:
        import behaviours
        import codec
        import kept_indices
        import line_arrays
        import live_halves
        import live_layer
        import live_own_tests
        import live_reused
        import live_seeded
        import live_wrappers
except ImportError as error:  # no NumPy
    if __name__ != "__main__":
        raise
    print(json.dumps({"ok": False, "missing": str(error), "executable": sys.executable}))
    sys.exit(3)

# Without these there is nothing to compare with; what another package lacks is its own fault.
NEEDED = ("tensorflow", "keras", "tf_keras")
OLDEST_TENSORFLOW = (2, 1)  # of the ledger

# How many requests pass before what Keras keeps of old layers is cleared.
REQUESTS_PER_CLEARING = 250

ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    # Where no folder can be: no settings file of the user's is read, and none is written.
    "KERAS_HOME": os.path.join(os.devnull, "keras"),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # oneDNN rounds bfloat16 by the processor, and TensorFlow takes it on some by itself.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class MissingError(Exception):
    """What is installed is another generation, or too old."""


def find_oracle(generation, package):
    """Return the Keras of that generation; fail when it or TensorFlow is missing."""
    root, name = os.path.split(package)
    if package:
        sys.path.insert(0, root)
    import tensorflow as tf

    if tuple(int(part) for part in tf.__version__.split(".")[:2]) < OLDEST_TENSORFLOW:
        oldest = ".".join(map(str, OLDEST_TENSORFLOW))
        raise MissingError(f"tensorflow is {tf.__version__}, expected {oldest} or newer")
    if package:
        keras = importlib.import_module(name)
    elif generation == 3:
        import keras
    else:
        try:
            import tf_keras as keras
        except ModuleNotFoundError as error:
            if error.name != "tf_keras":  # it is there, and lacks something
                raise
            keras = tf.keras
    version = version_of(keras)
    if not version.startswith(f"{generation}."):
        raise MissingError(f"keras is {version}, expected {generation}")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices([], "GPU")
    tf.get_logger().setLevel("ERROR")
    codec.take_dtype(tf.bfloat16.as_numpy_dtype)
    kinds = {2: live_layer.LiveKeras2, 3: live_layer.LiveKeras3}
    oracle = kinds[generation](tf, keras, codec)
    oracle.indices = kept_indices.install(tf)
    return oracle


def why_not(error, package):
    """Return what the greeting says of an import that failed: what is missing, or what is broken.

    Parameters
    ----------
    error : Exception
    package : str
        The folder of the source tree, or empty.
    """
    needed = NEEDED[:1] if package else NEEDED
    missing = isinstance(error, ModuleNotFoundError) and error.name in needed
    if missing or isinstance(error, MissingError):
        return {"missing": str(error)}
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        said, where = "SyntaxError: " + str(error.msg), [(error.filename, error.lineno)]
    else:
        frames = traceback.extract_tb(error.__traceback__)
        where = [(frame.filename, frame.lineno) for frame in frames]
        where = [place for place in where if place[0] != __file__ and "importlib" not in place[0]]
        # Further in than the tree's own line is what that line called.
        inside = [place for place in where if package and place[0].startswith(package)]
        where = inside or where
    return {"broken": said, "where": "{}:{}".format(*where[-1]) if where else ""}


def version_of(keras):
    """Return the version of a Keras; the tf.keras of TensorFlow 2.15 does not name its own."""
    if not hasattr(keras, "__version__"):
        import keras
    return keras.__version__


def describe(keras, tensorflow):
    """Return the versions, the constructor's signature and the names that resolve."""
    parameters = inspect.signature(keras.layers.GRU.__init__).parameters
    return {
        "keras": version_of(keras),
        "tensorflow": tensorflow.__version__,
        "python": platform.python_version(),
        "numpy": live_layer.np.__version__,
        "platform": platform.platform(),
        "executable": sys.executable,
        "signature": [
            [name, "required" if p.default is inspect.Parameter.empty else p.default]
            for name, p in parameters.items()
            if name not in ("self", "kwargs")
        ],
        "activations": resolving_names(keras, keras.activations),
        "initializers": resolving_names(keras, keras.initializers),
        "regularizers": resolving_names(keras, keras.regularizers),
        "constraints": resolving_names(keras, keras.constraints),
    }


def resolving_names(keras, module):
    """Return the names that `module.get` takes and that become something callable."""
    home = sys.modules[module.get.__module__]
    candidates = set(dir(module)) | set(dir(home)) | set(dir(keras.layers))
    for registry in vars(home).values():
        if isinstance(registry, dict):
            candidates |= {key for key in registry if isinstance(key, str)}
    return [name for name in sorted(candidates) if resolves(module.get, name)]


def resolves(get, name):
    """Return whether `get` makes something callable of the name."""
    try:
        # A regularizer of tf_keras that is not found remains the string it was.
        return callable(get(name))
    except Exception:
        return False


def take_steps(oracle, steps):
    """Carry out methods one by one; the arguments reach Keras as they are."""
    layer, outcomes = None, []
    for method, *arguments in oracle.decode(steps):
        positional, keywords = [], {}
        outcome = {"method": method, "ok": True}
        outcomes.append(outcome)
        try:
            for given in arguments:
                if isinstance(given, dict):
                    keywords.update(given)
                else:
                    positional.extend(given)
            if method in ("call", "attempt") and "x" in keywords:
                positional.insert(0, keywords.pop("x"))
            value = take_step(oracle, layer, method, positional, keywords)
            if method in ("construct", "from_config", "load_model"):
                layer = value
            outcome.update(readable(value))
        except Exception as error:
            outcome.update(ok=False, error=live_layer.describe_error(error, method))
            break
    return outcomes


def take_step(oracle, layer, method, positional, keywords):
    """Carry out one method of the layer; return its value."""
    if method == "construct":
        return oracle.keras.layers.GRU(*positional, **keywords)
    if method == "from_config":
        return oracle.keras.layers.GRU.from_config(*positional, **keywords)
    if method == "load_model":
        return oracle.keras.models.load_model(*positional, **keywords)
    if method == "save_model":
        inputs = oracle.keras.layers.Input(keywords["input_shape"])
        return oracle.keras.Sequential([inputs, layer]).save(keywords["path"])
    if method == "call":
        return layer(*positional, **keywords)
    if method == "attempt":
        try:
            layer(*positional, **keywords)
        except Exception as error:
            return type(error).__name__
        return None
    if method == "set_random_seed":
        return oracle.keras.utils.set_random_seed(*positional)
    if method == "fit_once":
        return oracle.fit_once(layer, *positional, **keywords)
    value = getattr(layer, method)
    return value(*positional, **keywords) if callable(value) else value


def readable(value):
    """Return what can be told of the value that a step returned."""
    items = value if isinstance(value, (list, tuple)) else [value]
    if items and all(hasattr(item, "numpy") for item in items):
        return live_layer.read_outputs(value)
    try:
        return {"value": codec.encode(value)}
    except TypeError:
        return {"value": repr(value)[:200]}


def serve(oracle, corrupt, write):
    """Answer the requests of standard input until it ends or says quit."""
    operations = {
        "describe": lambda request: dict(
            describe(oracle.keras, oracle.tf), ok=True, corrupt=corrupt != 0
        ),
        "run": lambda request: oracle.run(request, corrupt),
        "reused": lambda request: live_reused.run(oracle, request, corrupt),
        "seeded": lambda request: live_seeded.run(oracle, request),
        "halves": lambda request: live_halves.run(oracle, request),
        "wrappers": lambda request: live_wrappers.run(oracle, request),
        "behaviours": lambda request: behaviours.run(oracle, request),
        "own_tests": lambda request: live_own_tests.run(oracle, request),
        "steps": lambda request: {"ok": True, "steps": take_steps(oracle, request["steps"])},
    }
    arrays = line_arrays.LineArrays()
    for count, line in enumerate(sys.stdin, 1):
        request = json.loads(line)
        if request["op"] == "quit":
            break
        with arrays:
            reply = operations[request["op"]](request)
        write(reply)
        if count % REQUESTS_PER_CLEARING == 0:
            oracle.clear()
            gc.collect()


def main():
    """Greet, serve, and return the exit status."""
    parser = argparse.ArgumentParser(description="Answer requests about a live Keras GRU layer.")
    parser.add_argument("--generation", type=int, choices=(2, 3), required=True)
    parser.add_argument("--package", default="", metavar="FOLDER")
    parser.add_argument("--corrupt", type=float, default=0.0, metavar="EPS")
    options = parser.parse_args()

    # Replies go to the real standard output; what anybody prints goes to standard error.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def write(reply):
        replies.write(codec.dumps(reply) + "\n")
        replies.flush()

    os.environ.update(ENVIRONMENT)
    try:
        oracle = find_oracle(options.generation, options.package)
        source = inspect.getfile(oracle.keras.layers.GRU)
    except Exception as error:  # a source tree may raise anything
        write(dict(why_not(error, options.package), ok=False, executable=sys.executable))
        return 3
    # What the imports made stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    if options.corrupt:
        print(f"this worker corrupts: it adds {options.corrupt} to every run", file=sys.stderr)
    write({"ok": True, "corrupt": options.corrupt != 0, "source": source})
    serve(oracle, options.corrupt, write)
    return 0


if __name__ == "__main__":
    # Nothing beside this file may be found by the imports of others.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != here]
    sys.exit(main())
