"""The recorders of model files, most of which run inside old TensorFlows, and their readers."""
