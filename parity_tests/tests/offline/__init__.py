"""Claims that need no Keras: gru_ref held to fixtures/, and the suite to its own rules."""
