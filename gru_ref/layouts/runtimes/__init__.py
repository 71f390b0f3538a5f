"""Layouts, a file a runtime: its `FACTS`, ``to_layout`` and ``from_layout``."""
