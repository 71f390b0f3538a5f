"""A whole model of Keras 1 or 2 as Keras 3 has it: every layer's config, and where its arrays go.

No class is imported or called by a name of the file: a class is looked up in `layer_table.TABLE`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from gru_ref.errors import shown
from gru_ref.files.interpretation.found import Array
from gru_ref.files.interpretation.model_config import Style, snake_case
from gru_ref.files.limits import Budget
from gru_ref.files.writers.keras3_model import graph, keras_1, operations
from gru_ref.files.writers.keras3_model.arguments import dtype_name, keras3_argument, plain
from gru_ref.files.writers.keras3_model.cudnn import lstm_arrays
from gru_ref.files.writers.keras3_model.graph import GraphReader, LayerCall
from gru_ref.files.writers.keras3_model.layer_table import (
    ALIASES,
    ANY,
    DROPPED,
    TABLE,
    ActedColumns,
    LayerRow,
)
from gru_ref.files.writers.keras3_model.masks import (
    InnerMasks,
    MaskedLayer,
    MaskOrigin,
    both,
    mask_nodes,
    operations_of,
    wanted_masks,
)
from gru_ref.files.writers.keras3_model.report import ConversionReport, NotCarriedError
from gru_ref.keras.ledger import Behaviour
from gru_ref.layouts.runtimes.cudnn_gru import gru_arrays

MODELS = ("Sequential", "Functional", "Model", "Container", "Network")
_LAYERS = "keras.layers"
_CUDNN = {"CuDNNGRU": gru_arrays, "CuDNNLSTM": lstm_arrays}
_RANK = re.compile(r"Conv(?:LSTM)?(\d)D")
_OWN_MODULES = ("keras", "tf_keras", "tensorflow")
BATCH_IS_UNKNOWN = (
    "batch is unknown, expected an int as batch: the model has stateful layers, and Keras 3 keeps "
    "a state for each row"
)
# Operations that Keras 3 adds to a graph with masks, under names that it does not compare.
_OF_MASKS = re.compile(
    "(concatenate|not_equal|any|logical_or|ones_like|zeros_like|expand_dims|convert_to_tensor)"
    r"(_\d+)?"
)
_NAME = 200  # letters of a layer's name that are kept in messages and files


class Listed(NamedTuple):
    """One array of a layer, as Keras 1 or 2 lists it."""

    group: str
    role: str
    trained: bool


@dataclass(eq=False)
class ArrayOwner:
    """A layer with arrays of its own.

    Parameters
    ----------
    where : str
        For the messages.
    listed : tuple of Listed or None
        Its arrays; None for a class that is not known.
    groups : tuple of str
        The group of each array in Keras 3.
    finish : callable
        The arrays as they are listed → those of Keras 3.
    arrays : list
        Those of the file, filled in later.
    """

    where: str
    listed: tuple[Listed, ...] | None
    groups: tuple[str, ...] = ()
    finish: Callable[[list[Array]], list[Array]] = list
    unscaled: Callable[[list[Array]], list[Array]] = list
    arrays: list[Array] = field(default_factory=list)


@dataclass(frozen=True)
class Placed:
    """A layer with arrays, and where they are.

    Parameters
    ----------
    leaf : ArrayOwner
    new, stored : str
        Its group in Keras 3, and in the .keras format of the Keras that wrote it.
    tracked : tuple of str
        The attributes that lead to it in a SavedModel.
    trained : bool
    """

    leaf: ArrayOwner
    new: str = ""
    stored: str = ""
    tracked: tuple[str, ...] = ()
    trained: bool = True

    def below(self, new: str, stored: str, tracked: Sequence[str], trained: bool) -> Placed:
        """Return the same, seen from a layer further out."""
        return Placed(
            self.leaf,
            _join(new, self.new),
            _join(stored, self.stored),
            (*tracked, *self.tracked),
            self.trained and trained,
        )


@dataclass(frozen=True)
class Carried:
    """A layer as Keras 3 has it.

    Parameters
    ----------
    name : str
        In the file that is read.
    serialized : dict
        As Keras 3 serializes it.
    stored_class : str
        Its class in the file that is read.
    placed : tuple of Placed
        Everything in it that has arrays.
    members : tuple of Carried
        Of a model.
    batch_shape : list or None
        Of its first input, where the layer says it.
    call : dict
        What its calls are given beside what the file says.
    stateful : bool
    makes_mask : bool
    drops_mask : bool
        Whether the mask ends here in Keras 2, and goes on in Keras 3.
    inner_masks : InnerMasks or None
        Of a model: what becomes of masks in it.
    """

    name: str
    serialized: dict[str, Any]
    stored_class: str
    placed: tuple[Placed, ...] = ()
    members: tuple[Carried, ...] = ()
    batch_shape: Any = None
    call: Mapping[str, Any] = field(default_factory=dict)
    stateful: bool = False
    makes_mask: bool = False
    drops_mask: str = ""
    inner_masks: InnerMasks | None = None


class _PartRefused(Exception):
    """A layer inside a layer cannot be carried, and is reported."""


class ModelWriter:
    """The way of one model to Keras 3.

    Parameters
    ----------
    behaviour : Behaviour
        The release that wrote it.
    style : Style
        How it names the groups of the .keras format.
    budget : Budget
    batch : int or None
        The batch of models that keep states and do not say theirs.
    theano : bool
        Whether Theano computed it, whose convolutions turn their kernels.
    old : bool
        Whether it is of Keras 1.
    multiplied : bool
        Whether arrays will be multiplied for hard_sigmoid.
    attention_ignores_masks : bool
        Whether MultiHeadAttention of the release does so: until 2.9.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        style: Style,
        budget: Budget,
        *,
        batch: int | None = None,
        theano: bool = False,
        old: bool = False,
        multiplied: bool = True,
        attention_ignores_masks: bool = False,
    ) -> None:
        self.report = ConversionReport()
        self._behaviour = behaviour
        self._style = style
        self._budget = budget
        self._batch = batch
        self._theano = theano
        self._old = old
        self._multiplied = multiplied
        self._attention_ignores_masks = attention_ignores_masks
        self.met_keras_1 = old
        self.shape_is_missing = False
        self._inner_makes_mask = False

    def model(self, data: Mapping[str, Any]) -> Carried:
        """Return the model of a config.

        Raises
        ------
        MalformedFileError
            It is no model's, or beyond the limits.
        """
        if data.get("class_name") not in MODELS:
            raise NotCarriedError(
                f"class {shown(data.get('class_name'))}",
                "a model of a class of its own: its code is not in the file",
            )
        return self._layer(data, "", 0)

    def _layer(self, data: Any, above: str, depth: int) -> Carried:
        """Return one layer, or a placeholder for what cannot be carried."""
        self._budget.check_depth(depth, above)
        self._budget.take_objects(1, above)
        if not isinstance(data, Mapping) or not isinstance(data.get("class_name"), str):
            raise self._budget.error(above, f"a layer is {shown(data)}, expected its config")
        config = data.get("config")
        if isinstance(config, list):  # a Sequential until Keras 2.2.2
            config = {"layers": config}
        if not isinstance(config, Mapping):
            raise self._budget.error(above, f"a config is {shown(config)}, expected an object")
        name = data.get("name", config.get("name"))
        name = name if isinstance(name, str) else data["class_name"].lower()
        if len(name) > _NAME:
            raise self._budget.error(above, f"a layer's name has {len(name):,} letters")
        where = _join(above, name)
        self._budget.take_bytes(len(where), where)
        config = {**config, "name": name}
        class_name = data["class_name"]
        try:
            self._check_own(data)
            if class_name in MODELS:
                return self._model(class_name, config, where, depth)
            if class_name == "InputLayer":
                return self._input(config)
            return self._built_in(class_name, config, where, depth)
        except NotCarriedError as error:
            self.report.refuse(where, error)
        except _PartRefused:
            pass  # said of the part
        return self._placeholder(class_name, config, where)

    def _check_own(self, data: Mapping[str, Any]) -> None:
        """Refuse a class of somebody's own, which may have the name of one of Keras's."""
        module, registered = data.get("module"), data.get("registered_name")
        root = module.partition(".")[0] if isinstance(module, str) else "keras"
        if root not in _OWN_MODULES or (isinstance(registered, str) and ">" in registered):
            raise NotCarriedError(
                f"class {registered or data['class_name']} of {module}",
                "a class of its own: its code is not in the file",
            )

    # --- layers

    def _built_in(self, class_name: str, config: dict[str, Any], where: str, depth: int) -> Carried:
        row, name, stored_class = _row(class_name), config["name"], class_name
        gates_apart = None
        old = self._old or keras_1.is_config(config)
        if old:
            self.met_keras_1 = True
            gates_apart = keras_1.roles(class_name, config)
            class_name, config = keras_1.keras_2_layer(class_name, config)
            config["name"] = name
            row = _row(class_name)
        if row is None:
            reason = (
                "it holds code, which is never executed"
                if class_name == "Lambda"
                else ("Keras 3 has no such layer of its own")
            )
            raise NotCarriedError(f"class {class_name}", reason)
        class_name = ALIASES.get(class_name, class_name)
        new, scales = self._arguments(class_name, row, config, where)
        self._adapt(class_name, new, where)
        placed: list[Placed] = []
        trained = config.get("trainable", True) is not False
        for argument in row.layers.split():
            placed += self._inner(class_name, argument, config, new, where, depth)
        leaf = _leaf(
            where, class_name, row, new, config, scales, gates_apart, turned=self._theano, old=old
        )
        if leaf is not None:
            placed.insert(0, Placed(leaf))
            if self._theano and _RANK.search(class_name):
                self.report.change(
                    where,
                    "kernel turned by half a circle",
                    "Theano, which wrote it, turns it so",
                    of_config=False,
                )
        written = row.class_name or class_name
        if stored_class not in (written, *_CUDNN):
            self.report.change(where, f"{stored_class} as {written}", "Keras 3 calls it so")
        serialized = _serialize(written, new)
        _check_json(serialized)
        if class_name == "Activation" and scales:
            serialized = _hard_sigmoid(name)
            self.report.change(
                where,
                "hard_sigmoid as Rescaling(0.2, 0.5) and ReLU(1)",
                "Keras 3's hard_sigmoid is clip(x / 6 + 0.5, 0, 1)",
            )
        if class_name == "Bidirectional":
            _check_halves(new)
        if class_name == "TimeDistributed" and self._inner_makes_mask:
            raise NotCarriedError(
                "a mask made in a TimeDistributed", "Keras 3 does not pass it on as Keras 2 does"
            )
        call: dict[str, Any] = {}
        if class_name.endswith("Attention") and config.get("causal"):
            call["use_causal_mask"] = True
            self.report.change(where, "causal", "Keras 3 takes it with each call")
        return Carried(
            name,
            serialized,
            stored_class,
            tuple(one.below("", "", (), trained) for one in placed),
            batch_shape=_shape(config),
            call=call,
            stateful=bool(new.get("stateful")),
            makes_mask=class_name == "Masking" or bool(new.get("mask_zero")),
            drops_mask=class_name if row.drops_mask else "",
        )

    def _arguments(
        self, class_name: str, row: LayerRow, config: Mapping[str, Any], where: str
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """Return the arguments of a layer, and what its activations multiply."""
        known = {*row.arguments.split(), "activity_regularizer"}
        new: dict[str, Any] = {"name": _free_of_slashes(config["name"])}
        scales: dict[str, float] = {}
        for key, value in {**row.defaults, **config}.items():
            name = row.renamed.get(key, key)
            if name == "name" or key in row.layers.split():
                continue
            if name == "trainable":
                if class_name not in _NEVER_TRAINABLE:
                    new["trainable"] = value is not False
            elif name == "dtype":
                dtype = dtype_name(value)
                if dtype is not None:
                    new["dtype"] = dtype
            elif name in known:
                argument = keras3_argument(name, value, self._behaviour)
                new[name] = argument.value
                if argument.scale != 1:
                    scales[name] = argument.scale
                if argument.why:
                    self.report.change(where, f"{name}={shown(argument.value)}", argument.why)
                if name != key:
                    self.report.change(where, f"{name}", f"it was called {key}")
            elif key == "causal" and class_name.endswith("Attention"):
                continue  # an argument of its calls
            elif key in row.dropped.split() or _changes_nothing(key, value):
                continue
            else:
                raise NotCarriedError(
                    f"{key}={shown(value)} of {class_name}", "Keras 3 has no such argument"
                )
        if "activity_regularizer" in new and new["activity_regularizer"] is None:
            del new["activity_regularizer"]  # some classes of Keras 3 do not take it
        return new, self._scales(class_name, row, scales, new, where)

    def _scales(
        self,
        class_name: str,
        row: LayerRow,
        scales: dict[str, float],
        new: Mapping[str, Any],
        where: str,
    ) -> dict[str, float]:
        """Refuse what no array can be multiplied for, and say what is multiplied."""
        for name, scale in scales.items():
            if class_name == "Activation":
                continue
            if name not in row.gates:
                raise NotCarriedError(
                    f"{name}='hard_sigmoid' of {class_name}",
                    "Keras 3's hard_sigmoid is another function, and no array can make up for it",
                )
            if not self._multiplied:
                self.report.change(
                    where,
                    f"the arrays are those of Keras 2's hard_sigmoid as {name}",
                    "with Keras 3's the layer computes something else",
                    of_config=False,
                )
                continue
            arrays = ", ".join(one.rpartition("/")[2] for one in row.gates[name].arrays)
            self.report.change(
                where,
                f"{name}='hard_sigmoid', what it acts on multiplied by {scale} in {arrays}",
                "Keras 2's is clip(0.2 x + 0.5, 0, 1), Keras 3's clip(x / 6 + 0.5, 0, 1)",
            )
            acting = [
                key
                for key, value in new.items()
                if key.endswith(("_regularizer", "_constraint")) and value is not None
            ]
            if acting:
                self.report.change(
                    where, f"{', '.join(acting)} on multiplied arrays", "in training"
                )
        return scales

    def _adapt(self, class_name: str, new: dict[str, Any], where: str) -> None:
        """Change what one class alone has otherwise."""
        axis = new.get("axis")
        if class_name == "BatchNormalization" and isinstance(axis, list):
            if len(axis) != 1:
                raise NotCarriedError(f"axis={shown(axis)}", "Keras 3 normalizes one axis")
            new["axis"] = axis[0]
        if new.get("zero_output_for_mask") and self._takes_fused_path(class_name, new):
            new["zero_output_for_mask"] = False
            self.report.change(
                where, "zero_output_for_mask=False", "the Keras that wrote the file ignores it"
            )
        if class_name == "CuDNNGRU":
            new["reset_after"] = True
        if class_name == "Resizing" and new.get("interpolation") in ("gaussian", "mitchellcubic"):
            raise NotCarriedError(
                f"interpolation={new['interpolation']}", "Keras 3 does not interpolate so"
            )
        if class_name == "CategoryEncoding" and new.pop("sparse", False):
            raise NotCarriedError("sparse=True of CategoryEncoding", "its outputs would be dense")
        if class_name in _CUDNN:
            self.report.change(
                where,
                f"{class_name} as {class_name[5:]}, its arrays in another order",
                "Keras 3 has no layer for cuDNN alone",
            )

    def _takes_fused_path(self, class_name: str, new: Mapping[str, Any]) -> bool:
        return bool(
            self._behaviour.fused_ignores_zero_output_for_mask
            and class_name in ("GRU", "LSTM")
            and new.get("activation") == "tanh"
            and new.get("recurrent_activation") == "sigmoid"
            and not new.get("recurrent_dropout")
            and not new.get("unroll")
            and new.get("use_bias", True)
            and (class_name == "LSTM" or new.get("reset_after"))
        )

    def _inner(
        self,
        class_name: str,
        argument: str,
        config: Mapping[str, Any],
        new: dict[str, Any],
        where: str,
        depth: int,
    ) -> list[Placed]:
        """Convert the layers in one argument of a wrapper, and return what in them has arrays."""
        data = config.get(argument)
        if argument == "backward_layer" and data is None:
            return []
        if argument == "cell" and isinstance(data, list):
            data = {"class_name": "StackedRNNCells", "config": {"cells": data}}
        if argument == "cells":
            if not isinstance(data, list):
                raise self._budget.error(where, f"cells is {shown(data)}, expected a list")
            cells = [self._part(cell, where, depth) for cell in data]
            new["cells"] = [cell.serialized for cell in cells]
            groups = _groups([cell.serialized["class_name"] for cell in cells], 1)
            stored = _groups([str(cell.get("class_name")) for cell in data], 1)
            return [
                one.below(f"cells/{group}", f"cells/{old}", ("cells", str(k)), True)
                for k, (cell, group, old) in enumerate(zip(cells, groups, stored, strict=True))
                for one in cell.placed
            ]
        made = data.get("config") if isinstance(data, Mapping) else None
        if class_name == "Bidirectional" and isinstance(made, Mapping) and "layer" in made:
            reason = "a Bidirectional wraps a wrapper, expected a layer of its own"
            raise self._budget.error(where, reason)  # each would double the layers
        inner = self._part(data, where, depth)
        new[argument] = inner.serialized
        if class_name != "Bidirectional":
            return [one.below(argument, argument, (argument,), True) for one in inner.placed]
        group = "forward_layer" if argument == "layer" else argument
        placed = [one.below(group, group, (group,), True) for one in inner.placed]
        if argument == "layer" and config.get("backward_layer") is None:
            # Keras makes it of the other one; Keras 3 does so only where that one runs forwards.
            new["backward_layer"] = _turned(inner.serialized)
            copies = [replace(one, leaf=replace(one.leaf, arrays=[])) for one in inner.placed]
            group = "backward_layer"
            placed += [one.below(group, group, (group,), True) for one in copies]
        return placed

    def _part(self, data: Any, where: str, depth: int) -> Carried:
        """Return a layer inside another one, which cannot be carried without it."""
        refused, placeholders = len(self.report.refused), len(self.report.placeholders)
        part = self._layer(data, where, depth + 1)
        self._inner_makes_mask = part.makes_mask
        if len(self.report.refused) > refused:
            del self.report.placeholders[placeholders:]
            raise _PartRefused
        return part

    def _input(self, config: Mapping[str, Any]) -> Carried:
        shape = _shape(config)
        if config.get("ragged"):
            raise NotCarriedError("ragged=True", "Keras 3 has no ragged inputs on every backend")
        if not isinstance(shape, list):
            raise NotCarriedError(f"batch_input_shape={shown(shape)}", "expected a list of sizes")
        new: dict[str, Any] = {"batch_shape": shape, "name": _free_of_slashes(config["name"])}
        dtype = dtype_name(config.get("dtype", config.get("input_dtype")))
        if dtype is not None:
            new["dtype"] = dtype
        if config.get("sparse"):
            new["sparse"] = True
        return Carried(
            config["name"], _serialize("InputLayer", new), "InputLayer", batch_shape=shape
        )

    def _placeholder(self, class_name: str, config: dict[str, Any], where: str) -> Carried:
        """Return what stands for a layer that whoever loads the file supplies."""
        name = config["name"]
        given = re.sub(r"\W", "_", f"{class_name.rpartition('>')[2]}_{name}")
        self.report.placeholders.append(given)
        kept = {k: v for k, v in config.items() if class_name != "Lambda" or k in _OF_LAMBDA}
        kept["name"] = _free_of_slashes(name)
        serialized = {
            "module": None,
            "class_name": given,
            "config": kept,
            "registered_name": given,
        }
        return Carried(name, serialized, class_name, (Placed(ArrayOwner(where, None)),))

    # --- models

    def _model(self, class_name: str, config: dict[str, Any], where: str, depth: int) -> Carried:
        layers = config.get("layers")
        if not isinstance(layers, list) or not layers:
            raise self._budget.error(where, f"layers is {shown(layers)}, expected a list of layers")
        if class_name == "Sequential" and "input_layers" not in config:
            first = layers[0]
            if isinstance(first, Mapping) and first.get("class_name") == "Merge":
                return self._merged(config, where, depth)
            return self._sequential(config, where, depth)
        return self._functional(config, where, depth)

    def _sequential(self, config: dict[str, Any], where: str, depth: int) -> Carried:
        members = [self._layer(one, where, depth + 1) for one in config["layers"]]
        shape, dtype = _first_input(members[0])
        if members[0].stored_class != "InputLayer" and shape is not None:
            taken = {member.name for member in members}
            given: dict[str, Any] = {"name": _free_name(f"{members[0].name}_input", taken)}
            if dtype is not None:
                given["dtype"] = dtype
            members.insert(0, self._input({**given, "batch_input_shape": shape}))
        self._set_batch(members)
        self._check_masks(members, where)
        by_name = {member.name: member for member in members}
        if len(by_name) < len(members):
            raise self._budget.error(where, "two layers have one name")
        self._names(by_name, where)
        members = list(by_name.values())
        new = self._base(config)
        new["layers"] = [member.serialized for member in members]
        if shape is None and depth == 0:
            build = plain(config.get("build_input_shape"), "build_input_shape")
            self.shape_is_missing = not isinstance(build, list)
            new["build_input_shape"] = build
        real = [member for member in members if member.stored_class != "InputLayer"]
        carried = self._carried_model(
            config, _serialize("Sequential", new, "keras"), members, real, real
        )
        return replace(carried, inner_masks=self._masks_in_chain(real, where))

    def _functional(self, config: dict[str, Any], where: str, depth: int) -> Carried:
        members: dict[str, Carried] = {}
        for one in config["layers"]:
            if isinstance(one, Mapping) and one.get("class_name") in operations.CLASSES:
                member = self._undecided(one, where)
            else:
                member = self._layer(one, where, depth + 1)
            if member.name in members:
                raise self._budget.error(where, f"two layers are named {shown(member.name)}")
            members[member.name] = member
        reader = GraphReader(members, self._budget, where or "the config of the model")
        calls: dict[str, list[LayerCall]] = {}
        for one, member in zip(config["layers"], members.values(), strict=True):
            nodes = one.get("inbound_nodes", [])
            row = _row(str(one["class_name"]))
            keep = one["class_name"] == "Merge" or (row is not None and row.list_input)
            if one["class_name"] in operations.CLASSES:
                keep = str(one["config"].get("function")) in operations.LISTS
            calls[member.name] = reader.calls(nodes, keep_list=keep)
        inputs, outputs = (reader.structure(config.get(f"{k}_layers")) for k in ("input", "output"))
        models = {name for name, member in members.items() if member.members}
        for name, member in members.items():
            if not calls[name] and member.stored_class != "InputLayer":
                raise self._budget.error(_join(where, name), "it is never called, and is no input")
        calls, outputs = graph.count_from_zero(calls, outputs, models, self._budget, where)
        return self._connected(config, members, calls, inputs, outputs, where, config["layers"])

    def _connected(
        self,
        config: Mapping[str, Any],
        members: dict[str, Carried],
        calls: Mapping[str, list[LayerCall]],
        inputs: Any,
        outputs: Any,
        where: str,
        data: Sequence[Mapping[str, Any]],
    ) -> Carried:
        """Return a Functional model of layers and their calls."""
        kinds = {name: one["class_name"] for name, one in zip(members, data, strict=True)}
        self._set_batch(list(members.values()))
        new_calls: dict[str, list[LayerCall]] = {}
        arguments: dict[str, list[list[Any]]] = {}
        for (name, member), one in zip(list(members.items()), data, strict=True):
            if kinds[name] in operations.CLASSES:
                members[name], arguments[name] = self._operation(
                    one, calls[name], _join(where, name)
                )
                new_calls[name] = [LayerCall(args) for args in arguments[name]]
                continue
            row = _row(kinds[name])
            recurrent = row is not None and row.recurrent
            new_calls[name] = [_adapted(call, member, recurrent) for call in calls[name]]
        for name in list(arguments):
            for args in arguments[name]:
                self._add_inner(name, args, members, new_calls, arguments)
        inner_masks = self._inner_masks(members, new_calls, kinds, inputs, outputs, where)
        self._name_masks(members, new_calls, arguments, kinds, outputs, where)
        names = self._names(members, where)
        given = [tensor.layer for tensor in graph.tensors_in(inputs)]
        layers_of_graph = {
            name: _masked_layer(kinds.get(name, ""), one) for name, one in members.items()
        }
        calls_in_order = graph.call_order(new_calls, outputs, self._budget, where)
        added = mask_nodes(calls_in_order, layers_of_graph, new_calls)
        order = graph.layer_order(new_calls, given, outputs, added, self._budget, where)
        new = self._base(config)
        new["layers"] = [
            {
                **members[name].serialized,
                "name": names[name],
                "inbound_nodes": [
                    {
                        "args": graph.serialize(
                            call.first if name in arguments else [call.first], names
                        ),
                        "kwargs": graph.serialize(call.kwargs, names),
                    }
                    for call in new_calls[name]
                ],
            }
            for name in graph.list_order(new_calls)
        ]
        nested = {
            name
            for name, member in members.items()
            if member.serialized["class_name"] == "Functional"
        }
        new["input_layers"] = _history(inputs, names, nested)
        new["output_layers"] = _history(outputs, names, nested)
        layers = [members[name] for name in order if name not in arguments]
        serialized = _serialize("Functional", new, "keras.src.models.functional")
        stored = [members[name] for name in kinds]
        carried = self._carried_model(config, serialized, list(members.values()), layers, stored)
        return replace(carried, inner_masks=inner_masks)

    def _masks_in_chain(self, members: Sequence[Carried], where: str) -> InnerMasks:
        """Return what becomes of masks in a Sequential model."""
        begin = last = graph.LayerOutput("", 0, 0)
        calls: dict[str, list[LayerCall]] = {"": []}
        for member in members:
            calls[member.name] = [LayerCall(last)]
            last = graph.LayerOutput(member.name, 0, 0)
        layers = {member.name: member for member in members}
        kinds = {member.name: member.stored_class for member in members}
        return self._inner_masks(layers, calls, kinds, begin, last, where)

    def _inner_masks(
        self,
        members: Mapping[str, Carried],
        calls: Mapping[str, list[LayerCall]],
        kinds: Mapping[str, str],
        inputs: Any,
        outputs: Any,
        where: str,
    ) -> InnerMasks:
        """Return what becomes of the masks that a model around this one gives its inputs."""
        return InnerMasks(
            graph.call_order(calls, outputs, self._budget, where),
            {name: _masked_layer(kinds.get(name, ""), one) for name, one in members.items()},
            calls,
            list(graph.tensors_in(inputs)),
            list(graph.tensors_in(outputs)),
            self._budget,
            attention_ignores_masks=self._attention_ignores_masks,
        )

    def _name_masks(
        self,
        members: dict[str, Carried],
        calls: dict[str, list[LayerCall]],
        arguments: dict[str, list[list[Any]]],
        kinds: Mapping[str, str],
        outputs: Any,
        where: str,
    ) -> None:
        """Give calls the masks that Keras 2 gives them, and Keras 3 would not."""
        layers = {name: _masked_layer(kinds.get(name, ""), one) for name, one in members.items()}
        order = graph.call_order(calls, outputs, self._budget, where)
        found = wanted_masks(
            order, layers, calls, attention_ignores_masks=self._attention_ignores_masks
        )
        for name, error in found.refused:
            self.report.refuse(_join(where, name), error)
        made: dict[tuple[MaskOrigin, ...], graph.LayerOutput] = {}
        for one in found.wanted:
            for k in range(len(one.origins)):
                some = one.origins[: k + 1]
                if some in made:
                    continue
                mask = self._add_operations(some[-1], members, calls, arguments)
                if k:
                    mask = self._add_operation(
                        both(mask), made[some[:-1]], f"{mask.layer}_both", members, calls, arguments
                    )
                made[some] = mask
            calls[one.layer][one.call].kwargs["mask"] = made[one.origins]
            makers = " and ".join(origin.layer for origin in one.origins)
            self.report.change(
                _join(where, one.layer),
                f"the mask of {makers} named in its call",
                "Keras 3 would give it another mask, or none",
            )

    def _add_operations(
        self,
        origin: MaskOrigin,
        members: dict[str, Carried],
        calls: dict[str, list[LayerCall]],
        arguments: dict[str, list[list[Any]]],
    ) -> graph.LayerOutput:
        """Add the operations that compute a mask."""
        assert origin.tensor is not None
        last = origin.tensor
        for operation in operations_of(origin):
            name = f"{origin.layer}_mask"
            last = self._add_operation(operation, last, name, members, calls, arguments)
        return last

    def _add_operation(
        self,
        operation: operations.Keras3Operation,
        first: graph.LayerOutput,
        wanted: str,
        members: dict[str, Carried],
        calls: dict[str, list[LayerCall]],
        arguments: dict[str, list[list[Any]]],
    ) -> graph.LayerOutput:
        """Add an operation to the graph, and return its output."""
        name = _free_name(wanted, members)
        members[name] = Carried(name, operation.serialized(name), operation.class_name)
        args = [first, *operation.args]
        calls[name], arguments[name] = [LayerCall(args)], [args]
        return graph.LayerOutput(name, 0, 0)

    def _names(self, members: dict[str, Carried], where: str) -> dict[str, str]:
        """Return the names of the layers in Keras 3, which has no slashes in them."""
        masked = any(member.makes_mask for member in members.values())
        names: dict[str, str] = {}
        for name, member in members.items():
            new, why = _free_of_slashes(name), "Keras 3 has no slashes in names"
            if masked and _OF_MASKS.fullmatch(new):
                new, why = f"{new}_layer", "Keras 3 names an operation on masks so"
            # A name that needs no change stays the layer's own.
            names[name] = new if new == name else _free_name(new, {*members, *names.values()})
            if names[name] != name:
                serialized = _renamed(member.serialized, names[name])
                members[name] = replace(member, serialized=serialized)
                self.report.change(_join(where, name), f"its name is {names[name]}", why)
        return names

    def _add_inner(
        self,
        name: str,
        args: list[Any],
        members: dict[str, Carried],
        calls: dict[str, list[LayerCall]],
        arguments: dict[str, list[list[Any]]],
    ) -> None:
        """Add the operations that are arguments of another one, and put their outputs there."""
        for k, inner in enumerate(args):
            if isinstance(inner, operations.Keras3Operation):
                own = _free_name(f"{name}_{inner.class_name.lower()}", members)
                members[own] = Carried(own, inner.serialized(own), inner.class_name)
                calls[own], arguments[own] = [LayerCall(inner.args)], [inner.args]
                args[k] = graph.LayerOutput(own, 0, 0)

    def _undecided(self, data: Mapping[str, Any], where: str) -> Carried:
        """Return a layer of an operation of TensorFlow, before its calls are known."""
        self._budget.take_objects(1, where)
        config = data.get("config")
        name = data.get("name")
        if not isinstance(config, Mapping) or not isinstance(name, str) or len(name) > _NAME:
            raise self._budget.error(where, f"a layer is {shown(data)}, expected name and config")
        return Carried(name, {}, data["class_name"])

    def _operation(
        self, data: Mapping[str, Any], calls: Sequence[LayerCall], where: str
    ) -> tuple[Carried, list[list[Any]]]:
        """Return the operation of a layer that Keras 2 made of one, and what it is called with."""
        config = data["config"]
        name = str(data["name"])
        try:
            found = [operations.keras3_operation(data["class_name"], config, one) for one in calls]
            if not found or any(one[:3] != found[0][:3] for one in found):
                raise NotCarriedError("several calls with other constants", "it is one operation")
        except NotCarriedError as error:
            self.report.refuse(where, error)
            member = self._placeholder(data["class_name"], {**config, "name": name}, where)
            placed = replace(member, placed=())
            return placed, [[one.first, *one.kwargs.values()] for one in calls]
        one = found[0]
        self.report.change(
            where,
            f"{config.get('function') or data['class_name']} as keras.ops {one.class_name}",
            "Keras 3 has no layers of TensorFlow's functions",
        )
        carried = Carried(name, one.serialized(name), data["class_name"])
        return carried, [operation.args for operation in found]

    def _merged(self, config: dict[str, Any], where: str, depth: int) -> Carried:
        """Return a Sequential of Keras 1 that begins with a Merge, as a Functional model."""
        merge, *rest = config["layers"]
        given_to_merge = merge.get("config")
        given_to_merge = given_to_merge if isinstance(given_to_merge, Mapping) else {}
        branches = given_to_merge.get("layers")
        if not isinstance(branches, list) or not branches:
            raise self._budget.error(where, "a Merge has no layers, expected two at least")
        data: list[Mapping[str, Any]] = []
        members: dict[str, Carried] = {}
        calls: dict[str, list[LayerCall]] = {}
        ends: list[Any] = []
        inputs: list[Any] = []

        def add(one: Mapping[str, Any], call: list[LayerCall]) -> graph.LayerOutput:
            member = self._layer(one, where, depth + 1)
            name = _free_name(member.name, members)
            if name != member.name:
                member = replace(member, serialized=_renamed(member.serialized, name))
            members[name], calls[name] = member, call
            data.append(one)
            return graph.LayerOutput(name, 0, 0)

        for branch in branches:
            shape, dtype = _first_input(self._layer(branch, where, depth + 1))
            if shape is None:
                raise NotCarriedError("the shape of an input", "the file does not say it")
            given = {"name": f"input_{len(inputs) + 1}", "batch_input_shape": shape, "dtype": dtype}
            inputs.append(add({"class_name": "InputLayer", "config": given}, []))
            ends.append(add(branch, [LayerCall(inputs[-1])]))
        alone = {**given_to_merge, "layers": []}
        last = add({**merge, "config": alone}, [LayerCall(ends)])
        for one in rest:
            last = add(one, [LayerCall(last)])
        self.report.changes = list(dict.fromkeys(self.report.changes))
        self.report.refused = list(dict.fromkeys(self.report.refused))
        return self._connected(config, members, calls, inputs, last, where, data)

    def _base(self, config: Mapping[str, Any]) -> dict[str, Any]:
        new: dict[str, Any] = {"name": _free_of_slashes(config["name"])}
        if isinstance(config.get("trainable"), bool):
            new["trainable"] = config["trainable"]
        return new

    def _carried_model(
        self,
        config: Mapping[str, Any],
        serialized: dict[str, Any],
        members: Sequence[Carried],
        layers: Sequence[Carried],
        stored_layers: Sequence[Carried],
    ) -> Carried:
        """Return a model: `layers` in the order of Keras 3, `stored_layers` in that of the file."""
        classes = [layer.serialized["class_name"] for layer in layers]
        groups = dict(zip(map(id, layers), _groups(classes, 1), strict=True))
        old = _groups([layer.stored_class for layer in stored_layers], self._style.step)
        trained = config.get("trainable", True) is not False
        # A SavedModel also numbers inputs that the config leaves out, but not here.
        with_weights = itertools.accumulate((bool(one.placed) for one in stored_layers), initial=0)
        placed = [
            one.below(
                _join("layers", groups[id(layer)]),
                _join(self._style.layers, group),
                (f"layer_with_weights-{number}",),
                trained,
            )
            for number, layer, group in zip(with_weights, stored_layers, old, strict=False)
            if id(layer) in groups
            for one in layer.placed
        ]
        return Carried(
            config["name"],
            serialized,
            serialized["class_name"],
            tuple(placed),
            tuple(members),
            stateful=any(member.stateful for member in members),
            makes_mask=any(member.makes_mask for member in members),
            drops_mask=next((m.drops_mask for m in members if m.drops_mask), ""),
        )

    def _set_batch(self, members: Sequence[Carried]) -> None:
        """Give the inputs of stateful layers their batch."""
        if not any(member.stateful for member in members):
            return
        for member in members:
            if member.stored_class == "InputLayer":
                shape = member.serialized["config"].get("batch_shape")
                if isinstance(shape, list) and shape[:1] == [None]:
                    if self._batch is None:
                        raise ValueError(BATCH_IS_UNKNOWN)
                    member.serialized["config"]["batch_shape"] = [self._batch, *shape[1:]]

    def _check_masks(self, members: Sequence[Carried], where: str) -> None:
        """Refuse a mask that would end at a layer in Keras 2, and goes on in Keras 3."""
        through = next((m for m in members if m.drops_mask), None)
        if through is not None and any(member.makes_mask for member in members):
            self.report.refuse(
                _join(where, through.name),
                NotCarriedError(
                    f"class {through.drops_mask} in a model with masks",
                    "a mask ends there in Keras 2, and goes on in Keras 3",
                ),
            )


# Keras 3 has no such argument of theirs; they have nothing to train.
_NEVER_TRAINABLE = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Discretization")
_OF_LAMBDA = ("name", "trainable", "dtype")


def _shape(config: Mapping[str, Any]) -> Any:
    return plain(config.get("batch_input_shape", config.get("batch_shape")), "batch_input_shape")


def _masked_layer(class_name: str, member: Carried) -> MaskedLayer:
    row = _row(class_name)
    return MaskedLayer(
        class_name,
        member.serialized["config"],
        member.makes_mask,
        bool(member.members),
        row is not None and row.recurrent,
        bool(member.drops_mask) and not member.members,
        member.inner_masks,
    )


def _row(class_name: str) -> LayerRow | None:
    return TABLE.get(ALIASES.get(class_name, class_name))


def _changes_nothing(name: str, value: Any) -> bool:
    """Return whether an argument that Keras 3 has not makes no difference."""
    for neutral in DROPPED.get(name, ()):
        if neutral is ANY or (neutral == value and type(neutral) is type(value)):
            return True
    return False


def _serialize(class_name: str, config: Mapping[str, Any], module: str = _LAYERS) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": dict(config),
        "registered_name": None,
    }


def _check_json(serialized: Mapping[str, Any]) -> None:
    """Refuse a config that JSON cannot hold."""
    try:
        json.dumps(serialized, allow_nan=False)
    except ValueError:
        raise NotCarriedError(
            "its config", "it holds NaN or infinity, which JSON has not"
        ) from None


def _renamed(serialized: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**serialized, "config": {**serialized["config"], "name": _free_of_slashes(name)}}


def _check_halves(new: Mapping[str, Any]) -> None:
    """Refuse a Bidirectional whose output Keras 3 takes to be larger or smaller than it is."""
    units = [
        new[half]["config"].get("units", new[half]["config"].get("filters"))
        for half in ("layer", "backward_layer")
    ]
    if new.get("merge_mode", "concat") == "concat" and units[0] != units[1]:
        raise NotCarriedError(
            f"a backward layer of {units[1]} units beside a forward layer of {units[0]}",
            "Keras 3.15 takes the output to have twice the units of the forward layer",
        )


def _turned(serialized: Mapping[str, Any]) -> dict[str, Any]:
    """Return the backward layer that Keras makes of a Bidirectional's forward layer."""
    config = dict(serialized["config"])
    config["go_backwards"] = not config.get("go_backwards")
    config["name"] = f"backward_{str(config['name']).removeprefix('forward_')}"
    return {**serialized, "config": config}


def _hard_sigmoid(name: str) -> dict[str, Any]:
    """Return Keras 2's hard_sigmoid as layers of Keras 3: bit for bit its formula."""
    steps = [
        _serialize("Rescaling", {"name": "rescaling", "scale": 0.2, "offset": 0.5}),
        _serialize("ReLU", {"name": "relu", "max_value": 1.0}),
    ]
    new = {"name": _free_of_slashes(name), "layers": steps}
    return _serialize("Sequential", new, "keras")


def _leaf(
    where: str,
    class_name: str,
    row: LayerRow,
    new: Mapping[str, Any],
    config: Mapping[str, Any],
    scales: Mapping[str, float],
    gates_apart: tuple[str, ...] | None,
    *,
    turned: bool,
    old: bool,
) -> ArrayOwner | None:
    """Return the arrays of a layer, if it has any."""
    listed, trained = [], True
    for text in row.arrays.split():
        if text == "|":
            trained = False
            continue
        path, _, condition = text.partition("?")
        if _holds(condition, new):
            group, _, role = path.rpartition("/")
            listed.append(Listed(group, role, trained))
    if not listed:
        return None
    groups = tuple(one.group for one in listed)
    roles = [_join(one.group, one.role) for one in listed]
    steps: list[Callable[[list[Array]], list[Array]]] = []
    if gates_apart is not None:
        listed = [Listed("", role, True) for role in gates_apart]
        steps.append(keras_1.join_gates)
    if class_name in _CUDNN:
        listed = [one._replace(group="") for one in listed]
        convert = _CUDNN[class_name]
        steps.append(lambda arrays: list(convert(*arrays)))
    rank = _RANK.search(class_name)
    if rank and roles[0] == "kernel":
        axes = int(rank[1])
        if old:
            steps.append(
                lambda arrays: [keras_1.convolution_kernel(arrays[0], axes, config), *arrays[1:]]
            )
        if turned:
            steps.append(lambda arrays: [np.flip(arrays[0], tuple(range(axes))), *arrays[1:]])
    unscaled = _all_of(steps)
    for name, scale in scales.items():
        if name in row.gates:
            gates = row.gates[name]
            steps.append(_multiplication(roles, gates, scale))
    return ArrayOwner(where, tuple(listed), groups, _all_of(steps), unscaled)


def _all_of(
    steps: Sequence[Callable[[list[Array]], list[Array]]],
) -> Callable[[list[Array]], list[Array]]:
    taken = tuple(steps)

    def finish(arrays: list[Array]) -> list[Array]:
        for step in taken:
            arrays = step(arrays)
        return arrays

    return finish


def _multiplication(
    roles: Sequence[str], gates: ActedColumns, scale: float
) -> Callable[[list[Array]], list[Array]]:
    return lambda arrays: _multiply(arrays, roles, gates, scale)


def _multiply(
    arrays: list[Array], roles: Sequence[str], gates: ActedColumns, scale: float
) -> list[Array]:
    """Return the arrays with the columns of some gates multiplied, each product rounded once."""
    new = []
    for role, array in zip(roles, arrays, strict=True):
        if role not in gates.arrays:
            new.append(array)
            continue
        factors = np.ones(gates.count)
        factors[list(gates.blocks)] = scale
        if role == "depthwise_kernel":  # its outputs lie along two axes
            new.append((array * scale).astype(array.dtype))
            continue
        columns = np.repeat(factors, array.shape[-1] // gates.count)
        new.append((array * columns).astype(array.dtype))
    return new


def _holds(condition: str, new: Mapping[str, Any]) -> bool:
    """Return whether an array is there, by the condition in the table."""
    if not condition:
        return True
    if condition.endswith("!"):
        return new.get(condition[:-1]) is None
    name, equals, value = condition.partition("=")
    if equals:
        return bool(new.get(name) == value)
    default = name != "use_scale" and name != "bias_axes"
    return bool(new.get(name, default))


def _adapted(call: LayerCall, member: Carried, recurrent: bool) -> LayerCall:
    """Return a call in Keras 3's arguments; further inputs of a recurrent layer are its state."""
    first, kwargs = call.first, {**call.kwargs, **member.call}
    if recurrent and isinstance(first, list) and len(first) > 1:
        first, *state = first
        kwargs["initial_state"] = state
    return LayerCall(first, {name: value for name, value in kwargs.items() if value is not None})


def _history(value: Any, names: Mapping[str, str], nested: set[str]) -> Any:
    """Return the inputs or outputs of a model; a Functional layer's calls count from 1 there."""
    if isinstance(value, graph.LayerOutput):
        call = value.call + (value.layer in nested)
        return [names[value.layer], call, value.output]
    if isinstance(value, dict):
        return {name: _history(inner, names, nested) for name, inner in value.items()}
    return [_history(inner, names, nested) for inner in value]


def _first_input(member: Carried) -> tuple[Any, str | None]:
    """Return the shape and dtype of the one input of a layer or model, as far as it says them."""
    if member.members:
        inputs = [m for m in member.members if m.stored_class == "InputLayer"]
        if len(inputs) == 1:
            return _first_input(inputs[0])
        return _first_input(member.members[0]) if not inputs else (None, None)
    shape = member.batch_shape
    dtype = member.serialized["config"].get("dtype")
    if isinstance(dtype, str) and dtype.startswith("mixed_"):
        dtype = "float32"
    return (shape if isinstance(shape, list) else None), dtype


def _groups(classes: Sequence[str], step: int) -> list[str]:
    """Return the group of each layer: its class in snake case, and a number from the second on."""
    counts: dict[str, int] = {}
    groups = []
    for class_name in classes:
        name = snake_case(class_name)
        number = counts.get(name, 0)
        counts[name] = number + step
        groups.append(f"{name}_{number}" if number else name)
    return groups


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _free_of_slashes(name: str) -> str:
    """Return a name that Keras 3 takes, which separates groups by slashes."""
    return name.replace("/", "_")


def _free_name(wanted: str, taken: Any) -> str:
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
