"""Golden vectors as a C header: constants, and one table of the calls.

C99 and C++11 both read it. A literal has the shortest digits that read back as the same number.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.vectors.golden import STEPS, GoldenVector, VectorSet
from gru_ref.version import __version__

Array = NDArray[Any]

_WIDTH = 96
_TYPES = {"float32": "float", "float64": "double", "int8": "int8_t", "int16": "int16_t"}


def files(vectors: VectorSet, prefix: str, stem: str) -> dict[str, bytes]:
    """Return the header by its name."""
    return {f"{stem}.h": _Header(vectors, prefix).text().encode("ascii")}


class _Header:
    """The lines of one header.

    Parameters
    ----------
    vectors : VectorSet
    prefix : str
        What every name begins with; in capitals that of the macros.
    """

    def __init__(self, vectors: VectorSet, prefix: str) -> None:
        self._vectors = vectors
        self._name = prefix
        self._macro = prefix.upper()
        self._data = vectors.facts
        self._real = _TYPES[vectors.layer.config.compute_dtype.name]

    def text(self) -> str:
        """Return the header."""
        guard = f"{self._macro}_GOLDEN_VECTORS_H"
        lines = [
            *self._comment(),
            f"#ifndef {guard}",
            f"#define {guard}",
            *(["", "#include <stdint.h>"] if self._vectors.quantised else []),
            "",
            *self._macros(),
            "",
            *self._weights(),
            *self._struct(),
        ]
        for one in self._vectors.vectors:
            lines += self._vector(one)
        lines += [*self._table(), "", f"#endif /* {guard} */", ""]
        return "\n".join(lines)

    def _comment(self) -> Iterator[str]:
        """Yield what the numbers are, how they lie, and what nobody said of them."""
        data, source = self._data, self._data["source"]
        yield f"/* Golden vectors of a Keras GRU, by gru_ref {__version__}."
        yield " *"
        yield from _facts({"layer": data["name"]})
        if source is not None:
            yield from _facts({"file": f"{source['file']}, {source['path']}"})
        yield from _facts({"Keras": data["keras_version"], "arguments": data["constructor"]})
        for name, function in data["functions"].items():
            equation = f": {function['equation']}" if function["equation"] else ""
            yield from _facts({name: f"{function['name']}{equation}"})
        yield from _facts(data["equations"])
        yield from _facts(data["layout"])
        yield from _facts(data["weights"])
        if source is not None:
            open_facts = {key: source[key] for key in ("assumed", "inferred", "supplied")}
            yield from _facts({key: value for key, value in open_facts.items() if value})
        for one in data["not_revealed"]:
            yield from _facts({"not revealed": f"{one['mistake']}: {one['because']}"})
        for note in data["notes"]:
            yield from _facts({"note": note})
        yield " */"

    def _macros(self) -> Iterator[str]:
        config, sizes = self._vectors.layer.config, self._data["sizes"]
        bias = self._vectors.weights.get("bias")
        rows = 0 if bias is None else 1 if bias.ndim == 1 else 2
        functions = self._data["functions"]
        values: dict[str, Any] = {
            "REAL": self._real,
            "FEATURES": sizes["features"],
            "UNITS": sizes["units"],
            "BIAS_ROWS": rows,
            "WEIGHT_BITS": self._weight_bits(),
            "RESET_AFTER": int(config.reset_after),
            "GO_BACKWARDS": int(bool(config.go_backwards)),
            "TIME_MAJOR": int(bool(config.time_major)),
            "ZERO_OUTPUT_FOR_MASK": int(bool(config.zero_output_for_mask)),
            "RETURN_SEQUENCES": int(bool(config.return_sequences)),
            "ACTIVATION": _string(functions["activation"]["name"]),
            "RECURRENT_ACTIVATION": _string(functions["recurrent_activation"]["name"]),
            "VECTORS": len(self._vectors.vectors),
            "BATCH": self._vectors.vectors[0].trace.h.shape[1],
            "TIMESTEPS": self._vectors.vectors[0].trace.h.shape[0],
        }
        for name, value in values.items():
            yield f"#define {self._macro}_{name} {value}"

    def _weight_bits(self) -> int:
        made = self._vectors.quantised.get("kernel")
        dtype = self._vectors.layer.config.compute_dtype if made is None else made.codes.dtype
        return int(dtype.itemsize * 8)

    def _weights(self) -> Iterator[str]:
        for name, array in self._vectors.weights.items():
            made = self._vectors.quantised.get(name)
            if made is None:
                yield from self._array(name, array)
            else:
                yield from self._array(name, made.codes)
                yield from self._array(f"{name}_scales", made.scales.astype(array.dtype))

    def _struct(self) -> Iterator[str]:
        real = self._real
        yield "typedef struct {"
        yield "    const char *name;"
        yield "    int continues; /* 1: starts from the state that the vector before left */"
        yield "    int batch, timesteps;"
        yield f"    {real} tolerance;"
        yield f"    const {real} *x;"
        yield f"    const {real} *initial_state; /* 0: zeros */"
        yield "    const unsigned char *mask; /* 0: every timestep is used */"
        yield f"    const {real} *z, *r, *candidate, *h, *output; /* timesteps first */"
        yield f"    const {real} *state; /* the final one */"
        yield "    int mistakes;"
        yield "    const char *const *reveals; /* names of so many mistakes */"
        yield f"}} {self._name}_vector;"
        yield ""

    def _vector(self, one: GoldenVector) -> Iterator[str]:
        for name, array in one.arrays.items():
            yield from self._array(f"{one.name}_{name}", array)
        yield f"static const char *const {self._name}_{one.name}_reveals[] = {{"
        yield from (f"    {_string(name)}," for name in one.reveals)
        yield "    0"
        yield "};"
        yield ""

    def _table(self) -> Iterator[str]:
        yield f"static const {self._name}_vector {self._name}_vectors[{self._macro}_VECTORS] = {{"
        for one in self._vectors.vectors:
            timesteps, batch, _ = one.trace.h.shape
            there = one.arrays
            arrays = [
                f"{self._name}_{one.name}_{name}" if name in there else "0"
                for name in ("x", "initial_state", "mask", *STEPS, "state")
            ]
            tolerance = self._literal(np.dtype(one.trace.h.dtype).type(one.tolerance))
            first = f"{_string(one.name)}, {int(one.continues)}, {batch}, {timesteps}, {tolerance}"
            reveals = f"{len(one.reveals)}, {self._name}_{one.name}_reveals"
            row = ", ".join([first, *arrays, reveals])
            yield from textwrap.wrap(
                f"{{{row}}},", _WIDTH, initial_indent="    ", subsequent_indent="     "
            )
        yield "};"

    def _array(self, name: str, array: Array) -> Iterator[str]:
        """Yield an array, flat in C order, with its shape in a comment."""
        kind = "unsigned char" if array.dtype == bool else _TYPES[array.dtype.name]
        shape = "][".join(map(str, array.shape))
        yield f"/* [{shape}] */"
        yield f"static const {kind} {self._name}_{name}[{array.size}] = {{"
        values = array.ravel().astype("uint8") if array.dtype == bool else array.ravel()
        yield from _lines(map(self._literal, values))
        yield "};"
        yield ""

    def _literal(self, value: Any) -> str:
        """Return a literal that reads back as the same number."""
        if value.dtype.kind != "f":
            return str(value)
        return str(value) + ("f" if value.dtype == np.float32 else "")


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield texts with commas, as many on a line as fit."""
    line = "   "
    for text in texts:
        if len(line) + len(text) + 2 > _WIDTH:
            yield line
            line = "   "
        line += f" {text},"
    yield line


def _facts(facts: dict[str, Any]) -> Iterator[str]:
    """Yield names and values as lines of a comment, in ASCII, which nothing in them ends."""
    for name, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        told = f"{name}: {text}".replace("→", "->").replace("×", "x").replace("−", "-")
        safe = told.encode("ascii", "backslashreplace").decode().replace("*/", "* /")
        safe = " ".join(safe.replace("/*", "/ *").split())
        yield from textwrap.wrap(
            safe.rstrip("\\"), _WIDTH, initial_indent=" * ", subsequent_indent=" *     "
        )


def _string(text: str) -> str:
    """Return a text as a string literal."""
    ascii_only = text.encode("ascii", "backslashreplace").decode()
    return '"' + ascii_only.replace("\\", "\\\\").replace('"', '\\"') + '"'
