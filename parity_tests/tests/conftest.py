"""What all tests share: layers that are given no engine are computed by NumPy's.

That is what they take where gru_ref is installed alone. The tests of engines name theirs.
"""

import gc
import os

os.environ.setdefault("GRU_REF_ENGINE", "numpy")


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of garbage collection: it lives to the end."""
    gc.collect()
    gc.freeze()
