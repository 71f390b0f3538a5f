"""The tests that need live Keras; `python -m parity_tests` runs them."""
