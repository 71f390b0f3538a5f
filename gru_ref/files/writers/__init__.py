"""Writers: bundles, and files that Keras 3 opens."""
