"""What all tests share: layers that are given no engine are computed by NumPy's.

That is what they take where gru_ref is installed alone. The tests of engines name theirs.
"""

import os

os.environ.setdefault("GRU_REF_ENGINE", "numpy")
