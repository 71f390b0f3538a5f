"""THE TABLE of releases that `make drift` runs: name, Python, what is installed.

tox.ini's environments, the folders of build/drift and the columns of docs/drift.md are made of it.
`make files` takes its environments from `HOSTS` too.
"""

from __future__ import annotations

from typing import NamedTuple


class HostEnvironment(NamedTuple):
    """An environment with a TensorFlow or Theano: the Python it needs, and the requirements."""

    python: str
    requirements: tuple[str, ...]


class DriftRelease(NamedTuple):
    """One release: the host that it runs in, and what is laid over that host.

    Parameters
    ----------
    name : str
        Of the tox environment and of the files that are recorded.
    host : str
        Of `HOSTS`.
    overlay : tuple of str
        Requirements, installed without their dependencies, that go before the host's own.
    generation : int
        Of Keras.
    """

    name: str
    host: str
    overlay: tuple[str, ...]
    generation: int

    @property
    def oracle(self) -> str:
        """Whose cases of the matrix it runs."""
        return f"keras{self.generation}"


# TensorFlow up to 2.6 fails with a protobuf of generated code (3.21 on), up to 2.2 with h5py 3, and
# up to 2.15 with NumPy 2.
_THEANO = ("theano==1.0.5", "numpy<1.20", "h5py<3", "scipy<1.6")
_TF_2_21 = ("tensorflow-cpu==2.21.0", "tf_keras==2.21.0", "keras==3.15.1")
HOSTS = {
    # For `make files` alone, as are tf-2.0, tf-2.9 and onnx.
    "keras-1.0.8": HostEnvironment("3.7", ("keras==1.0.8", *_THEANO)),
    "keras-1.2.2": HostEnvironment("3.7", ("keras==1.2.2", *_THEANO)),
    "keras-2.3.1": HostEnvironment(
        "3.7", ("tensorflow==1.15.5", "keras==2.3.1", "protobuf<3.21", "h5py<3", "numpy<1.20")
    ),
    "tf-2.0": HostEnvironment(
        "3.7", ("tensorflow==2.0.4", "protobuf<3.21", "h5py<3", "numpy<1.20")
    ),
    "tf-2.1": HostEnvironment("3.7", ("tensorflow-cpu==2.1.4", "protobuf<3.21", "h5py<3")),
    "tf-2.2": HostEnvironment("3.7", ("tensorflow-cpu==2.2.3", "protobuf<3.21", "h5py<3")),
    "tf-2.3": HostEnvironment("3.8", ("tensorflow-cpu==2.3.4", "protobuf<3.21")),
    "tf-2.5": HostEnvironment("3.8", ("tensorflow-cpu==2.5.3", "protobuf<3.21")),
    "tf-2.6": HostEnvironment("3.8", ("tensorflow-cpu==2.6.5", "keras==2.6.0", "protobuf<3.21")),
    "tf-2.9": HostEnvironment("3.10", ("tensorflow-cpu==2.9.3", "numpy<2", "protobuf<3.20")),
    "tf-2.10": HostEnvironment("3.10", ("tensorflow-cpu==2.10.1", "numpy<2")),
    "tf-2.12": HostEnvironment("3.11", ("tensorflow-cpu==2.12.1", "numpy<2")),
    "tf-2.15": HostEnvironment("3.11", ("tensorflow-cpu==2.15.1", "numpy<2")),
    # dm-tree: Keras 3.0 to 3.7 import it, and none later asks for it.
    "tf-2.21": HostEnvironment("3.11", (*_TF_2_21, "dm-tree==0.1.10")),
    "onnx": HostEnvironment(
        "3.11",
        (*_TF_2_21, "tf2onnx==1.17.0", "onnx==1.23.2", "onnxruntime==1.32.0", "onnxscript==0.7.2"),
    ),
}

RELEASES = (
    *(
        DriftRelease(name, name, (), 2)
        for name in (
            "tf-2.1", "tf-2.2", "tf-2.3", "tf-2.5", "tf-2.6", "tf-2.10", "tf-2.12", "tf-2.15",
        )
    ),
    DriftRelease("tf_keras-2.21", "tf-2.21", (), 2),
    DriftRelease("keras-3.0", "tf-2.21", ("keras==3.0.5",), 3),
    DriftRelease("keras-3.1", "tf-2.21", ("keras==3.1.1",), 3),
    DriftRelease("keras-3.2", "tf-2.21", ("keras==3.2.1",), 3),
    DriftRelease("keras-3.4", "tf-2.21", ("keras==3.4.1",), 3),
    DriftRelease("keras-3.5", "tf-2.21", ("keras==3.5.0",), 3),
    DriftRelease("keras-3.7", "tf-2.21", ("keras==3.7.0",), 3),
    DriftRelease("keras-3.8", "tf-2.21", ("keras==3.8.0",), 3),
    DriftRelease("keras-3.11", "tf-2.21", ("keras==3.11.3",), 3),
    DriftRelease("keras-3.12", "tf-2.21", ("keras==3.12.4",), 3),
    DriftRelease("keras-3.14", "tf-2.21", ("keras==3.14.1",), 3),
    DriftRelease("keras-3.15", "tf-2.21", (), 3),
)  # fmt: skip
BY_NAME = {release.name: release for release in RELEASES}
