"""Golden vectors of a GRU to take away: for tests of a port in any language."""

from __future__ import annotations

from gru_ref.debugging.vectors.golden import GoldenVector
from gru_ref.debugging.vectors.making import vectors
from gru_ref.debugging.vectors.report import GoldenVectors

__all__ = ["GoldenVector", "GoldenVectors", "vectors"]
