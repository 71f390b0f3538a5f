"""torch.nn.GRU."""

from __future__ import annotations

import itertools

import torch

import gru_ref
from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Problem
from gru_ref import layouts


def make(problem: Problem, threads: int) -> Call:
    """Return what runs the module."""
    torch.set_num_threads(threads)
    if not problem.reset_after:
        raise NotServedError("it has no GRU that resets before the product")
    if problem.state == "kept":
        raise NotServedError("it keeps no state")
    module = torch.nn.GRU(
        problem.features,
        problem.units,
        num_layers=2 if problem.arrangement in ("two layers", "stacked cells") else 1,
        bidirectional=problem.arrangement == "bidirectional",
        batch_first=True,
        dtype=getattr(torch, problem.dtype),
    )
    config = gru_ref.GRUConfig(problem.units, reset_after=True, dtype=problem.dtype)
    endings = ["", "_reverse"] if problem.arrangement == "bidirectional" else ["", ""]
    state_dict = {}
    for k, weights in enumerate(problem.weights):
        number = 0 if problem.arrangement == "bidirectional" else k
        one = layouts.convert((gru_ref.GRUWeights(*weights), config), to="torch")
        for name in module.state_dict():
            if name.endswith(f"_l{number}{endings[k]}"):
                array = one[name.removesuffix(endings[k])[:-1] + "0"]
                state_dict[name] = torch.from_numpy(array)
    module.load_state_dict(state_dict)
    module.eval()
    run = torch.inference_mode()(module)

    if problem.streams:
        steps = itertools.cycle(problem.steps)
        state = None

        def step() -> object:
            nonlocal state
            output, state = run(torch.from_numpy(next(steps)), state)
            return output.numpy()

        return step
    x = problem.x
    h = None if problem.h is None else torch.from_numpy(problem.h[None])
    if problem.mask:
        lengths = torch.from_numpy(problem.lengths.astype("int64"))
        pack = torch.nn.utils.rnn.pack_padded_sequence

        def masked() -> object:
            packed = pack(torch.from_numpy(x), lengths, batch_first=True, enforce_sorted=False)
            return run(packed)[1][0].numpy()

        return masked
    if problem.sequences:
        return lambda: run(torch.from_numpy(x), h)[0].numpy()
    return lambda: run(torch.from_numpy(x), h)[1][0].numpy()
