"""Open whole models with live Keras 3 and compare what they compute with what is recorded.

Runs in the interpreter of that Keras: ``python -m parity_tests.oracles.open_models RESULTS``. It
reads a line of JSON a model from standard input, {"model", "expected", …}, and adds it to RESULTS
with its answer: {"opened", "error", "worst", "keras"}. `worst` is the greatest difference of any
output, relative to the larger of 1 and what is expected; null where they cannot be compared. It
says "ready" once Keras is there.
"""

import json
import os
import sys

import numpy as np


def summary(error):
    """Return an exception in one short line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]


def difference(output, expected):
    """Return the greatest difference, relative to the larger of 1 and what is expected."""
    output, expected = (np.asarray(array).astype("float64") for array in (output, expected))
    if output.shape != expected.shape:
        raise ValueError(f"shape {output.shape}, expected {expected.shape}")
    return float((np.abs(output - expected) / np.maximum(1, np.abs(expected))).max())


def outputs_of(model, arrays):
    """Return what a model computes of the inputs x0, x1 …, as a list."""
    inputs = [arrays[f"x{n}"] for n in range(sum(name[0] == "x" for name in arrays.files))]
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def judge(keras, path, expected):
    """Return what comes of opening one model."""
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        return {"opened": False, "error": summary(error), "worst": None}
    try:
        with np.load(expected) as arrays:
            wanted = [arrays[f"y{n}"] for n in range(sum(n[0] == "y" for n in arrays.files))]
            outputs = outputs_of(model, arrays)
        if len(outputs) != len(wanted):
            raise ValueError(f"{len(outputs)} outputs, expected {len(wanted)}")
        worst = max(difference(o, w) for o, w in zip(outputs, wanted))
    except Exception as error:
        return {"opened": True, "error": summary(error), "worst": None}
    return {"opened": True, "error": "", "worst": worst if np.isfinite(worst) else None}


def main():
    """Answer every line of standard input."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    print("ready", flush=True)
    with open(sys.argv[1], "a", encoding="utf-8") as results:
        for line in sys.stdin:
            job = json.loads(line)
            keras.utils.clear_session()
            answer = judge(keras, job["model"], job["expected"])
            results.write(json.dumps({**job, **answer, "keras": keras.__version__}) + "\n")
            results.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
