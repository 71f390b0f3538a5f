"""What a file holds: its layers, the GRUs in them, and which of them a word means."""

from __future__ import annotations

from dataclasses import dataclass

from gru_ref.files.choice import choose_path, listed_layers
from gru_ref.files.interpretation.whole_layers import Layer
from gru_ref.keras.layers.gru import GRU


@dataclass(frozen=True)
class FileLayers:
    """The layers of a file, in the order of the model.

    Parameters
    ----------
    layers : dict
        Path → layer: a Bidirectional or an RNN as one, whatever else as a GRU.
    grus : dict
        Path → GRU: each that is a layer, the two of a Bidirectional, and each cell of an RNN.
    inside : dict
        Path of a Bidirectional or an RNN → the paths of the GRUs in it.
    partial : dict
        Path of a GRU that is a part of a layer that gru_ref does not have → why.
    """

    layers: dict[str, Layer]
    grus: dict[str, GRU]
    inside: dict[str, tuple[str, ...]]
    partial: dict[str, str]

    def layer(self, word: str | None, option: str = "layer") -> Layer:
        """Return the layer, or the GRU in one, that a word means; see `choose_layer`."""
        if word is None:
            path = choose_path(self.layers, None, option=option)
            self._check_whole(path, option)
            return self.layers[path]
        path = self._path(word, option)
        return self.layers[path] if path in self.layers else self.grus[path]

    def gru(self, word: str | None, option: str = "layer") -> GRU:
        """Return the GRU that a word means; see `gru_item`."""
        return self.gru_item(word, option)[1]

    def gru_item(self, word: str | None, option: str = "layer") -> tuple[str, GRU]:
        """Return the path of the GRU that a word means, and the GRU; see `choose_layer`.

        Raises
        ------
        ValueError
            It means none, several, or a layer of several.
        """
        if word is None:
            path = choose_path(self.grus, None, option=option)
            self._check_whole(path, option)
            return path, self.grus[path]
        path = self._path(word, option)
        inner = self.inside.get(path, (path,))
        if len(inner) > 1:
            parts = listed_layers({one: self.grus[one] for one in inner})
            kind = type(self.layers[path]).__name__
            raise ValueError(
                f"{option} is {word!r}, the {kind} at {path!r}, expected one GRU of it: {parts}"
            )
        return inner[0], self.grus[inner[0]]

    def _check_whole(self, path: str, option: str) -> None:
        """Refuse to take a GRU unasked that alone is not what the file runs."""
        if path in self.partial:
            raise ValueError(
                f"{option} is not given, and of the only GRU {self.partial[path]}; expected "
                f"{path!r} for that GRU alone"
            )

    def _path(self, word: str, option: str) -> str:
        parts = {path: gru for path, gru in self.grus.items() if path not in self.layers}
        everything: dict[str, Layer] = {**self.layers, **parts}
        return choose_path(everything, word, inside=self.inside, option=option)

    def wrapper(self, path: str) -> str:
        """Return the class of the layer that the GRU at `path` is a part of; "" if of none."""
        for whole, inner in self.inside.items():
            if path in inner:
                return type(self.layers[whole]).__name__
        return ""
