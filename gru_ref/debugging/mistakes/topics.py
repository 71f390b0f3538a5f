"""The mistakes by topic: what a port that lacks an argument cannot make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.errors import shown
from gru_ref.layouts.names import suggestion

MASKS, INITIAL_STATE = "masks", "initial_state"
# Topic → its mistakes, by words in their names.
_WORDS: Mapping[str, tuple[str, ...]] = {
    MASKS: ("mask ignored", "mask inverted", "zero_output_for_mask"),
    INITIAL_STATE: ("initial_state",),
    "stateful": ("recorded state",),
    "go_backwards": ("go_backwards", "reversed output"),
    "time_major": ("batch and time",),
    "dropout": ("dropout",),
    "activations": ("activation", "sigmoid"),
    "bias": ("bias",),
}
TOPICS: Mapping[str, tuple[str, ...]] = {
    topic: tuple(
        name
        for name in BY_NAME
        if any(word in name for word in words) and (topic == "dropout" or "dropout" not in name)
    )
    for topic, words in _WORDS.items()
}


def mistakes_of(words: Iterable[str]) -> frozenset[str]:
    """Return the names of the mistakes that some words mean: topics, or names themselves.

    Raises
    ------
    TypeError
        `words` is one string.
    ValueError
        A word is neither.

    Examples
    --------
    >>> sorted(mistakes_of(["stateful", "bias dropped"]))
    ['bias dropped', 'recorded state dropped']
    """
    if isinstance(words, str):
        raise TypeError(f"ignore is {shown(words)}, expected several words, as ({words!r},)")
    names: set[str] = set()
    for word in words:
        if word not in TOPICS and word not in BY_NAME:
            known = (*TOPICS, *BY_NAME)
            raise ValueError(
                f"ignore is {shown(word)}, expected one of {', '.join(TOPICS)} or the name of a "
                f"mistake{suggestion(word, known)}"
            )
        names.update(TOPICS.get(word, (word,)))
    return frozenset(names)
