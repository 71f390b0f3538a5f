"""THE TABLE of the Keras releases that write the whole models of `make models`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from parity_tests.runner.drift.environments import Environments
from parity_tests.runner.drift.releases import BY_NAME, HOSTS, HostEnvironment

_THEANO = ("theano==1.0.5", "numpy<1.20", "h5py<3", "scipy<1.6")
_TENSORFLOW_1 = ("tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19", "h5py<3", "scipy<1.6")


class Writer(NamedTuple):
    """One release that writes models.

    Parameters
    ----------
    name : str
        Of the folder of its models, and of its environment.
    package : str
        What the recorder calls its Keras: tf.keras, tf_keras or keras.
    host : HostEnvironment, optional
        What it needs, where it is not of `HOSTS`.
    backend : str
        Of standalone Keras.
    """

    name: str
    package: str
    host: HostEnvironment | None = None
    backend: str = "tensorflow"

    def python(self, environments: Environments) -> Path:
        """Return its interpreter, its environment made if it is not there."""
        if self.name in BY_NAME:
            return environments.python_of(BY_NAME[self.name])
        return environments.host(self.name, self.host or HOSTS[self.name])

    def passes(self, folder: Path) -> list[dict[str, str]]:
        """Return the environment of its process, for each pass over the models that are missing.

        Theano is quick without a compiler, and convolves with one alone; it writes below `folder`.
        """
        if self.backend != "theano":
            return [{"KERAS_BACKEND": self.backend}]
        flags = f"base_compiledir={folder.absolute()},optimizer=fast_compile,device=cpu"
        return [
            {"KERAS_BACKEND": self.backend, "THEANO_FLAGS": flags + compiler}
            for compiler in (",cxx=", "")
        ]


# Keras 1 with both backends: Theano flips the kernels of convolutions, and a file does not say so.
WRITERS = (
    Writer("keras-1.0.8", "keras", backend="theano"),
    Writer("keras-1.1.2", "keras", HostEnvironment("3.7", ("keras==1.1.2", *_THEANO)), "theano"),
    Writer("keras-1.2.2", "keras", backend="theano"),
    Writer(
        "keras-1.2.2-tf", "keras",
        HostEnvironment("3.7", ("keras==1.2.2", "theano==1.0.5", *_TENSORFLOW_1)),
    ),
    Writer("keras-2.0.8", "keras", HostEnvironment("3.7", ("keras==2.0.8", *_TENSORFLOW_1))),
    Writer("keras-2.2.4", "keras", HostEnvironment("3.7", ("keras==2.2.4", *_TENSORFLOW_1))),
    Writer("keras-2.3.1", "keras"),
    *(Writer(f"tf-2.{minor}", "tf.keras") for minor in (1, 3, 6, 9, 12, 15)),
    Writer("tf_keras-2.21", "tf_keras"),
)  # fmt: skip
READER = BY_NAME["keras-3.15"]
