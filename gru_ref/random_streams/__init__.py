"""The random numbers of TensorFlow and Keras."""
