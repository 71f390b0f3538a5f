"""Live Keras in processes of its own; what runs there keeps to Python 3.7."""
