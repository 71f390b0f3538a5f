"""Keras's own tests of GRU, run where they are installed: what they call it with and expect of it.

Nothing of them is copied: the test module runs, and every call and comparison in it is noted. This
file runs in every Keras's own environment, as `worker` says.
"""

import importlib
import inspect
import sys
import types
import unittest

import numpy as np


def run(oracle, request):
    """Run every test whose name opens with one of ``tests``; return what it calls and compares.

    Each comparison has config, weights, calls (x, initial_state, mask, training; those since the
    last reset), row (of the batch, where one alone is compared), expected, atol and rtol. A test
    that fails, and a name of none, is an error in the reply.
    """
    try:
        module = _import(oracle.keras.__name__ + ".src.layers.rnn.gru_test")
    except ImportError as error:  # most releases leave their tests out of the package
        return {
            "ok": False,
            "error": {"test": "", "message": f"{type(error).__name__}: {error}"},
        }
    notes = _Notes(oracle, module)
    names = unittest.TestLoader().getTestCaseNames(notes.case)
    replies = []
    for wanted in request["tests"]:
        found = [name for name in names if name.startswith(wanted)]
        if not found:
            return {"ok": False, "error": {"test": wanted, "message": "there is none"}}
        for name in found:
            result = notes.of(name)
            if result.failures or result.errors:
                what = (result.failures + result.errors)[0][1].strip().splitlines()[-1]
                return {"ok": False, "error": {"test": name, "message": what}}
            replies.append({"test": name, "comparisons": notes.taken})
    return {"ok": True, "tests": replies}


def _import(name):
    """Import a test module; pytest, which only marks its tests, need not be there."""
    marks = types.SimpleNamespace()
    for mark in ("skipif", "requires_trainable_backend", "parametrize"):
        setattr(marks, mark, _unmark)
    stand_in = types.ModuleType("pytest")
    stand_in.mark = marks
    before = sys.modules.get("pytest")
    sys.modules["pytest"] = stand_in
    try:
        return importlib.import_module(name)
    finally:
        sys.modules.pop("pytest")
        if before is not None:
            sys.modules["pytest"] = before


def _unmark(*values, **_):
    """Return the marked function, or what returns it."""
    if len(values) == 1 and callable(values[0]):
        return values[0]
    return lambda function: function


class _Notes:
    """What a test does with GRU layers."""

    def __init__(self, oracle, module):
        self.oracle = oracle
        self.case = next(
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, unittest.TestCase)
        )
        self.layer_class = oracle.keras.layers.GRU
        self.calls = []
        self.taken = []

    def of(self, name):
        """Run one test and note its calls and comparisons."""
        self.calls, self.taken = [], []
        layer_call, compare = self.layer_class.__call__, self.case.assertAllClose
        resets = self.layer_class.reset_state
        allowed = inspect.signature(compare).parameters
        notes = self

        def noted_call(layer, x, *args, **kwargs):
            output = layer_call(layer, x, *args, **kwargs)
            notes.calls.append((layer, np.asarray(x), kwargs, output))
            return output

        def noted_reset(layer):
            notes.calls.append((layer, None, {}, None))
            return resets(layer)

        def noted_compare(case, actual, desired, *args, **kwargs):
            compare(case, actual, desired, *args, **kwargs)
            given = {name: kwargs.get(name, allowed[name].default) for name in ("atol", "rtol")}
            notes.taken.append(notes.comparison(np.asarray(actual), np.asarray(desired), given))

        self.layer_class.__call__, self.layer_class.reset_state = noted_call, noted_reset
        self.case.assertAllClose = noted_compare
        try:
            return self.case(name).run() or unittest.TestResult()
        finally:
            self.layer_class.__call__, self.layer_class.reset_state = layer_call, resets
            self.case.assertAllClose = compare

    def comparison(self, actual, desired, allowed):
        """Return a comparison with the calls of the layer that led to it."""
        layer, _, _, output = [call for call in self.calls if call[1] is not None][-1]
        first = np.asarray(output[0] if isinstance(output, (list, tuple)) else output)
        rows = [
            row
            for row in range(len(first))
            if actual.shape == first.shape[1:] and np.array_equal(actual, first[row])
        ]
        calls = []
        for one, x, kwargs, _ in self.calls:
            if one is layer and x is None:
                calls = []
            elif one is layer:
                given = {name: kwargs.get(name) for name in ("initial_state", "mask")}
                arrays = {k: None if v is None else np.asarray(v) for k, v in given.items()}
                calls.append({"x": x, "training": bool(kwargs.get("training")), **arrays})
        return {
            "config": layer.get_config(),
            "weights": [np.asarray(array) for array in layer.get_weights()],
            "calls": calls,
            "row": rows[0] if rows else None,
            "expected": desired,
            "atol": float(allowed["atol"]),
            "rtol": float(allowed["rtol"]),
        }
