"""The ledger: which Keras release behaves how, one row a behaviour, each with its source.

Nothing outside it and `gru_ref.keras.serialization` asks for a version: the rest of gru_ref asks a
`Behaviour`, one field a row. A topic is a file here, a row a field of its class.
"""

from gru_ref.keras.ledger.behaviour import LEDGER, Behaviour, resolve

__all__ = ["LEDGER", "Behaviour", "resolve"]
