"""Takes live layers of Keras over with gru_ref, and returns what both do from then on.

Keras and gru_ref meet in no other process: this file runs by itself in the interpreter of an
oracle, reads a request from standard input and writes a reply: see
`parity_tests.tests.live.take_over`.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path

# The worker and what it imports; nothing else beside those files may be found by others' imports.
sys.path[0] = str(Path(__file__).parents[2] / "oracles")
worker = importlib.import_module("worker")
del sys.path[0]
codec, live_wrappers, live_layer = worker.codec, worker.live_wrappers, worker.live_layer


# The arguments of a GRU that are an RNN's, not its cell's.
LOOP = (
    "return_sequences",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
    "activity_regularizer",
)


def import_from(folder):
    """Return the package in a folder, whatever else lies beside it."""
    spec = importlib.util.spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[folder.name] = package
    spec.loader.exec_module(package)
    return package


def run(oracle, gru_ref, steps):
    """Carry out the steps of one row, those after from_keras on both layers."""
    layer, mine, outcomes = None, None, []
    for method, positional, keywords in oracle.decode(steps):
        outcome = {"method": method}
        outcomes.append(outcome)
        try:
            if method == "construct":
                layer = live_wrappers.make(oracle, keywords)
            elif method == "construct_subclass":
                (name,) = positional
                layer = type("Mine", (getattr(oracle.keras.layers, name),), {})(**keywords)
            elif method == "construct_overriding":
                given = {
                    name: live_wrappers.make(oracle, value) for name, value in keywords.items()
                }
                layer = overriding(oracle.keras.layers, *positional)(**given)
            elif method == "replace_call":
                layer.call = lambda x, **_: x
            elif method == "replace_cell":
                layer.cell = overriding(oracle.keras.layers, "GRUCell", "call")(layer.units)
            elif method == "construct_doubled":
                layer = doubled(oracle.keras.layers, positional[0], keywords, register(oracle))
                version = gru_ref.GRU.from_keras(oracle.keras.layers.GRU(1)).keras_version
                with_version = {**keywords, "keras_version": version}
                mine = doubled(gru_ref, positional[0], with_version)
            elif method == "construct_shared":
                count, cell = positional
                cell = live_wrappers.make(oracle, cell)
                layer = oracle.keras.layers.RNN([cell] * count, **keywords)
            elif method == "set_part":
                part, name, value = positional
                setattr(getattr(layer, part), name, value)
            elif method == "from_keras":
                (name,) = positional
                mine = getattr(gru_ref, name).from_keras(layer)
                outcome["mine"] = mine.keras_version
            else:
                if method == "call":
                    value = live_wrappers.call(oracle, layer, positional, dict(keywords))
                else:
                    value = carry_out(layer, method, positional, keywords)
                outcome["live"] = live_wrappers.plain(value)
        except Exception as error:
            whose = "error" if method == "from_keras" else "live_error"
            outcome[whose] = live_layer.describe_error(error, method)
            break
        if mine is None or method in ("from_keras", "construct_doubled"):
            continue
        try:
            outcome["mine"] = live_wrappers.plain(carry_out(mine, method, positional, keywords))
        except Exception as error:
            outcome["error"] = live_layer.describe_error(error, method)
            break
    return outcomes


def overriding(layers, name, method):
    """Return a class that overrides one method of a layer's with what it inherits."""
    base = getattr(layers, name)
    inherited = getattr(base, method)

    def override(self, *args, **kwargs):
        return inherited(self, *args, **kwargs)

    return type("Mine", (base,), {method: override})


def register(oracle):
    """Return Keras's own decorator of classes that its configs may name."""
    home = oracle.keras.saving if hasattr(oracle.keras, "saving") else oracle.keras.utils
    return home.register_keras_serializable()


def doubled(layers, what, arguments, register=lambda made: made):
    """Return a layer whose class doubles what its call returns, or one around such a layer."""

    class DoubledGRU(layers.GRU):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            given = {"initial_state": initial_state, "mask": mask, "training": training}
            return 2 * super().call(sequences, **given)

    class DoubledCell(layers.GRUCell):
        def call(self, inputs, states, training=None):
            output, new_states = super().call(inputs, states, training=training)
            return 2 * output, new_states

    class DoubledRNN(layers.RNN):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            given = {"initial_state": initial_state, "mask": mask, "training": training}
            return 2 * super().call(sequences, **given)

    class DoubledBidirectional(layers.Bidirectional):
        def call(self, sequences, initial_state=None, mask=None, training=None):
            given = {} if initial_state is None else {"initial_state": initial_state}
            return 2 * super().call(sequences, mask=mask, training=training, **given)

    register(DoubledGRU)
    cell = {key: value for key, value in arguments.items() if key not in LOOP}
    loop = {key: value for key, value in arguments.items() if key in (*LOOP, "dtype")}
    own = {"dtype": arguments["dtype"]}
    if what == "GRU":
        return DoubledGRU(**arguments)
    if what == "GRUCell":
        return DoubledCell(**cell)
    if what == "RNN of GRUCell":
        return layers.RNN(DoubledCell(**cell), **loop)
    if what == "RNN of a stack":
        second = layers.GRUCell(**{**cell, "units": 3})
        stack = layers.StackedRNNCells([DoubledCell(**cell), second, DoubledCell(**cell)], **own)
        return layers.RNN(stack, **loop)
    if what == "RNN":
        return DoubledRNN(layers.GRUCell(**cell), **loop)
    if what == "Bidirectional":
        return DoubledBidirectional(layers.GRU(**arguments), **own)
    assert what == "Bidirectional of GRU", what
    return layers.Bidirectional(DoubledGRU(**arguments), **own)


def carry_out(layer, method, positional, keywords):
    """Call a layer, carry out one of its methods, or read an attribute."""
    if method == "call":
        return layer(*positional, **keywords)
    value = getattr(layer, method)
    return value(*positional, **keywords) if callable(value) else value


def main():
    """Answer one request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generation", type=int, required=True)
    parser.add_argument("--package", default="")
    parser.add_argument("--gru-ref", type=Path, required=True)
    options = parser.parse_args()
    # The reply goes to the real standard output; what anybody prints goes to standard error.
    reply = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ.update(worker.ENVIRONMENT)
    oracle = worker.find_oracle(options.generation, options.package)
    gru_ref = import_from(options.gru_ref)
    warnings.simplefilter("ignore", gru_ref.KerasQuirkWarning)
    warnings.filterwarnings("error", category=DeprecationWarning, module="gru_ref")
    rows = json.load(sys.stdin)["rows"]
    with reply:
        reply.write(codec.dumps({"rows": [run(oracle, gru_ref, steps) for steps in rows]}))


if __name__ == "__main__":
    main()
