"""HDF5, read as a stranger's file: hard links alone, every size checked before it is believed.

Nothing but the open file itself is read: soft and external links, external storage and virtual
datasets are refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from numpy.typing import NDArray

from gru_ref.files.formats import hdf5_array
from gru_ref.files.formats.hdf5_source import Source
from gru_ref.files.limits import Budget

Array = NDArray[Any]

_NUMBER = re.compile(r"(\d+)")


class Group:
    """One group of an open file.

    Parameters
    ----------
    identifier : h5py.h5g.GroupID
    path : str
        Below the root, without a leading "/".
    source : Source
    """

    def __init__(self, identifier: Any, path: str, source: Source) -> None:
        self._id = identifier
        self.path = path
        self._source = source
        self._children: list[str] | None = None

    def names(self) -> list[str]:
        """Return the names of the children, numbers within them in numeric order."""
        if self._children is None:
            with self._source.refusing(self.path):
                count = int(self._id.get_num_objs())
                self._source.budget.take_objects(count, self.path)
                names = [name.decode("utf-8") for name in self._id]
            self._children = sorted(names, key=_numerically)
        return self._children

    def child(self, path: str) -> Group | Dataset | None:
        """Return what lies at `path` below this group, or None if nothing does.

        Raises
        ------
        MalformedFileError
            On the way is a link that is not hard, or something that is no group.
        """
        here: Group | Dataset = self
        for name in path.strip("/").split("/"):
            if not isinstance(here, Group):
                raise self._source.error(here.path, "it is an array, expected a group")
            below = here._step(name)
            if below is None:
                return None
            here = below
        return here

    def group(self, path: str) -> Group | None:
        """Return the group at `path`, or None if nothing or an array is there."""
        found = self.child(path)
        return found if isinstance(found, Group) else None

    def strings(self, name: str) -> list[str] | None:
        """Return the attribute `name`, a string or an array of them, or None if it is absent."""
        return self._source.strings(self._id, self.path, name)

    def walk(self) -> Iterator[Group]:
        """Yield this group and all below it, each once, a parent before its children.

        Raises
        ------
        MalformedFileError
            A link below is not hard, or the nesting is too deep.
        """
        seen = set()
        todo = [(self, 0)]
        while todo:
            group, depth = todo.pop()
            self._source.budget.check_depth(depth, group.path)
            with self._source.refusing(group.path):
                address = self._source.h5py.h5o.get_info(group._id).addr
            if address in seen:  # a second hard link, maybe to a parent
                continue
            seen.add(address)
            yield group
            children = [group._step(name) for name in group.names()]
            todo += [(child, depth + 1) for child in reversed(children) if isinstance(child, Group)]

    def _step(self, name: str) -> Group | Dataset | None:
        """Return the child `name`, over a hard link."""
        h5py = self._source.h5py
        path = f"{self.path}/{name}" if self.path else name
        with self._source.refusing(path):
            encoded = name.encode("utf-8")
            if not name or name == "." or encoded not in self._id:
                return None
            if self._id.links.get_info(encoded).type != h5py.h5l.TYPE_HARD:
                raise self._source.error(path, "it is a soft or external link, expected a hard one")
            found = h5py.h5o.open(self._id, encoded)
            if isinstance(found, h5py.h5g.GroupID):
                return Group(found, path, self._source)
            if isinstance(found, h5py.h5d.DatasetID):
                return Dataset(found, path, self._source)
        raise self._source.error(path, "it is a stored datatype, expected a group or an array")


class Dataset:
    """One array of an open file; nothing of it is read before `read`."""

    def __init__(self, identifier: Any, path: str, source: Source) -> None:
        self._id = identifier
        self.path = path
        self._source = source

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the file claims; () for what has none."""
        with self._source.refusing(self.path):
            return tuple(self._id.shape or ())

    def read(self) -> tuple[Array, str]:
        """Return the numbers, and the name of their dtype on file.

        Returns
        -------
        array : float16, float32 or float64, in the byte order of this machine
            bfloat16 becomes float32, exactly.
        dtype : str
        """
        said = self._source.strings(self._id, self.path, "dtype")
        with self._source.refusing(self.path):
            return hdf5_array.read(self._id, said, self.path, self._source)


@contextlib.contextmanager
def opened(stream: BinaryIO, budget: Budget, place: str = "") -> Iterator[Group]:
    """Open HDF5 from an open file, or from bytes in memory, and yield its root.

    Parameters
    ----------
    stream : binary file
        Read through Python: HDF5 itself opens nothing by a name.
    budget : Budget
    place : str
        What to call the stream in messages, if it is a part of the file.

    Raises
    ------
    ImportError
        h5py is not installed.
    MalformedFileError
        It is no HDF5, or damaged.
    """
    source = Source(stream, budget, place)
    with source.refusing(""):
        file = source.h5py.File(stream, "r")
    with contextlib.closing(file):
        with source.refusing(""):
            root = source.h5py.h5g.open(file.id, b"/")
        yield Group(root, "", source)


def _numerically(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts gru_2 before gru_10."""
    return [
        (int(part), "") if part.isdecimal() and part.isascii() else (-1, part)
        for part in _NUMBER.split(name[:1000])
    ]
