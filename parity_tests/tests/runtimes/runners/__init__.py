"""One file a runtime: how it runs a layout, and which names and shapes its own parameters have."""
