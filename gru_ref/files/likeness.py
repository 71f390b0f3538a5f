"""What a file that is not read seems to be, and what its owner can do instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Look:
    """The first look at a path.

    Parameters
    ----------
    path : Path
    head : bytes
        The first bytes; empty for a folder and for the prefix of a checkpoint.
    members : frozenset of str
        Names in a folder or in a zip archive.
    tail : bytes
        The last 8 bytes.
    """

    path: Path
    head: bytes = b""
    members: frozenset[str] = frozenset()
    tail: bytes = b""


_DO = "\0"  # between what a file is and what can be done
_PICKLE = "which can run code when it is read: gru_ref reads none"
_TORCH = (
    f"it is a PyTorch checkpoint, a pickle, {_PICKLE}{_DO}in Python, state_dict = torch.load(file, "
    "weights_only=True), then safetensors.torch.save_file(state_dict, 'w.safetensors') or "
    "numpy.savez('w.npz', **{name: array.numpy() for name, array in state_dict.items()})"
)
_PACKED = "unpack it and give the file in it"
_COREML = (
    f"it is a Core ML model, which is not read{_DO}give the Keras model that it was converted from"
)
_GIT_LFS = "version https://git-lfs.github.com/spec/v1"
_ORBAX = {"_METADATA", "_CHECKPOINT_METADATA", "manifest.ocdbt", "ocdbt.process_0", "_sharding"}

_READABLE = (
    ".keras", ".h5", ".hdf5", ".safetensors", ".npz", ".onnx", ".tflite", "model.json",
    ".weights.json",
)  # fmt: skip
# What a file opens with → what it is.
_OPENINGS: tuple[tuple[bytes, str], ...] = (
    (_GIT_LFS.encode(), f"it is a Git LFS pointer, not the file itself{_DO}git lfs pull"),
    (b"MATLAB 7.3 MAT-file", f"it is a MATLAB file (v7.3){_DO}save its arrays with numpy.savez"),
    (b"MATLAB 5.0 MAT-file", f"it is a MATLAB file (v5){_DO}save its arrays with numpy.savez"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", _TORCH),
    (b"\x1f\x8b", f"it is packed by gzip{_DO}{_PACKED}"),
    (b"\xfd7zXZ\0", f"it is packed by xz{_DO}{_PACKED}"),
    (b"BZh", f"it is packed by bzip2{_DO}{_PACKED}"),
    (b"\x28\xb5\x2f\xfd", f"it is packed by zstd{_DO}{_PACKED}"),
    (b"7z\xbc\xaf\x27\x1c", f"it is a 7z archive{_DO}{_PACKED}"),
    (b"Rar!\x1a\x07", f"it is a RAR archive{_DO}{_PACKED}"),
    (b"GGUF", "it is a GGUF file of llama.cpp, which holds no GRU of Keras"),
)  # fmt: skip


def is_foreign(look: Look) -> bool:
    """Return whether it opens as a format that is read, and is of another: a Core ML model.

    Both begin with a small number and a second field. That of Core ML is a message that begins
    with a message; ONNX has a word there, and a SavedModel its own information.
    """
    return _is_core_ml(look.head)


def likeness(look: Look) -> str:
    """Return what a file that is not read seems to be, and what its owner can do, as a sentence."""
    what, _, advice = _likeness(look).partition(_DO)
    expected = f"{what}, expected a file of Keras weights"
    return f"{expected}: {advice}" if advice else expected


def _likeness(look: Look) -> str:
    """Return what it seems to be and, behind `_DO`, what its owner can do."""
    if look.path.is_dir():
        return _folder(look.members)
    head = look.head
    if not head:
        return "it is empty"
    for opening, what in _OPENINGS:
        if head.startswith(opening):
            return what
    if any(name.rpartition("/")[2] == "data.pkl" for name in look.members):
        return _TORCH
    if look.members:
        return f"it is a zip archive of {', '.join(sorted(look.members)[:5])}"
    if head[257:262] == b"ustar":
        return f"it is a tar archive{_DO}{_PACKED}"
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        by = ", perhaps of joblib" if b"joblib" in head else ""
        return (
            f"it is a pickle{by}, {_PICKLE}{_DO}save the arrays with numpy.savez(file, "
            "*layer.get_weights())"
        )
    if _is_core_ml(head):
        return _COREML
    if _is_graph_def(head):
        return (
            f"it is a frozen TensorFlow graph (GraphDef), which is not read{_DO}give the "
            "SavedModel, the checkpoint or the .h5 that it was frozen from"
        )
    if re.search(r"\.data-\d{5}-of-\d{5}$", look.path.name):
        return f"it looks like the data of a checkpoint{_DO}give its .index or prefix"
    return _text(head) or f"it opens with the bytes {head[:16]!r}"


def _folder(members: frozenset[str]) -> str:
    if _ORBAX & members or any(name.startswith("ocdbt.process") for name in members):
        return (
            f"it is an Orbax checkpoint, whose arrays are not read{_DO}restore it and save the "
            "model as .keras, or its arrays with numpy.savez"
        )
    if "Manifest.json" in members and "Data" in members:
        return _COREML
    files = sorted(name for name in members if name.endswith(_READABLE))
    hint = f"{_DO}of what is in it, give {files[0]!r}" if files else ""
    return f"it is a folder without saved_model.pb, config.json, a .index or a .npy file{hint}"


def _text(head: bytes) -> str:
    """Return what a text seems to be; empty if it is none."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else a letter is cut in two
            return ""
        text = head[: error.start].decode("utf-8-sig")
    if not all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        return ""
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<head")):
        return f"it is a web page (HTML), perhaps that of the download{_DO}fetch the file itself"
    if start.startswith(("<?xml", "<net")):
        return "it is XML, as OpenVINO writes its graphs, which are not read"
    if start.startswith("["):
        return "it is JSON of a list, or text"
    if start.startswith("model_checkpoint_path:"):
        return f"it is the text that names a TensorFlow checkpoint{_DO}give its prefix, or .index"
    if start.startswith(("node {", "node{")):
        return "it is a TensorFlow graph as text, which is not read"
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    what = "a table of text (CSV)" if first.count(",") > 1 else "text"
    return f"it is {what} that opens with {text[:16]!r}"


def _is_core_ml(head: bytes) -> bool:
    """Return whether it opens as specificationVersion, then a description of features."""
    if len(head) < 8 or head[0] != 8 or not 1 <= head[1] < 20 or head[2:3] != b"\x12":
        return False
    at = _after_number(head, 3)
    if head[at : at + 1] != b"\x0a":
        return False
    at = _after_number(head, at + 1)  # of the first feature: its name follows
    name = head[at + 2 : at + 2 + (head[at + 1] if at + 1 < len(head) else 0)]
    return head[at : at + 1] == b"\x0a" and name.isascii() and name.decode("ascii").isprintable()


def _is_graph_def(head: bytes) -> bool:
    """Return whether it opens as a node, that as its name and its operation."""
    if head[:1] != b"\x0a":
        return False
    at = _after_number(head, 1)
    if head[at : at + 1] != b"\x0a" or at + 1 >= len(head):
        return False
    at += 2 + head[at + 1]
    return head[at : at + 1] == b"\x12" and head[at + 2 : at + 5].isalpha()


def _after_number(data: bytes, at: int) -> int:
    """Return where a number of protobuf ends that begins at `at`."""
    while at < len(data) and data[at] & 0x80:
        at += 1
    return at + 1
