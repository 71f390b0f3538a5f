"""What a search that found nothing has not tried."""

from __future__ import annotations

# Of a last state every hypothesis is a run over all timesteps.
_FOR_SEQUENCES = (
    "rare activations, and a gate order for each array: with the outputs of every step they are"
)
# Two rare ones at once are hundreds of pairs.
_FOR_NAMES = (
    "softmax, and pairs of activations of which neither is usual: what activation and "
    "recurrent_activation name is tried in every pair"
)


def untried(*, sequence: bool, named: bool) -> tuple[str, ...]:
    """Return what was not tried.

    Parameters
    ----------
    sequence : bool
        The outputs of every step are there.
    named : bool
        An activation is given.
    """
    limits = [] if sequence else [_FOR_SEQUENCES]
    return (*limits, *([] if named else [_FOR_NAMES]))
