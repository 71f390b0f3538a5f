"""Golden vectors as a C header, compiled with a GRU written by hand in C, right and wrong.

``make vectors-test`` runs this; ``CC`` names the compiler. The vectors themselves are compared with
live Keras by `parity_tests/tests/offline/test_vectors.py`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.cli.foreign_files import read_foreign_file
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.vectors import GoldenVectors, vectors
from parity_tests.tests.support import small_gru

SOURCE = Path(__file__).with_name("gru.c")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
# MISTAKE of gru.c → the mistake of the table; of two, the one that the layer's form allows.
MISTAKES: Mapping[int, tuple[str, ...]] = {
    1: ("z and r swapped",),
    2: ("bias rows swapped",),
    3: ("recurrent kernel transposed",),
    4: ("reset before for after", "reset after for before"),
    5: ("1 - z for z",),
    6: ("initial_state ignored",),
    7: ("mask ignored",),
    8: ("go_backwards added", "go_backwards ignored"),
    9: ("recorded state dropped",),
}
OLD = {"reset_after": False, "recurrent_activation": "hard_sigmoid"}
LAYERS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "sequences": {"return_sequences": True, "return_state": True},
    "keras2-hard_sigmoid": {**OLD, "return_sequences": True},
    "keras3-hard_sigmoid": {**OLD, "keras_version": "3", "activation": "relu"},
    "no-bias": {"use_bias": False, "return_sequences": True},
    "no-bias-reset-before": {"use_bias": False, **OLD},
    "backwards": {"go_backwards": True, "return_sequences": True},
    "zeroed": {"zero_output_for_mask": True, "return_sequences": True, "go_backwards": True},
    "time-major": {"time_major": True, "return_sequences": True},
    "stateful": {"stateful": True, "keras_version": "3"},
    "double": {"dtype": "float64", "return_sequences": True},
    "half": {"dtype": "float16"},
}
CASES = [(name, None) for name in LAYERS] + [
    (name, weights)
    for name in ("sequences", "keras2-hard_sigmoid", "stateful", "double")
    for weights in ("int8", "int16")
]


def _layer(name: str) -> gru_ref.GRU:
    return small_gru.layer(**LAYERS[name])


def _compile(cc: list[str], folder: Path, *options: str, source: Path = SOURCE) -> Path:
    """Compile a program beside its header."""
    program = folder / "program"
    command = [*cc, *STRICT, *options, f"-I{folder}", source, "-o", program, "-lm"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return program


def _run(program: Path, *arguments: str) -> tuple[int, str]:
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def _write(made: GoldenVectors, folder: Path) -> None:
    made.save(folder / "gru.h", prefix="gru")


@pytest.mark.parametrize(("name", "weights"), CASES)
def test_a_gru_in_c_computes_every_gate(
    cc: list[str], tmp_path: Path, name: str, weights: str | None
) -> None:
    made = vectors(_layer(name), weights=weights)
    _write(made, tmp_path)
    program = _compile(cc, tmp_path)
    status, printed = _run(program)
    lines = printed.splitlines()
    assert (status, [line.partition(": ")[0] for line in lines]) == (
        0,
        [one.name for one in made.vectors],
    )
    # The bound that is derived for each single step of the program's own states.
    worst = 0.0
    for one in made.vectors:
        (tmp_path / "theirs.csv").write_text(_run(program, one.name)[1], encoding="utf-8")
        call = {"initial_state": one.initial_state, "mask": one.mask}
        arguments = {"inputs": one.x, **call}
        theirs = read_foreign_file(tmp_path / "theirs.csv", arguments, made.layer.config).theirs
        assert set(theirs) == {"z", "r", "candidate", "h", "output"}
        found = diff(_stateless(made.layer), one.x, theirs, **call)
        assert found.equal, found
        worst = max(worst, found.worst)
    print(f"{name}, {weights or 'own weights'}: {worst:.2g} of the bound of a step")


def _stateless(layer: gru_ref.GRU) -> gru_ref.GRU:
    """Return a copy that takes the recorded state as an initial one."""
    config = {**layer.get_config(), "stateful": False}
    made = gru_ref.GRU.from_config(config, keras_version=layer.keras_version)
    made.take_weights(gru_ref.GRUWeights(*layer.get_weights()))
    return made


@pytest.mark.parametrize("number", MISTAKES)
@pytest.mark.parametrize("name", ["sequences", "keras2-hard_sigmoid", "no-bias", "stateful"])
def test_a_mistake_in_c_fails_the_vectors_that_reveal_it_and_no_other(
    cc: list[str], tmp_path: Path, name: str, number: int
) -> None:
    made = vectors(_layer(name))
    _write(made, tmp_path)
    _, printed = _run(_compile(cc, tmp_path, f"-DMISTAKE={number}"))
    failed = re.findall(r"^(\w+): different", printed, re.MULTILINE)
    expected = [one.name for one in made.vectors if set(MISTAKES[number]) & set(one.reveals)]
    assert failed == expected
    possible = set(MISTAKES[number]) - set(made.cannot_be_made)
    assert bool(expected) == bool(possible)


def test_a_weight_that_is_off_fails(cc: list[str], tmp_path: Path) -> None:
    made = vectors(_layer("sequences"))
    _write(made, tmp_path)
    header = (tmp_path / "gru.h").read_text(encoding="ascii")
    start = header.index("{", header.index("gru_kernel["))
    first = header[start:].split(",")[0].split()[-1]
    altered = header[:start] + header[start:].replace(first, "0.5f", 1)
    (tmp_path / "gru.h").write_text(altered, encoding="ascii")
    status, printed = _run(_compile(cc, tmp_path))
    assert status == 1
    assert printed.count("different") == len(made.vectors)


@pytest.mark.parametrize(
    "layer_name", ["int", "my model/gru", "crème brûlée", "門", "2nd", '"*/ \\', "_x", "a" * 200]
)
def test_any_name_of_a_layer_makes_a_header_that_compiles(
    cc: list[str], tmp_path: Path, layer_name: str
) -> None:
    layer = _layer("plain")
    layer.name = layer_name
    made = vectors(layer)
    made.save(tmp_path, formats=["header"])
    (header,) = tmp_path.glob("*.h")
    source = tmp_path / "main.c"
    prefix = header.stem
    source.write_text(
        f'#include "{header.name}"\n#include "{header.name}"\n'
        f"int main(void) {{ return {prefix}_vectors[0].batch - {prefix.upper()}_BATCH; }}\n",
        encoding="ascii",
    )
    assert _run(_compile(cc, tmp_path, source=source)) == (0, "")


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 1, 7, 2), (3, 1, 1, 1), (1, 4, 2, 1)])
def test_sizes_of_one_compile(cc: list[str], tmp_path: Path, sizes: tuple[int, ...]) -> None:
    batch, timesteps, features, units = sizes
    layer = small_gru.with_weights(gru_ref.GRU(units), (batch, timesteps, features))
    _write(vectors(layer, batch=batch, timesteps=timesteps), tmp_path)
    assert _run(_compile(cc, tmp_path))[0] == 0


def test_the_literals_are_the_numbers(cc: list[str], tmp_path: Path) -> None:
    layer = small_gru.layer()
    extreme = np.array([1e-38, -1e-45, 0.1, 1 / 3, -0.0, 3e38, 2.0**-149, 1.0, 16777217.0])
    weights = layer.get_weights()
    weights[2] = np.resize(np.float32(extreme), weights[2].shape)
    weights[2][:, 5:] = 0
    layer.set_weights(weights)
    _write(vectors(layer, np.zeros((1, 1, 4), "float32")), tmp_path)
    source = tmp_path / "main.c"
    source.write_text(
        '#include <stdio.h>\n#include "gru.h"\nint main(void) {\n'
        "    fwrite(gru_bias, sizeof *gru_bias, 30, stdout);\n    return 0;\n}\n",
        encoding="ascii",
    )
    program = _compile(cc, tmp_path, source=source)
    data = subprocess.run([program], capture_output=True, check=True).stdout
    assert data == weights[2].tobytes()
