"""Hostile model files, each built from nothing but its own attack, around one honest GRU.

`ATTACKS` maps the name of an attack to the function that writes its file into a folder and returns
the path. `REASONS` says what the refusal of each names; an attack without one is harmless: the file
is read as if the attack were not there.
"""

from parity_tests.tests.files.attacks import (
    archives,
    bundles,
    configs,
    hdf5,
    json_models,
    saved_models,
)
from parity_tests.tests.files.attacks.table import ATTACKS, REASONS

__all__ = [
    "ATTACKS",
    "REASONS",
    "archives",
    "bundles",
    "configs",
    "hdf5",
    "json_models",
    "saved_models",
]
