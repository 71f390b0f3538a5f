"""Lint for test vectors: the classic mistakes that a test cannot see, and a test that sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gru_ref.debugging.lint.better import Better, DrawnTest
from gru_ref.debugging.lint.linting import Finding, Lint, lint_vectors
from gru_ref.debugging.lint.reasons import Reason
from gru_ref.submodules import attach

__all__ = ["Better", "DrawnTest", "Finding", "Lint", "Reason", "lint_vectors"]

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
