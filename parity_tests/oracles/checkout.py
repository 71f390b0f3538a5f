"""A source tree of Keras: its folder, its generation and its release, read from its files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from parity_tests.oracles.installed import VERSION_FILES, version_in

PACKAGES = ("keras", "tf_keras")
# Where the GRU is in a Keras package: as installed, in the source tree, up to TensorFlow 2.8.
PLACES = ("src/layers/rnn/gru.py", "layers/rnn/gru.py", "layers/recurrent_v2.py")


class Checkout(NamedTuple):
    """The Keras package of a source tree."""

    package: str
    version: str
    generation: int

    @property
    def oracle(self) -> str:
        """The oracle that it becomes."""
        return f"keras{self.generation}"

    def __str__(self) -> str:
        return f"{Path(self.package).name} {self.version} in {Path(self.package).parent}"


def find(folder: str) -> Checkout:
    """Return the Keras of a source tree.

    Parameters
    ----------
    folder : str
        The folder that holds ``keras`` or ``tf_keras``, or that folder itself.

    Raises
    ------
    ValueError
        There is no such folder, it holds no Keras with a GRU, or both generations, or one that
        does not say its version.
    """
    root = Path(folder).absolute()
    if not root.is_dir():
        raise ValueError(f"--keras-from is {folder}, which is no folder: {_EXPECTED}")
    if _is_package(root):
        if root.name not in PACKAGES:
            raise ValueError(
                f"--keras-from is {folder}, a Keras package named {root.name!r}, expected the "
                "name keras or tf_keras, by which it imports itself"
            )
        return _read(root)
    found = [root / name for name in PACKAGES if _is_package(root / name)]
    if not found:
        raise ValueError(f"--keras-from is {folder}, which holds no Keras: {_EXPECTED}")
    if len(found) > 1:
        raise ValueError(
            f"--keras-from is {folder}, which holds both keras and tf_keras, expected one of them: "
            f"{found[0]} or {found[1]}"
        )
    return _read(found[0])


_EXPECTED = f"expected keras/ or tf_keras/ in it, with a GRU at {' or '.join(PLACES)}"


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file() and any((folder / p).is_file() for p in PLACES)


def _read(package: Path) -> Checkout:
    version = version_in(str(package))
    if version == "?":
        raise ValueError(
            f"--keras-from is {package}, whose version is nowhere, expected a line __version__ = "
            f"in {', '.join(VERSION_FILES)}: it tells Keras 2 from 3"
        )
    # Only tf_keras is Keras 2 whatever it says; keras has been both.
    generation = 2 if package.name == "tf_keras" or version.startswith("2.") else 3
    return Checkout(str(package), version, generation)
