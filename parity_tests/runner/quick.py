"""The part of the matrix that `--quick` runs: the cases of which fixtures/ hold golden outputs.

They hold every pair of levels of the structural axes, at tolerance zero, and every activation in
both of its places; live Keras, gru_ref and the golden file are compared, so all four verdicts can
come of it. The run itself checks that every mistake shows.
"""

from __future__ import annotations

from parity_tests.recording import golden

# Claims about live Keras beside the sweeps that take no time.
ALSO = ("test_three_sources_agree",)


def holds(test_name: str) -> bool:
    """Return whether the part has a test.

    Examples
    --------
    >>> holds("test_within_the_bound_keras3:double+mask-first-step")
    True
    >>> holds("test_within_the_bound_keras3:single+mask-first-step")
    False
    """
    head, _, case_id = test_name.partition(":")
    if head.startswith(ALSO):
        return True
    return bool(golden.cases_named(head[-len("keras3") :], case_id))
