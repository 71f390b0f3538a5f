"""Every kind of file that releases of Keras write, read by gru_ref and compared with Keras."""
