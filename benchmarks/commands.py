"""Whole commands: from the start of a process to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.files import BUILD, ROOT
from benchmarks.problems import GROWTH
from benchmarks.rounds import Measured
from benchmarks.workers import started

FIRST_OUTPUTS = (
    "numba",
    "numpy",
    "core",
    "onnxruntime",
    "torch",
    "litert",
    "keras-eager",
    "keras-numpy",
    "keras-jax",
)
MEMORY_PEERS = ("numba", "numpy", "core", "onnxruntime", "torch")


def start_commands(peers: Sequence[str]) -> dict[str, list[str]]:
    """Return the commands whose start is timed, by the name that the page shows."""
    python = sys.executable
    imports = {
        "python": "pass",
        "import numpy": "import numpy",
        "import gru_ref": "import numpy, gru_ref",
        "import gru_ref.GRU": "import numpy; from gru_ref import GRU",
    }
    commands = {name: [python, "-c", code] for name, code in imports.items()}
    for peer in FIRST_OUTPUTS:
        if peer in peers:
            commands[peer] = [python, "-m", "benchmarks.first_output", peer]
    if "numba" in peers:
        commands["numba --compile"] = [*commands["numba"], "--compile"]
    return commands


def file_commands() -> dict[str, list[str]]:
    """Return the commands of gru-ref on a model that Keras has written just now."""
    folder = BUILD / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "benchmarks.keras_model", folder], check=True, cwd=ROOT)
    program = [sys.executable, "-m", "gru_ref.cli"]
    model, x, y = (str(folder / name) for name in ("model.keras", "x.npy", "y.npy"))
    outputs = ["--force", "-o", str(folder / "run.npz")]
    return {
        "gru-ref inspect": [*program, "inspect", model],
        "gru-ref run": [*program, "run", model, "--inputs", x, *outputs],
        "gru-ref diff": [*program, "diff", model, "--inputs", x, "--theirs", y],
        "gru-ref doctor": [*program, "doctor", model, "--inputs", x, "--outputs", y],
    }


def time_commands(
    commands: Mapping[str, list[str]], rounds: int, say: Callable[[str], None]
) -> Measured:
    """Return the times of commands, each run once a round; the first round is not counted."""
    measured = Measured()
    with started(["commands"], 1) as workers:
        for number in range(rounds + 1):
            for name, command in commands.items():
                say(f"{name}: round {number} of {rounds}")
                answer = workers["commands"].ask("command", name=name, command=command)
                if number:
                    measured.add((name, "commands"), number, answer["suite"])
    return measured


def memory(peers: Sequence[str], say: Callable[[str], None], longest: int) -> dict[str, Any]:
    """Return the bytes beyond input and output of the problems that grow with timesteps."""
    found: dict[str, Any] = {}
    for problem in GROWTH["timesteps"]:
        if problem.timesteps > longest:
            continue
        row = found[problem.name] = {}
        for peer in [name for name in MEMORY_PEERS if name in peers]:
            say(f"{problem.name}: memory of {peer}")
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.peak_memory", peer],
                input=json.dumps(problem.as_data()),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                cwd=ROOT,
            )
            row[peer] = json.loads(done.stdout.splitlines()[-1])
    return found
