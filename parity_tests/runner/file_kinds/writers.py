"""THE TABLE of what writes the files: its environment, the Keras in it, what it writes.

Environments are those of `make drift`, in the same folder.
"""

from __future__ import annotations

from typing import NamedTuple

from parity_tests.runner.drift.releases import DriftRelease

PLAIN = ("json", "model_h5", "npz")
KERAS_1 = (*PLAIN, "weights_alone_h5")
KERAS_2 = (*KERAS_1, "checkpoint", "saved_model")
GRAPHS = ("tflite", "tflite_float16", "tflite_int8")
LATE_KERAS_2 = (*KERAS_2, "weights_h5", "model_keras")
KERAS_3 = (*PLAIN, "weights_h5", "model_keras", "checkpoint")


class KindWriter(NamedTuple):
    """One writer of files.

    Parameters
    ----------
    name : str
        Of the column of docs/file-kinds.md, and of the folder of its files.
    release : DriftRelease
        The environment that it runs in.
    package : str
        "tf.keras", "tf_keras" or "keras".
    kinds : tuple of str
        Of `parity_tests.recording.files.live_file_kinds.KINDS`.
    variables : tuple of (name, value)
        Of the environment of its process.
    """

    name: str
    release: DriftRelease
    package: str
    kinds: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()


def _alone(name: str) -> DriftRelease:
    """Return the release of an environment of its own."""
    return DriftRelease(name, name, (), 2)


_THEANO = (("KERAS_BACKEND", "theano"), ("THEANO_FLAGS", "cxx=,mode=FAST_COMPILE"))
_LEGACY = (("TF_USE_LEGACY_KERAS", "1"),)
_NEWEST = DriftRelease("keras-3.15", "tf-2.21", (), 3)
_OVER_NEWEST = {
    name: DriftRelease(name, "tf-2.21", (f"keras=={version}",), 3)
    for name, version in {"keras-3.0": "3.0.5", "keras-3.5": "3.5.0"}.items()
}
_ONNX = DriftRelease("onnx", "onnx", (), 3)

WRITERS = (
    KindWriter("Keras 1.0.8", _alone("keras-1.0.8"), "keras", KERAS_1, _THEANO),
    KindWriter("Keras 1.2.2", _alone("keras-1.2.2"), "keras", KERAS_1, _THEANO),
    KindWriter("Keras 2.3.1", _alone("keras-2.3.1"), "keras", KERAS_1),
    KindWriter("TF 2.0", _alone("tf-2.0"), "tf.keras", KERAS_2),
    KindWriter("TF 2.1", _alone("tf-2.1"), "tf.keras", KERAS_2),
    KindWriter("TF 2.3", _alone("tf-2.3"), "tf.keras", (*KERAS_2, *GRAPHS)),
    KindWriter("TF 2.6", _alone("tf-2.6"), "tf.keras", (*KERAS_2, *GRAPHS)),
    KindWriter("TF 2.9", _alone("tf-2.9"), "tf.keras", KERAS_2),
    KindWriter("TF 2.12", _alone("tf-2.12"), "tf.keras", (*LATE_KERAS_2, "v3_keras")),
    KindWriter("TF 2.15", _alone("tf-2.15"), "tf.keras", (*LATE_KERAS_2, "export", *GRAPHS)),
    KindWriter(
        "tf_keras 2.21", DriftRelease("tf_keras-2.21", "tf-2.21", (), 2), "tf_keras",
        LATE_KERAS_2, _LEGACY,
    ),
    KindWriter("tf2onnx 1.17", _ONNX, "tf_keras", ("onnx",), _LEGACY),
    KindWriter("Keras 3.0", _OVER_NEWEST["keras-3.0"], "keras", KERAS_3),
    KindWriter("Keras 3.5", _OVER_NEWEST["keras-3.5"], "keras", KERAS_3),
    KindWriter("Keras 3.15", _NEWEST, "keras", (*KERAS_3, "export", *GRAPHS)),
    KindWriter("Keras 3.15 to ONNX", _ONNX, "keras", ("onnx",)),
)  # fmt: skip
BY_NAME = {writer.name: writer for writer in WRITERS}
