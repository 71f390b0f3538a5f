"""Lint for test vectors: the classic mistakes that a test cannot see, and a test that sees them."""

from __future__ import annotations

from gru_ref.debugging.lint.better import Better, DrawnTest
from gru_ref.debugging.lint.linting import Finding, Lint, lint_vectors
from gru_ref.debugging.lint.reasons import Reason

__all__ = ["Better", "DrawnTest", "Finding", "Lint", "Reason", "lint_vectors"]
