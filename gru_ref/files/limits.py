"""Limits on what reading a file may take, and the account of what it has taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gru_ref.files.malformed import MalformedFileError

MiB = 1 << 20
# Lists and objects of JSON within one another: three for a layer within layers, with room for more
# layers than `Limits.max_depth`, and few enough for Python's recursion.
JSON_LEVELS = 256

# A ratio beyond the limit is no bomb where what comes out is small: zero biases shrink well.
_SMALL = 1 * MiB
# The limits that everything read counts against together.
_SPENT = ("max_bytes", "max_objects", "max_products")


@dataclass(frozen=True)
class Limits:
    """Limits on what reading one file may take, as by `gru_ref.load_layers`.

    Parameters
    ----------
    max_bytes : int
        Bytes of arrays, unpacked members and whole files that are read into memory, together.
    max_json_bytes : int
        Bytes of one JSON text. Python's objects take up to thirty times its size.
    max_objects : int
        Groups, arrays, archive members, layers and list elements that are looked at, together.
    max_depth : int
        Levels of groups within groups, and of layers within layers. JSON has `JSON_LEVELS` levels
        at most, whatever this is.
    max_ratio : float
        Unpacked size over packed size, of anything that is larger than 1 MiB unpacked.
    max_products : int
        Multiplications that the probes of a bundle take, together, as
        `gru_ref.files.probe.products` counts them. A drawn probe of arrays within `max_bytes` takes
        fewer.

    Raises
    ------
    ValueError
        A limit is not positive.
    """

    max_bytes: int = 256 * MiB
    max_json_bytes: int = 8 * MiB
    max_objects: int = 100_000
    max_depth: int = 64
    max_ratio: float = 200.0
    max_products: int = 1 << 32

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} is {value}, expected a positive number")


class Budget:
    """What reading one file may still take.

    Every method but `error` raises `MalformedFileError` before a limit is exceeded; the message
    names the limit.

    Parameters
    ----------
    file : Path
        For the messages.
    limits : Limits
    """

    def __init__(self, file: Path, limits: Limits) -> None:
        self.file = file
        self.limits = limits
        self._left = {name: getattr(limits, name) for name in _SPENT}

    def error(self, place: str, reason: str) -> MalformedFileError:
        """Return the error to raise about a place in the file."""
        return MalformedFileError(self.file, place, reason)

    def take_bytes(self, count: int, place: str) -> None:
        """Account for `count` bytes that are about to be read or unpacked at `place`."""
        self._take("max_bytes", count, "it takes {:,} bytes of memory", place)

    def take_objects(self, count: int, place: str) -> None:
        """Account for `count` more things to look at."""
        self._take("max_objects", count, "it holds {:,} things", place)

    def take_products(self, count: int, place: str) -> None:
        """Account for `count` multiplications that a probe is about to take."""
        self._take("max_products", count, "it takes {:,} multiplications", place)

    def check_json(self, count: int, place: str) -> None:
        """Refuse a JSON text of `count` bytes that is too long to be parsed."""
        most = self.limits.max_json_bytes
        if count > most:
            raise self._beyond(
                "max_json_bytes", f"{most:,}", f"it is {count:,} bytes of JSON", place
            )

    def check_depth(self, depth: int, place: str) -> None:
        """Refuse the level `depth` of nesting."""
        most = self.limits.max_depth
        if depth > most:
            raise self._beyond("max_depth", f"{most:,}", f"it is nested {depth} deep", place)

    def check_ratio(self, packed: int, unpacked: int, place: str) -> None:
        """Refuse what claims to unpack to far more than is stored."""
        most = self.limits.max_ratio
        if unpacked > _SMALL and unpacked / most > packed:
            what = f"{packed:,} stored bytes claim to unpack to {unpacked:,}"
            raise self._beyond("max_ratio", f"{most:,g} times as many", what, place)

    def _take(self, limit: str, count: int, what: str, place: str) -> None:
        left = self._left[limit]
        if not 0 <= count <= left:
            raise self._beyond(limit, f"{left:,}", what.format(count), place)
        self._left[limit] = left - count

    def _beyond(self, limit: str, most: str, what: str, place: str) -> MalformedFileError:
        return self.error(
            place, f"{what}, expected no more than {most}: Limits({limit}=…) moves this limit"
        )
