"""The version of gru_ref, as pyproject.toml has it."""

__version__ = "0.1.0"
