"""Which layer of a config the arrays of a GRU belong to, by the names in their path."""

from __future__ import annotations

from collections.abc import Sequence

from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.model_config import Leaf


def match_leaves(found: Sequence[Found], leaves: Sequence[Leaf]) -> list[tuple[Found, Leaf | None]]:
    """Return GRUs with their layers, in the order of the config, then those that it does not list.

    Parameters
    ----------
    found : sequence
        Their paths hold the names of the layers around them: "bidirectional/forward_gru/gru_cell".
    leaves : sequence
        The layers that may be GRUs.

    Notes
    -----
    The layer's own name counts before those of the layers around it. What no name settles is
    settled by the order if as many are left on both sides.
    """
    left = list(leaves)
    pairs: dict[int, Leaf] = {}
    for own in (True, False):
        for place, one in enumerate(found):
            parts = set(one.path.split("/"))
            alike = [leaf for leaf in left if parts & (leaf.own_names if own else set(leaf.names))]
            if place not in pairs and len(alike) == 1:
                pairs[place] = alike[0]
                left.remove(alike[0])
    rest = [place for place in range(len(found)) if place not in pairs]
    if len(rest) == len(left):
        pairs.update(zip(rest, left, strict=True))
    order = {id(leaf): place for place, leaf in enumerate(leaves)}
    matched = [(one, pairs.get(place)) for place, one in enumerate(found)]
    return sorted(matched, key=lambda pair: order.get(id(pair[1]), len(order)))
