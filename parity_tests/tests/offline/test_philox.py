"""The random words are Random123's, and the numbers made of them TensorFlow's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref.core.rounding import numpy_dtype
from gru_ref.random_streams import philox
from gru_ref.random_streams.philox import Stream

# Random123, tests/kat_vectors, philox4x32 10: counter, key, answer.
KNOWN_ANSWERS = [
    "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
]
TOP = 0xFFFFFFFF
ZERO = Stream((0, 0), (0, 0, 0, 0))
# tf.random.stateless_* with the seed [7, 2], TensorFlow 2.21 on a CPU. Of the uniforms also with
# jit_compile=True, and with seeds beyond one word and negative ones.
UNIFORMS: dict[str, tuple[tuple[int, int], str, bool, list[float]]] = {
    "16": ((7, 2), "float16", False, [0.2217, 0.03906, 0.3877]),
    "32": ((7, 2), "float32", False, [0.22646749, 0.09326649, 0.8319565]),
    "64": ((7, 2), "float64", False, [0.8117399981119977, 0.6556528439676044, 0.2563065012259611]),
    "xla32": ((7, 2), "float32", True, [0.20552039, 0.08026028, 0.5856092]),
    "xla64": (
        (7, 2),
        "float64",
        True,
        [0.08026028615551062, 0.8365161748569478, 0.8458295136028513],
    ),
    "negative": ((-7, -2), "float32", False, [0.7080883, 0.48767126]),
    "long": ((2**40 + 7, 2), "float32", False, [0.7522085, 0.48694372]),
    "longest": ((2**63 - 1, -(2**63)), "float32", False, [0.4237498, 0.91029835, 0.5814179]),
    "brain16": ((7, 2), "bfloat16", False, [0.7734375, 0.3125, 0.1015625]),
    "xla-brain16": ((7, 2), "bfloat16", True, [0.205078125, 0.080078125, 0.58203125, 0.8359375]),
}
NORMALS: dict[str, list[float]] = {
    "float32": [0.9531441926956177, 1.4359053373336792, 0.581122100353241],
    "float64": [-0.5356726617302432, -0.3608395466189984, 1.3935075157352264],
}
# Place → number, of the float32 normals.
LOGARITHMS = {
    37: 0.7445597648620605,
    52: 0.8130319118499756,
    60: -1.4279241561889648,
    70: 0.3937167823314667,
    71: -0.7757763266563416,
    100: -0.6402671933174133,
}
# The first five, and the last two of 9001.
TRUNCATED: dict[str, tuple[list[float], list[float]]] = {
    "float32": (
        [0.9531441926956177, 1.4359053373336792, 0.581122100353241, -0.17391753196716309,
         1.146563172340393],
        [-0.18846338987350464, -0.21748137474060059],
    ),
    "float64": (
        [-0.5356726617302432, -0.3608395466189984, -0.2597341488068996, 0.42985699914943104,
         0.09249837966299365],
        [0.2022219020319381, 0.6111597672142813],
    ),
}  # fmt: skip
# The float64 functions rounded to float32 against the C library's: 3 ULP.
WITHIN = {"float32": 3 * 2.0**-23, "float64": 4e-16}


def _known_answer(vector: str) -> tuple[Any, Any, list[int]]:
    """Return the counter, the key and the answer of a vector."""
    words = [int(word, 16) for word in vector.split()]
    return tuple(words[:4]), tuple(words[4:6]), words[6:]


class TestWords:
    """The counter-based core, without TensorFlow."""

    @parameterized.expand(KNOWN_ANSWERS)
    def test_the_known_answers_of_random123(self, vector: str) -> None:
        counter, key, answer = _known_answer(vector)
        block = philox.philox4x32(np.array([counter], np.uint32), np.array(key, np.uint32))
        assert block[0].tolist() == answer
        assert Stream(key, counter).words(4).tolist() == answer

    @parameterized.expand(
        [
            ("32-bits", (TOP, 5, 6, 7), (0, 6, 6, 7)),
            ("64-bits", (TOP, TOP, 6, 7), (0, 0, 7, 7)),
            ("96-bits", (TOP, TOP, TOP, 7), (0, 0, 0, 8)),
            ("128-bits", (TOP, TOP, TOP, TOP), (0, 0, 0, 0)),
        ]
    )
    def test_the_counter_carries(self, name: str, before: Any, after: Any) -> None:
        second = Stream((1, 2), before).words(8)[4:].tolist()
        assert second == Stream((1, 2), after).words(4).tolist()
        assert Stream((1, 2), before).skip(1).counter == after

    @parameterized.expand([(0,), (1,), (4,), (7,)])
    def test_fewer_words_are_the_first_of_more(self, count: int) -> None:
        assert ZERO.words(count).tolist() == ZERO.words(40)[:count].tolist()

    def test_skipping_leaves_whole_blocks_out(self) -> None:
        assert ZERO.skip(3).words(8).tolist() == ZERO.words(20)[12:].tolist()

    def test_any_order_of_blocks(self) -> None:
        places = np.array([5, 0, 5, 2])
        blocks = ZERO.words(24).reshape(-1, 4)
        np.testing.assert_array_equal(ZERO.blocks(places), blocks[places])


class TestNumbers:
    """What the kernels of TensorFlow make of the words."""

    @parameterized.expand(UNIFORMS)
    def test_uniforms_are_tensorflows(self, name: str) -> None:
        seeds, given, xla, expected = UNIFORMS[name]
        dtype = numpy_dtype(given)
        drawn = philox.uniform(philox.scrambled(*seeds), (1, len(expected)), dtype, xla=xla)
        np.testing.assert_array_equal(drawn, np.array([expected], dtype))
        assert drawn.dtype == dtype

    @parameterized.expand(NORMALS)
    def test_normals_are_tensorflows(self, dtype: str) -> None:
        drawn = philox.normal(philox.scrambled(7, 2), (3,), dtype)
        assert drawn.dtype == dtype
        np.testing.assert_allclose(drawn, NORMALS[dtype], rtol=WITHIN[dtype], atol=0)

    def test_the_logarithm_of_float32_is_rounded_once(self) -> None:
        """Of numbers that a float32 logarithm of NumPy gives otherwise, TensorFlow 2.21's."""
        drawn = philox.normal(philox.scrambled(7, 2), (102,), "float32")
        assert [float(drawn[place]) for place in LOGARITHMS] == list(LOGARITHMS.values())

    @parameterized.expand(TRUNCATED)
    def test_truncated_normals_are_tensorflows(self, dtype: str) -> None:
        first, last = TRUNCATED[dtype]
        drawn = philox.truncated_normal(philox.scrambled(7, 2), (9001,), dtype)
        assert drawn.dtype == dtype
        np.testing.assert_allclose(drawn[:5], first, rtol=WITHIN[dtype], atol=0)
        np.testing.assert_allclose(drawn[-2:], last, rtol=WITHIN[dtype], atol=0)

    @parameterized.expand(
        itertools.product(("uniform", "normal", "truncated_normal"), ("float32", "float64"))
    )
    def test_fewer_numbers_are_the_first_of_more(self, name: str, dtype: str) -> None:
        draw = getattr(philox, name)
        many = draw(ZERO, (9, 7), dtype).ravel()
        for count in (0, 1, 2, 5, 62):
            np.testing.assert_array_equal(draw(ZERO, (count,), dtype), many[:count])

    @parameterized.expand(TRUNCATED)
    def test_truncated_normals_are_the_normals_of_their_blocks_within_2(self, dtype: str) -> None:
        size, blocks = {"float32": (4, 256), "float64": (2, 128)}[dtype]
        drawn = philox.truncated_normal(ZERO, (400 * size,), dtype).reshape(400, size)
        for group in range(400):
            own = philox.normal(ZERO.skip(blocks * group), (20 * size,), dtype)
            np.testing.assert_array_equal(drawn[group], own[abs(own) < 2][:size])

    @parameterized.expand(
        [
            ("uniform", "int32", {}),
            ("uniform", "int32", {"xla": True}),
            ("normal", "int32", {}),
            ("truncated_normal", "int32", {}),
        ]
    )
    def test_no_other_dtypes(self, name: str, dtype: str, options: dict[str, bool]) -> None:
        with pytest.raises(ValueError, match=f"dtype is '{dtype}', expected float"):
            getattr(philox, name)(ZERO, (2,), dtype, **options)
