"""TensorFlow Lite models: a GRU is a WHILE loop there, whose body multiplies by its constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gru_ref.files.formats.flatbuffer import FlatTable
from gru_ref.files.formats.float_arrays import float_array
from gru_ref.files.formats.part import FilePart, read_file
from gru_ref.files.interpretation import grouping
from gru_ref.files.interpretation.found import Array, Found, unique_layers
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError

# BuiltinOperator and TensorType of schema.fbs
_DEQUANTIZE, _FULLY_CONNECTED, _MUL, _WHILE = 6, 9, 18, 119
_FLOATS = {0: "float32", 1: "float16"}
_NO_BIAS_ROW = (
    "the file leaves out one of the two bias rows, as the converter does with zeros: taken as zeros"
)


@dataclass(frozen=True)
class Operator:
    """One operator: its kind, and the numbers of its inputs and outputs; −1 is none."""

    kind: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: FlatTable


@dataclass(frozen=True)
class ConstantProduct:
    """One FULLY_CONNECTED with constant weights.

    Parameters
    ----------
    of_the_state : bool
        Whether its input is the state, or the state times a gate; else it comes from x.
    weights, bias : int
        Numbers of tensors; −1 is none.
    shape : tuple of int
        Of the weights: (columns, rows).
    """

    of_the_state: bool
    weights: int
    bias: int
    shape: tuple[int, int]


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU that is a loop in a TFLite model.

    Notes
    -----
    The constants are transposed back into Keras's layout. Activations and direction are in the
    graph, and are not read.

    Raises
    ------
    MalformedFileError
        An offset leads out of the file, a GRU is quantized to integers, or all are unrolled.

    Source
    ------
    schema.fbs of TensorFlow 2.21; files of its converter.
    """
    model = FlatTable.root(read_file(path, budget))
    kinds = [  # old files: int8 alone
        max(code.number(0, "<b"), code.number(3, "<i")) for code in model.tables(1)
    ]
    buffers = model.tables(4)
    subgraphs = model.tables(2)
    bodies: dict[int, None] = {}
    for subgraph in subgraphs:
        for operator in _operators(subgraph, kinds):
            if operator.kind == _WHILE and (options := operator.table.table(4)) is not None:
                bodies[options.number(1, "<i")] = None
    found: list[Found] = []
    for number in bodies:
        if not 0 <= number < len(subgraphs):
            raise model.buffer.error(f"the body of a loop is subgraph {number} of {len(subgraphs)}")
        found += _Body(subgraphs[number], number, kinds, buffers).grus()
    for subgraph in () if found else subgraphs:
        _refuse_unrolled(subgraph, kinds)
    return unique_layers(found)


def _refuse_unrolled(subgraph: FlatTable, kinds: list[int]) -> None:
    """Raise if a GRU without a loop is there: its arrays do not say what they are."""
    tensors = subgraph.tables(0)
    for operator in _operators(subgraph, kinds):
        if operator.kind == _FULLY_CONNECTED:
            for number in operator.outputs:
                name = tensors[number].bytes(3).text() if 0 <= number < len(tensors) else ""
                if "gru_cell" in name:
                    raise subgraph.buffer.cut(0, 0, name).error(
                        "it belongs to an unrolled GRU, expected a loop: convert the layer with "
                        "unroll=False"
                    )


def _operators(subgraph: FlatTable, kinds: list[int]) -> Iterator[Operator]:
    for table in subgraph.tables(3):
        code = table.number(0, "<I")
        if code >= len(kinds):
            raise table.buffer.error(f"an operator is of kind {code} of {len(kinds)}")
        yield Operator(kinds[code], table.numbers(1), table.numbers(2), table)


class _Body:
    """The body of one loop."""

    def __init__(
        self, table: FlatTable, number: int, kinds: list[int], buffers: list[FlatTable]
    ) -> None:
        self.table = table
        self.buffers = buffers
        name = table.bytes(4).text().removesuffix("/while_body")
        self.path = name or f"subgraph {number}"
        self.tensors = table.tables(0)
        self.inputs = frozenset(table.numbers(1))
        self.operators = list(_operators(table, kinds))
        self.widened = {  # float16 weights: output of DEQUANTIZE → its input
            operator.outputs[0]: operator.inputs[0]
            for operator in self.operators
            if operator.kind == _DEQUANTIZE and operator.inputs and operator.outputs
        }

    def grus(self) -> list[Found]:
        """Return the GRU that the loop is; several where it runs stacked cells.

        Raises
        ------
        MalformedFileError
            Two of its cells have the same units.
        """
        products = list(self._products())
        found = []
        for kernel in products:
            units, left = divmod(kernel.shape[0], 3)
            if kernel.of_the_state or left or not units:
                continue
            after = [p for p in products if p.of_the_state and p.shape == (3 * units, units)]
            gates = [p for p in products if p.of_the_state and p.shape == (2 * units, units)]
            candidate = [p for p in products if p.of_the_state and p.shape == (units, units)]
            if len(after) > 1 or len(gates) > 1 or len(candidate) > 1:
                raise self._error(
                    f"several cells of {units} units run in one loop: which arrays belong together "
                    "cannot be told, expected one layer a cell"
                )
            if after:
                bias, notes = self._rows(kernel, after[0])
                found.append(self._gru(kernel, after, bias, reset_after=True, notes=notes))
            elif gates and candidate:
                recurrent = [*gates, *candidate]
                found.append(self._gru(kernel, recurrent, self._row(kernel), reset_after=False))
        if len(found) > 1:
            found = [replace(one, path=f"{one.path}/{i}") for i, one in enumerate(found)]
        return found

    def _rows(
        self, kernel: ConstantProduct, recurrent: ConstantProduct
    ) -> tuple[Array | None, tuple[str, ...]]:
        """Return both rows of the bias, and what is to be noted about them."""
        rows = [self._row(kernel), self._row(recurrent)]
        there = [row for row in rows if row is not None]
        if not there:
            return None, ()
        bias = np.stack([np.zeros_like(there[0]) if row is None else row for row in rows])
        return bias, (_NO_BIAS_ROW,) if len(there) == 1 else ()

    def _gru(
        self,
        kernel: ConstantProduct,
        recurrent: list[ConstantProduct],
        bias: Array | None,
        *,
        reset_after: bool,
        notes: tuple[str, ...] = (),
    ) -> Found:
        """Return the GRU; its constants as float32, for TFLite widens those of float16."""
        first, *others = [self._array(product.weights).T for product in (kernel, *recurrent)]
        return Found(
            self.path,
            first.astype(np.float32),
            np.concatenate(others, axis=1).astype(np.float32),
            None if bias is None else bias.astype(np.float32),
            already_known={"reset_after": reset_after},
            notes=notes,
            stored_dtype=first.dtype.name,
            backward=grouping.is_backward(self.path),
        )

    def _products(self) -> Iterator[ConstantProduct]:
        of_the_state = set(self.inputs)
        for operator in self.operators:  # (r ∘ h)
            if operator.kind == _MUL and self.inputs.intersection(operator.inputs):
                of_the_state.update(operator.outputs)
        for operator in self.operators:
            if operator.kind == _FULLY_CONNECTED and len(operator.inputs) >= 2:
                x, weights, bias, *_ = (*operator.inputs, -1)
                weights = self.widened.get(weights, weights)
                shape = self._tensor(weights).numbers(0)
                if len(shape) == 2 and min(shape) > 0 and len(self._data(weights)):
                    yield ConstantProduct(x in of_the_state, weights, bias, (shape[0], shape[1]))

    def _tensor(self, number: int) -> FlatTable:
        if not 0 <= number < len(self.tensors):
            raise self._error(f"tensor {number} is used, expected one of {len(self.tensors)}")
        return self.tensors[number]

    def _data(self, number: int) -> FilePart:
        """Return the bytes of a constant; none, if the tensor is computed."""
        buffer = self._tensor(number).number(2, "<I")
        if buffer >= len(self.buffers):
            raise self._error(f"buffer {buffer} is used, expected one of {len(self.buffers)}")
        offset, size = (self.buffers[buffer].number(field, "<Q") for field in (1, 2))
        # A model of more than 2 GB keeps the bytes behind the FlatBuffer.
        return self.table.buffer.cut(offset, size) if offset > 1 else self.buffers[buffer].bytes(0)

    def _array(self, number: int) -> Array:
        """Return the values of a constant."""
        tensor, data = self._tensor(number), self._data(number)
        kind, shape = tensor.number(1, "<b"), tensor.numbers(0)
        if kind not in _FLOATS:
            raise self._error(
                f"tensor {number} is quantized (TensorType {kind}), expected floats: convert the "
                "model again without optimizations"
            )
        part = data.cut(0, len(data), f"{self.path}, tensor {number}")
        return float_array(part, _FLOATS[kind], shape)

    def _row(self, product: ConstantProduct) -> Array | None:
        """Return the bias that a product adds."""
        bias = self.widened.get(product.bias, product.bias)
        return self._array(bias) if bias >= 0 and len(self._data(bias)) else None

    def _error(self, reason: str) -> MalformedFileError:
        return self.table.buffer.cut(0, 0, self.path).error(reason)
