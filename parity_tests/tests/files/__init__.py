"""The readers of `gru_ref.files`, held to files that live Keras wrote and to hostile ones."""
