"""`make parity-full`: the full product of the structural axes, case by case, on live Keras."""
