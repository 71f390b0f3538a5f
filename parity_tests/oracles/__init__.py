"""The oracles: processes that own a live Keras, and the code that talks to them."""
