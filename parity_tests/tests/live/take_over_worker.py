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
        if mine is None or method == "from_keras":
            continue
        try:
            outcome["mine"] = live_wrappers.plain(carry_out(mine, method, positional, keywords))
        except Exception as error:
            outcome["error"] = live_layer.describe_error(error, method)
            break
    return outcomes


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
    rows = json.load(sys.stdin)["rows"]
    with reply:
        reply.write(codec.dumps({"rows": [run(oracle, gru_ref, steps) for steps in rows]}))


if __name__ == "__main__":
    main()
