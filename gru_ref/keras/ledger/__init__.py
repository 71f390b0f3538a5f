"""The ledger: how each Keras release behaves, one row per behaviour, each with its source.

Only the ledger and `gru_ref.keras.serialization` ask for a version: the rest of gru_ref asks a
`Behaviour`, which has one field per row. Each topic is a file here, each row a field of its class.
"""

from gru_ref.keras.ledger.behaviour import LEDGER, Behaviour, resolve

__all__ = ["LEDGER", "Behaviour", "resolve"]
