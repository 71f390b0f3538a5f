"""What the half types add to the table: their limits, sweeps and bounds. Data only.

float16 has 11 significant bits and an exponent that ends at 65504, bfloat16 8 bits and the exponent
of float32. Both are computed in by the dtype of their name, whose weights are of that type too, and
by a mixed policy, whose weights are float32.
"""

from parity_tests.matrix.axes import FUSED, STATES, Sweep
from parity_tests.matrix.bounds import Bound

DTYPES = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")

# The integers that a type holds, one and all; "" is float32.
LIMITS = {"": 2.0**24, "float16": 2.0**11, "bfloat16": 2.0**8}

# From here on its tanh is 1 and its sigmoid 0 or 1, exactly.
SATURATION = {"": 2.0**7, "float16": 2.0**5, "bfloat16": 2.0**7}

# The k of the weights 2**k in the saturated lane: float16 is not to overflow.
EXPONENT = {"float16": 10, "bfloat16": 12}
LARGEST = {"float16": 2.0**15, "bfloat16": 2.0**120}

# What a changed block changes in the lane half, at least.
NOTICEABLE = {"float16": 2.0**-5, "bfloat16": 2.0**-4}

# Fewer calls than in the sweeps of float32: integers soon pass 2**8.
CALLS = ("off", "two-calls")

_HALF = {
    "mistakes_in_one_of": 1,
    "dtypes": DTYPES,
    "exact_activations": ("relu", "relu"),  # behind linear gates a state soon passes 2**8
}
SWEEPS = {
    "half-structure": Sweep(
        "every pair of axes at tolerance zero, in each of the four dtypes",
        ("exact", "saturated"),
        strength=2,
        fixed={"stateful": CALLS},
        **_HALF,
    ),
    "half-fused": Sweep(
        "the fused path rounds in code of its own",
        ("saturated", "half"),
        oracles=("keras2",),
        strength=2,
        fixed={**FUSED, "stateful": CALLS},
        **_HALF,
    ),
    "half-rounded": Sweep(
        "tanh and sigmoid between their limits, where every operation rounds",
        ("half",),
        strength=2,
        **_HALF,
    ),
    "half-sequences": Sweep(
        "outputs that are the states let each step be judged by itself",
        ("half",),
        strength=2,
        fixed=STATES,
        timesteps=12,
        **_HALF,
    ),
}

# As of matrix.bounds.
STEP_LOCAL = ("half-sequences",)

# An error that live Keras shows on one CPU and not on another is as good as one between the two.
BOUNDS = (
    Bound(
        "half",
        "half",
        ("any",),
        ("any",),
        (),
        3,
        0,
        "bit-equal here; a CPU that rounds bfloat16 products, not cuts them off, is 2 eps away",
    ),
)
