"""Masks: what Keras 2 gives to each call of a layer, what Keras 3 would, and what makes up for it.

Both let a mask go with a tensor, but not alike (3.15.1 and tf_keras 2.21):

- a recurrent layer that is called with an initial state takes no mask by itself in Keras 3, where
  ``Layer.__call__`` looks for an argument ``sequences_mask``;
- where tensors are merged, Keras 2 masks what any of them masks, Keras 3 what all of them mask, and
  nothing if one of them has no mask;
- a MultiHeadAttention of Keras 3 takes the masks off its inputs, which later layers miss.

A mask goes into nested models and out of them again in both; what Keras 3 does otherwise inside is
followed for each call of such a model with a mask.

Where a layer would get another mask, it is computed by operations of the graph, from the input of
the layers that make it, and named in the call. Where that is not possible, the layer is not
carried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gru_ref.files.limits import Budget
from gru_ref.files.writers.keras3_model.graph import LayerCall, LayerOutput, tensors_in
from gru_ref.files.writers.keras3_model.layer_table import ALIASES, MERGES_MASKS, PASSES_MASK
from gru_ref.files.writers.keras3_model.operations import Keras3Operation
from gru_ref.files.writers.keras3_model.report import NotCarriedError

_NUMPY = "keras.src.ops.numpy"
_ATTENTION = ("Attention", "AdditiveAttention")
# Their calls take one mask, so that another one can be named.
_TAKES_MASK = ("GlobalAveragePooling1D",)
# What else looks at masks; BatchNormalization does so in training alone.
_MULTI_HEAD = "MultiHeadAttention"
_LOOKS = (_MULTI_HEAD, "Softmax", "TimeDistributed", *_ATTENTION)


class MaskedLayer(NamedTuple):
    """What the way of a mask through a layer depends on.

    Parameters
    ----------
    class_name : str
        As the file names it.
    config : mapping
        Keras 3's.
    makes_mask : bool
        It, or a layer in it, makes a mask.
    is_model : bool
    recurrent : bool
    drops_mask : bool
        A mask ends here in Keras 2, and goes on in Keras 3.
    inner : InnerMasks, optional
        Of a model: what becomes of masks in it.
    """

    class_name: str
    config: Mapping[str, Any]
    makes_mask: bool
    is_model: bool
    recurrent: bool
    drops_mask: bool
    inner: InnerMasks | None = None


class MaskOrigin(NamedTuple):
    """One call that makes a mask.

    Parameters
    ----------
    layer : str
    call : int
    tensor : LayerOutput or None
        What it is made of; None for the mask of a model's output, which no operation computes.
    value : float
        The value that is masked.
    whole_step : bool
        Whether a step is masked where all its features have the value.
    """

    layer: str
    call: int
    tensor: LayerOutput | None
    value: float = 0.0
    whole_step: bool = False


Masks = frozenset[MaskOrigin]
# Of one layer and call: a node of the graph.
Node = tuple[str, int]
_NONE: Masks = frozenset()


class MaskOfTensor(NamedTuple):
    """The masks of a tensor.

    Parameters
    ----------
    old : set of MaskOrigin
        In Keras 2: a step is masked where any of them masks it.
    new : set of MaskOrigin or None
        In Keras 3, at most one; None where it is another mask, or is not known.
    hidden : bool
        It comes out of a nested model, or into one: Keras 3 does not know of it when it builds the
        graph around, or the one inside, but only in each call.
    """

    old: Masks
    new: Masks | None
    hidden: bool = False


class Wanted(NamedTuple):
    """A call that has to be given a mask by name.

    Parameters
    ----------
    layer : str
    call : int
    origins : tuple of MaskOrigin
        A step is masked where any of them masks it.
    """

    layer: str
    call: int
    origins: tuple[MaskOrigin, ...]


class Followed(NamedTuple):
    """What becomes of masks in a model.

    Parameters
    ----------
    wanted : list of Wanted
        The calls to give a mask to.
    refused : list of (layer, error)
        The layers whose masks cannot be made up for.
    masks : mapping
        Of every tensor that has any.
    """

    wanted: list[Wanted]
    refused: list[tuple[str, NotCarriedError]]
    masks: Mapping[LayerOutput, MaskOfTensor]


def wanted_masks(
    order: Sequence[tuple[str, int]],
    layers: Mapping[str, MaskedLayer],
    calls: Mapping[str, Sequence[LayerCall]],
    *,
    attention_ignores_masks: bool,
    given: Mapping[LayerOutput, MaskOfTensor] | None = None,
) -> Followed:
    """Return what becomes of masks in a model.

    Parameters
    ----------
    order : sequence of (layer, call)
        Every call after those that it depends on.
    layers, calls : mapping
        By the names of the layers.
    attention_ignores_masks : bool
        Whether MultiHeadAttention does so in the release that wrote the model.
    given : mapping, optional
        The masks of its inputs, which a model around it gives them.
    """
    masks: dict[LayerOutput, MaskOfTensor] = dict(given or {})
    wanted: list[Wanted] = []
    refused: list[tuple[str, NotCarriedError]] = []
    in_attention: Counter[LayerOutput] = Counter()
    for name, number in order:
        if number < len(calls[name]) and _class(layers[name]) == _MULTI_HEAD:
            in_attention.update(set(calls[name][number].tensors()))

    def of(tensor: LayerOutput, most: int) -> MaskOfTensor:
        """Return a tensor's masks; Keras 3 forgets them after more than `most` attentions."""
        found = masks.get(tensor, MaskOfTensor(_NONE, _NONE))
        return found._replace(new=None) if found.old and in_attention[tensor] > most else found

    for name, number in order:
        if number >= len(calls[name]):
            continue
        layer, call = layers[name], calls[name][number]
        most = int(_class(layer) == _MULTI_HEAD)
        inputs = [of(tensor, most) for tensor in tensors_in(call.first)]
        named = call.kwargs.get("mask")
        explicit = named is not None
        if explicit and isinstance(named, LayerOutput):
            own: Masks = frozenset({MaskOrigin(named.layer, named.call, None)})
            inputs = [MaskOfTensor(own, own), *inputs[1:]]
        class_name = _class(layer)
        takes = layer.recurrent or class_name in _TAKES_MASK
        differs = [one for one in inputs if one.old != one.new]
        if layer.recurrent and "initial_state" in call.kwargs and inputs and not explicit:
            differs = [inputs[0]] if inputs[0].old else []
        elif layer.recurrent:
            differs = differs if differs and differs[0] is inputs[0] else []
        looks = takes or class_name in _LOOKS or layer.is_model
        if class_name == _MULTI_HEAD:
            others = [of(tensor, most) for tensor in tensors_in(call.kwargs)]
            differs += [one for one in others if one.old != one.new]
            if attention_ignores_masks:
                differs += [one for one in (*inputs, *others) if one.old]
        if looks and differs and not explicit:
            origins = tuple(sorted(inputs[0].old, key=lambda o: (o.layer, o.call)))
            if takes and origins and all(origin.tensor is not None for origin in origins):
                wanted.append(Wanted(name, number, origins))
                inputs = [inputs[0]._replace(new=inputs[0].old), *inputs[1:]]
            else:
                refused.append((name, _not_carried(class_name)))
        if layer.inner is not None:
            outputs, errors = layer.inner.through(name, number, inputs)
            refused += errors
        else:
            outputs = _outputs(name, number, layer, call, inputs)
        for k, found in outputs.items():
            masks[LayerOutput(name, number, k)] = found
    return Followed(wanted, refused, masks)


_OUTSIDE = "\0outside"


class InnerMasks:
    """What becomes of the masks that a model's inputs are given by another model around it.

    Parameters
    ----------
    order, layers, calls
        As `wanted_masks` takes them, before masks are named.
    inputs, outputs : sequence of LayerOutput
    budget : Budget
        Pays for every combination of masks that is followed.
    attention_ignores_masks : bool
    """

    def __init__(
        self,
        order: Sequence[Node],
        layers: Mapping[str, MaskedLayer],
        calls: Mapping[str, Sequence[LayerCall]],
        inputs: Sequence[LayerOutput],
        outputs: Sequence[LayerOutput],
        budget: Budget,
        *,
        attention_ignores_masks: bool,
    ) -> None:
        self._order, self._layers = order, layers
        self._calls = {
            name: [LayerCall(call.first, dict(call.kwargs)) for call in one]
            for name, one in calls.items()
        }
        self._inputs, self._outputs = inputs, outputs
        self._budget = budget
        self._ignores = attention_ignores_masks
        self._known: dict[tuple[MaskOfTensor, ...], Followed] = {}
        self.has_multi_head: bool = any(
            _class(layer) == _MULTI_HEAD or (layer.inner is not None and layer.inner.has_multi_head)
            for layer in layers.values()
        )

    def through(
        self, name: str, number: int, inputs: Sequence[MaskOfTensor]
    ) -> tuple[dict[int, MaskOfTensor], list[tuple[str, NotCarriedError]]]:
        """Return the masks of the outputs of one call, and the layers inside that are not carried.

        Parameters
        ----------
        name, number
            The call, in the model around.
        inputs : sequence of MaskOfTensor
        """
        olds = [one.old for one in inputs]
        found = self._follow(tuple(_marked(one, olds.index(one.old)) for one in inputs))
        errors: list[tuple[str, NotCarriedError]] = []
        if any(one.old or one.new != _NONE for one in inputs):
            alone, masked = (
                {one[:2]: one.origins for one in run.wanted} for run in (self._follow(()), found)
            )
            errors = [*found.refused]
            named = {layer for layer, _ in errors}
            errors += [
                (layer, _not_carried(_class(self._layers[layer])))
                for layer, call in {**alone, **masked}
                if alone.get((layer, call)) != masked.get((layer, call)) and layer not in named
            ]
            if self.has_multi_head or len(inputs) != len(self._inputs):
                errors.append(("", _not_carried("model with a MultiHeadAttention")))
        outputs = {
            k: MaskOfTensor(
                _seen_outside(mask.old, name, number, olds) or _NONE,
                _seen_outside(mask.new, name, number, [one.new for one in inputs]),
                hidden=True,
            )
            for k, mask in enumerate(map(found.masks.get, self._outputs))
            if mask is not None
        }
        return outputs, [(f"{name}/{layer}".rstrip("/"), error) for layer, error in errors]

    def _follow(self, marked: tuple[MaskOfTensor, ...]) -> Followed:
        if marked not in self._known:
            self._budget.take_objects(len(self._order), "the masks of a model in a model")
            self._known[marked] = wanted_masks(
                self._order,
                self._layers,
                self._calls,
                attention_ignores_masks=self._ignores,
                given=dict(zip(self._inputs, marked, strict=False)),
            )
        return self._known[marked]


def _marked(mask: MaskOfTensor, number: int) -> MaskOfTensor:
    """Return a mask of the model around under a name of its own in the model inside."""
    own = frozenset({MaskOrigin(_OUTSIDE, number, None)})
    new = _NONE if mask.new == _NONE else own if mask.new == mask.old else None
    return MaskOfTensor(own if mask.old else _NONE, new, hidden=bool(mask.old))


def _seen_outside(
    origins: Masks | None, name: str, number: int, given: Sequence[Masks | None]
) -> Masks | None:
    """Return a mask of a model inside, as the model around knows it; None is not known."""
    if origins is None:
        return None
    seen: Masks = _NONE
    for origin in origins:
        if origin.layer != _OUTSIDE:
            layer = f"{name}/{origin.layer}/{origin.call}"
            seen |= {MaskOrigin(layer, number, None)}
            continue
        through = given[origin.call]
        if through is None:
            return None
        seen |= through
    return seen


def _not_carried(class_name: str) -> NotCarriedError:
    return NotCarriedError(
        f"a mask at a {class_name}", "Keras 3 merges and passes masks on in another way"
    )


def _class(layer: MaskedLayer) -> str:
    return ALIASES.get(layer.class_name, layer.class_name)


def _outputs(
    name: str, number: int, layer: MaskedLayer, call: LayerCall, inputs: Sequence[MaskOfTensor]
) -> dict[int, MaskOfTensor]:
    """Return the masks of a call's outputs, by their numbers."""
    class_name = _class(layer)
    if not inputs:
        return {}
    if class_name in ("Embedding", "Masking"):
        if not layer.makes_mask:
            return {}
        value = 0.0 if class_name == "Embedding" else layer.config.get("mask_value", 0.0)
        tensor = next(tensors_in(call.first))
        own = frozenset({MaskOrigin(name, number, tensor, value, class_name == "Masking")})
        return {0: MaskOfTensor(own, own)}
    if layer.recurrent:
        return {0: inputs[0]} if _returns_sequences(layer) else {}
    if layer.drops_mask:
        return {0: MaskOfTensor(_NONE, inputs[0].new)}
    if class_name in PASSES_MASK or class_name in _ATTENTION:
        return {0: inputs[0]}
    if class_name not in MERGES_MASKS or class_name == "Dot":
        return {}
    old = _NONE.union(*(one.old for one in inputs))
    news = {one.new for one in inputs}
    hidden = {one.hidden for one in inputs}
    alike = len(news) == 1 and not (class_name == "Concatenate" and len(hidden) > 1)
    new = news.pop() if alike else (None if old else _NONE)
    return {0: MaskOfTensor(old, new, hidden=True in hidden)}


def operations_of(origin: MaskOrigin) -> list[Keras3Operation]:
    """Return the operations that compute a mask one after the other, without the first argument."""
    found = [Keras3Operation(_NUMPY, "NotEqual", {}, [origin.value])]
    if origin.whole_step:
        found.append(Keras3Operation(_NUMPY, "Any", {"axis": -1, "keepdims": False}, []))
    return found


def both(other: LayerOutput) -> Keras3Operation:
    """Return the operation that joins another mask with a first one."""
    return Keras3Operation(_NUMPY, "LogicalAnd", {}, [other])


_TAKES_MASKS = (*_LOOKS, *_TAKES_MASK, "BatchNormalization")


def mask_nodes(
    order: Sequence[Node],
    layers: Mapping[str, MaskedLayer],
    calls: Mapping[str, Sequence[LayerCall]],
) -> dict[Node, list[Node]]:
    """Return the nodes that Keras 3 adds to a graph for masks, and what they and layers depend on.

    They make other layers deeper, which changes the order of the layers. Added nodes have names
    that no layer has: a letter of number 0, and a number.

    Source
    ------
    compute_mask of Embedding, Masking, Concatenate, the merging layers and the attentions (3.15.1).
    """
    added: dict[Node, list[Node]] = {}
    masks: dict[LayerOutput, Node] = {}

    def add(*parents: Node) -> Node:
        node = (f"\0{len(added)}", 0)
        added[node] = list(parents)
        return node

    uses: dict[Node, list[Node]] = {}
    for name, number in order:
        if number >= len(calls[name]):
            continue
        layer, call = layers[name], calls[name][number]
        class_name = _class(layer)
        tensors = list(tensors_in(call.first))
        own = [masks.get(tensor) for tensor in tensors]
        given = call.kwargs.get("mask")
        if isinstance(given, LayerOutput):
            own = [(given.layer, given.call), *own[1:]]
        elif class_name in _TAKES_MASKS or layer.is_model or layer.recurrent:
            if class_name == _MULTI_HEAD:
                own += [masks.get(tensor) for tensor in tensors_in(call.kwargs)]
            if "initial_state" not in call.kwargs:
                uses[name, number] = [mask for mask in own if mask is not None]
        result = _result_node(layer, class_name, tensors, own, add)
        if result is not None:
            masks[LayerOutput(name, number, 0)] = result
    return {**added, **uses}


def _result_node(
    layer: MaskedLayer,
    class_name: str,
    tensors: Sequence[LayerOutput],
    own: Sequence[Node | None],
    add: Callable[..., Node],
) -> Node | None:
    """Return the node of the mask of a call's first output."""
    calls = [(tensor.layer, tensor.call) for tensor in tensors]
    first = own[0] if own else None
    if class_name in ("Embedding", "Masking"):
        if not layer.makes_mask or not calls:
            return None
        compared = add(calls[0])
        return add(compared) if class_name == "Masking" else compared
    if layer.recurrent:
        return first if _returns_sequences(layer) else None
    if class_name in PASSES_MASK or layer.drops_mask or layer.is_model:
        return first
    if class_name in _ATTENTION:
        return None if first is None else add(first)
    if class_name == "Concatenate" and any(own):
        parts = [
            add(at) if mask is None else add(add(mask), add(at))
            for mask, at in zip(own, calls, strict=True)
        ]
        return add(add(*parts))
    if class_name in MERGES_MASKS and class_name != "Dot" and first is not None and all(own):
        for mask in own[1:]:
            first = add(first, mask)
        return first
    return None


def _returns_sequences(layer: MaskedLayer) -> bool:
    config = layer.config.get("layer", {}).get("config", {})
    return bool(layer.config.get("return_sequences", config.get("return_sequences")))
