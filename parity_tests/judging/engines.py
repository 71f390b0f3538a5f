"""Which engine computes a call: what the layer says of it, and what is seen to run."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from gru_ref.core import loop
from gru_ref.engines import choice

CORE = "core"
# All that are compared beside it, whether they are installed or not.
FASTER = tuple(name for name in reversed(choice.ENGINES) if name != CORE)


class WrongEngine(AssertionError):
    """An engine computed what the layer says it does not, or another one what it says it does."""


def installed() -> tuple[str, ...]:
    """Return the faster engines that can be used here."""
    return tuple(name for name in FASTER if name != "numba" or choice.numba_is_installed())


class KernelWatch:
    """What ran: how often a kernel of each engine and the core's loop, and why it was the core."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.reasons: list[str] = []

    def reason(self, name: str, layer: Any) -> str:
        """Return why an engine did not compute all of what ran; empty where it did.

        Parameters
        ----------
        name : str
            The engine that was asked for.
        layer : GRU, RNN or Bidirectional
            The layer that was called.

        Raises
        ------
        WrongEngine
            What ran is not what the layer and the choice of the engine say.
        """
        reasons = [reason for reason in (refusal(name, layer), *self.reasons) if reason]
        others = sorted(set(self.ran) - {name})
        if not reasons and (others or not self.ran[name]):
            ran = ", ".join(others) or "nothing"
            raise WrongEngine(f"{name} computes the call as the layer says, but {ran} ran")
        if reasons and not others:
            raise WrongEngine(f"{name} ran alone, though the layer says: {reasons[0]}")
        return reasons[0] if reasons else ""


@contextlib.contextmanager
def watch() -> Iterator[KernelWatch]:
    """Count every run of a kernel and of the core's loop, and note why a call is the core's."""
    seen = KernelWatch()

    def counted(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            seen.ran[name] += 1
            return function(*arguments, **keywords)

        return run

    def noted(*arguments: Any) -> str | None:
        reason = call_reason(*arguments)
        if reason:
            seen.reasons.append(reason)
        return reason

    call_reason = choice.call_reason
    with contextlib.ExitStack() as stack:
        for name in installed():
            kernel: Any = choice._kernel_class(name)
            stack.enter_context(mock.patch.object(kernel, "advance", counted(kernel.advance, name)))
        stack.enter_context(mock.patch.object(loop, "run_cells", counted(loop.run_cells, CORE)))
        stack.enter_context(mock.patch.object(choice, "call_reason", noted))
        yield seen


@contextlib.contextmanager
def for_large_batches(name: str) -> Iterator[None]:
    """Let an engine compute a batch of two rows and more as it computes a large one."""
    if name != "numba":
        yield
        return
    from gru_ref.engines import numba_kernel

    with mock.patch.object(numba_kernel, "SMALL_SIZE", 0):
        yield


def refusal(name: str, layer: Any) -> str:
    """Return why an engine computes no plain call of a layer; empty where it does."""
    directions = [getattr(layer, each, None) for each in ("forward_layer", "backward_layer")]
    for one in filter(None, directions if all(directions) else [layer]):
        serving = one._serving_engine()
        if serving.name != name:
            return str(serving.reason).removeprefix(f"{name} does not serve it: ")
    return ""
