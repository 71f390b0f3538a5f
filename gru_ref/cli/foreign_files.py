"""What another implementation returned, from whatever file its author found easiest to write."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.cli.arrays import load_arrays
from gru_ref.errors import shown
from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.call_checks import x_array
from gru_ref.keras.layers.trace import CSV_COLUMNS

Array = NDArray[Any]

_OPTION = "--theirs"
_TABLES = (".csv", ".tsv", ".txt")
# Raw numbers, and what they may be.
_RAW = {
    ".bin": ("<f4", "<f8"), ".raw": ("<f4", "<f8"), ".dat": ("<f4", "<f8"), ".f32": ("<f4",),
    ".f64": ("<f8",),
}  # fmt: skip
_STATED = {"float32": "<f4", "float64": "<f8", "uint8": "u1"}
# What is compared, of all that a file may hold; and the arguments of its call.
_RESULTS = ("z", "r", "candidate", "h", "output", "state")
_ARGUMENTS = {"inputs": "x", "mask": "mask", "initial_state": "initial_state"}
_SEPARATORS = re.compile(r"[,;\s]+")


class ForeignFile(NamedTuple):
    """What a file held.

    Parameters
    ----------
    theirs : array, or dict of arrays
        As `gru_ref.debugging.diff.foreign_output.read_foreign_output` takes it.
    stored : str or None
        "bfloat16" for arrays of that type, which are widened.
    guessed : str or None
        How the file was read, where it does not say.
    """

    theirs: Any
    stored: str | None = None
    guessed: str | None = None


class _Call(NamedTuple):
    """The call: its sizes, whether the time leads, and its arguments."""

    batch: int
    timesteps: int
    units: int
    time_major: bool
    arguments: Mapping[str, Any]

    @property
    def sequence(self) -> tuple[int, int, int]:
        """The shape of the outputs of every timestep."""
        if self.time_major:
            return self.timesteps, self.batch, self.units
        return self.batch, self.timesteps, self.units

    @property
    def axes(self) -> str:
        """The axes of that shape."""
        return "(time, batch, U)" if self.time_major else "(batch, time, U)"

    def time_first(self, array: Array) -> Array:
        """Return outputs of every timestep with the timesteps first."""
        return array if self.time_major else array.swapaxes(0, 1)

    def has(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether these are the arguments of the call."""
        return all(_alike(arguments[name], self.arguments[name], name) for name in _ARGUMENTS)


class _Vector(NamedTuple):
    """A call in a file: its arguments, and its results as `read_foreign_output` takes them."""

    arguments: Mapping[str, Any]
    results: Any


def read_foreign_file(path: Path, arguments: Mapping[str, Any], config: GRUConfig) -> ForeignFile:
    """Return what an implementation returned, from a file of one of many kinds.

    Parameters
    ----------
    path : Path
        `.npy` or `.npz`, among them what ``gru-ref trace`` and ``gru-ref vectors`` write; `.csv`,
        `.tsv` or `.txt`: the columns of a trace, or numbers in rows; `.json`: numbers in lists, or
        what ``gru-ref vectors`` writes; `.bin`, `.raw`, `.dat`, `.f32` or `.f64`: raw numbers,
        little-endian, with a description of ``gru-ref vectors`` beside them or without.
    arguments : mapping
        "inputs", "mask" and "initial_state" of the call. The sizes decide what numbers without a
        shape are; of several vectors in a file, the one with these arguments is read.
    config : GRUConfig

    Raises
    ------
    OSError
        The file cannot be opened.
    TypeError, ValueError
        It is damaged, or its numbers do not fit the call; the message says what would. Or the
        inputs are no inputs of the layer.
    """
    x = x_array(arguments["inputs"], config)
    batch, timesteps = config.batch_and_time(x.shape)
    known = {**arguments, "inputs": x}
    call = _Call(batch, timesteps, config.units, bool(config.time_major), known)
    ending = path.suffix.lower()
    if path.is_dir():
        raise ValueError(f"{_OPTION} is the folder {str(path)!r}, expected a file")
    if ending == ".h":
        raise ValueError(
            f"{_OPTION} is {str(path)!r}, a C header, expected numbers: let the program print them "
            "as CSV"
        )
    if ending in _TABLES:
        return _table(path, call)
    if ending == ".json":
        return _json(path, call)
    if ending in _RAW:
        return _raw(path, call, _RAW[ending])
    try:
        theirs, stored = _numpy(path)
    except ValueError as error:
        if ending in ("", ".npy", ".npz"):
            raise
        others = ", ".join((*_TABLES, ".json", *_RAW))
        raise ValueError(f"{error}; what else is read is told by its name: {others}") from None
    if isinstance(theirs, dict) and "gru_ref_bundle" in theirs:
        theirs = _choose(path, _bundle(path, theirs, call), call)
    return ForeignFile(theirs, stored)


# ---- files of several vectors


def _choose(path: Path, vectors: Mapping[str, _Vector], call: _Call) -> Any:
    """Return the results of the only vector of a file, or of that with the call's arguments."""
    if len(vectors) == 1:
        return next(iter(vectors.values())).results
    same = [one.results for one in vectors.values() if call.has(one.arguments)]
    if not same:
        names = ", ".join(list(vectors)[:8])
        raise ValueError(
            f"{_OPTION} is {str(path)!r}, none of whose {len(vectors)} vectors ({names}) has the "
            "inputs, mask and initial state of the call, expected one that has"
        )
    return same[0]


def _alike(one: Any, other: Any, name: str) -> bool:
    """Return whether two arguments mean the same; None is a mask of ones, or a state of zeros."""
    if one is None or other is None:
        given = [np.asarray(value) for value in (one, other) if value is not None]
        return all(bool((value == (name == "mask")).all()) for value in given)
    return np.array_equal(np.asarray(one, np.float64), np.asarray(other, np.float64))


def _bundle(path: Path, arrays: Mapping[str, Array], call: _Call) -> dict[str, _Vector]:
    """Return the probes of a bundle."""
    try:
        described = json.loads(arrays["gru_ref_bundle"].item())
        return {
            str(layer["path"]): _probe(arrays, f"{number}/", call)
            for number, layer in enumerate(described["layers"])
        }
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_vectors(path, error) from None


def _probe(arrays: Mapping[str, Array], prefix: str, call: _Call) -> _Vector:
    own = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
    names = {"z": "z", "r": "r", "candidate": "candidate", "h": "states", "output": "outputs"}
    results = {
        name: call.time_first(own[key])
        for name, key in names.items()
        if key in own and own[key].ndim == 3
    }
    return _Vector({name: own[name] for name in _ARGUMENTS}, results)


def _no_vectors(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{_OPTION} is {str(path)!r}, expected vectors as gru-ref vectors writes them: "
        f"{type(error).__name__}: {error}"
    )


# ---- NumPy's files


def _numpy(path: Path) -> tuple[Any, str | None]:
    """Return the array of a `.npy`, or the arrays of a `.npz`; and "bfloat16" if they are that."""
    found = load_arrays(path, _OPTION)
    arrays = found if isinstance(found, dict) else {"": found}
    bfloat16 = [name for name, array in arrays.items() if array.dtype == BFLOAT16]
    arrays |= {name: from_bfloat16(arrays[name]) for name in bfloat16}
    stored = "bfloat16" if bfloat16 else None
    return (arrays if isinstance(found, dict) else arrays[""]), stored


# ---- text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{_OPTION} is {str(path)!r}, expected text in UTF-8") from None


def _table(path: Path, call: _Call) -> ForeignFile:
    """Return the numbers of a CSV: those of a trace by name, or rows of numbers."""
    lines = [
        line
        for line in map(str.strip, _text(path).splitlines())
        if line and not line.startswith(("#", "%"))
    ]
    if not lines:
        raise ValueError(f"{_OPTION} is {str(path)!r}, which holds no numbers")
    if [cell.strip() for cell in lines[0].split(",")] == list(CSV_COLUMNS):
        return ForeignFile(_trace(path, lines[1:], call))
    rows: list[list[float]] = []
    for number, line in enumerate(lines):
        try:
            rows.append([float(cell) for cell in _SEPARATORS.split(line) if cell])
        except ValueError:
            if number:  # the first may be headings
                raise ValueError(
                    f"{_OPTION} is {str(path)!r} with the line {shown(line[:60])}, expected numbers"
                ) from None
    widths = sorted({len(row) for row in rows})
    if len(widths) != 1:
        raise ValueError(
            f"{_OPTION} is {str(path)!r} with rows of {shown(widths)} numbers, expected rows of "
            f"{call.units}"
        )
    return _rows(path, np.array(rows), call)


def _rows(path: Path, table: Array, call: _Call) -> ForeignFile:
    """Return rows of numbers as outputs, or as a final state."""
    count, width = table.shape
    batch, timesteps, units = call[:3]
    if (count, width) == (batch * timesteps, units):
        order = "a row a timestep" if batch == 1 else f"rows in the order of {call.axes}"
        return ForeignFile(table.reshape(call.sequence), None, f"{order}, {units} units each")
    if (count, width) == (batch, units):
        return ForeignFile(table, None, f"the final state, a row of {units} units each")
    if 1 in (count, width) and table.size == batch * timesteps * units:
        return ForeignFile(table.reshape(call.sequence), None, f"the numbers of {call.axes}")
    rows = "" if batch == 1 else f" and each of {batch} rows of the batch"
    raise ValueError(
        f"{_OPTION} is {str(path)!r} with {count} rows of {width} numbers, expected "
        f"{batch * timesteps} of {units}, one for each timestep{rows}, or {batch} for the final "
        "state"
    )


def _trace(path: Path, lines: Sequence[str], call: _Call) -> dict[str, Array]:
    """Return the arrays of a trace, timesteps first, from its rows."""
    batch, timesteps, units = call[:3]
    arrays: dict[str, Array] = {}
    known: dict[str, Array] = {}
    for line in lines:
        row = dict(zip(CSV_COLUMNS, map(str.strip, line.split(",")), strict=False))
        name = row.get("name", "")
        if name not in _RESULTS and len(row) == len(CSV_COLUMNS):
            continue
        shape = (batch, units) if name == "state" else (timesteps, batch, units)
        array = arrays.setdefault(name, np.zeros(shape))
        there = known.setdefault(name, np.zeros(shape, bool))
        try:
            place = tuple(int(row[axis]) for axis in ("position", "batch", "index")[-len(shape) :])
            if min(place) < 0:
                raise IndexError
            array[place], there[place] = float(row["value"]), True
        except (KeyError, ValueError, IndexError):
            raise ValueError(
                f"{_OPTION} is {str(path)!r} with the row {shown(line[:60])}, expected a number at "
                f"a place of the call: {timesteps} timesteps, batch {batch}, {units} units"
            ) from None
    for name, there in known.items():
        if not there.all():
            raise ValueError(
                f"{_OPTION} is {str(path)!r}, which lacks {there.size - there.sum()} of the "
                f"{there.size} numbers of {name}"
            )
    return arrays


# ---- JSON


def _json(path: Path, call: _Call) -> ForeignFile:
    """Return the numbers of lists, of cases as those of fixtures/, or of a described raw file."""
    try:
        data = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_OPTION} is {str(path)!r}, expected JSON: {error}") from None
    named = isinstance(data, dict)
    if named and "cases" in data:
        return ForeignFile(_choose(path, _cases(path, data), call))
    if named and "arrays" in data:
        return ForeignFile(_choose(path, _described(path, data), call))
    try:
        arrays = {
            str(name): np.array(value, np.float64)
            for name, value in (data.items() if named else [("", data)])
        }
    except (TypeError, ValueError):
        raise ValueError(
            f"{_OPTION} is {str(path)!r}, expected numbers in lists of equal lengths, or such "
            "lists by names"
        ) from None
    if named:
        return ForeignFile(arrays)
    return _rows(path, arrays[""], call) if arrays[""].ndim == 2 else ForeignFile(arrays[""])


def _cases(path: Path, data: Mapping[str, Any]) -> dict[str, _Vector]:
    """Return the calls of cases as fixtures/README.md describes them."""
    vectors = {}
    try:
        for case in data["cases"]:
            calls = [made for made in case["calls"] if not made.get("reset")]
            for number, made in enumerate(calls):
                arguments = {
                    name: None if made[key] is None else np.array(made[key], case["dtype"])
                    for name, key in _ARGUMENTS.items()
                }
                expected = made["expected"]
                gates = expected.get("gates", {})
                results: Any = {name: np.array(gate, case["dtype"]) for name, gate in gates.items()}
                if "h" not in results:
                    results = np.array(expected["outputs"][0], case["dtype"])
                vectors[f"{case['id']}/{made.get('id', number)}"] = _Vector(arguments, results)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _no_vectors(path, error) from None
    return vectors


# ---- raw numbers


def _raw(path: Path, call: _Call, dtypes: Sequence[str]) -> ForeignFile:
    """Return the numbers of a raw file, as its description says or as its size does."""
    description = path.with_name(f"{path.name}.json")
    if description.exists():
        return _json(description, call)
    data = path.read_bytes()
    shapes = {
        math.prod(call.sequence): (call.sequence, call.axes),
        call.batch * call.units: ((call.batch, call.units), "(batch, U), the final state"),
    }
    for dtype in dtypes:
        count, rest = divmod(len(data), np.dtype(dtype).itemsize)
        if count in shapes and not rest:
            shape, axes = shapes[count]
            array = np.frombuffer(data, dtype).astype(dtype.replace("<", "=")).reshape(shape)
            how = f"{array.dtype.name}, little-endian, {axes} = {shape}"
            return ForeignFile(array, None, how)
    sizes = " or ".join(
        f"{math.prod(call.sequence) * np.dtype(dtype).itemsize:,} of {np.dtype(dtype).name}"
        for dtype in dtypes
    )
    raise ValueError(
        f"{_OPTION} is {str(path)!r} of {len(data):,} bytes, expected {sizes} for outputs "
        f"{call.sequence}, or {description.name} beside it, which describes it"
    )


def _described(path: Path, data: Mapping[str, Any]) -> dict[str, _Vector]:
    """Return the vectors of a raw file, which lies beside its description."""
    arrays: dict[str, dict[str, Array]] = {}
    try:
        raw = path.with_name(Path(str(data["file"])).name).read_bytes()
        for name, said in data["arrays"].items():
            vector, slash, part = name.partition("/")
            if slash and part in (*_RESULTS, *_ARGUMENTS.values()):
                dtype, shape = _STATED[said["dtype"]], said["shape"]
                array = np.frombuffer(raw, dtype, math.prod(shape), said["offset"])
                arrays.setdefault(vector, {})[part] = array.reshape(shape)
        return {
            vector: _Vector(
                {name: own.get(key) for name, key in _ARGUMENTS.items()},
                {name: array for name, array in own.items() if name in _RESULTS},
            )
            for vector, own in arrays.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _no_vectors(path, error) from None
