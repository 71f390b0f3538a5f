"""gru_ref run on a case, compared with live Keras, and judged by the table."""
