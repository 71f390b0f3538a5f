"""Open converted models in live Keras 3, and record how it saves them again.

    python -m parity_tests.recording.files.record_keras_3_models OLD NEW OUTPUT.tar.xz

OLD has `NAME.h5`, which another Keras wrote, and `NAME.npz` with the inputs x0, x1, … that it was
given and the outputs y0, y1, … that it returned; NEW has `NAME.keras`, which `gru-ref convert` made
of it. The archive holds OLD's files of every NAME in NEW and `NAME.json`: the layers in the order
of Keras 3, the hash of every array that it saves, by its place, and how far its outputs are from
the recorded ones.
"""

import hashlib
import io
import json
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np


def main(old, new, output):
    """Record every model of `new`."""
    files = {}
    for converted in sorted(Path(new).glob("*.keras")):
        name = converted.stem
        for ending in ("h5", "npz"):
            file = f"{name}.{ending}"
            files[file] = (Path(old) / file).read_bytes()
        text = json.dumps(described(converted, Path(old) / f"{name}.npz"), indent=1)
        files[f"{name}.json"] = text.encode()
    with tarfile.open(output, "w:xz") as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def described(converted, recorded):
    """Return what live Keras 3 makes of one model."""
    import h5py
    import keras

    model = keras.models.load_model(converted)
    with np.load(recorded) as file:
        inputs, outputs = ([file[k] for k in numbered(file, letter)] for letter in "xy")
    computed = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))
    errors = [float(np.abs(np.asarray(a) - b).max()) for a, b in zip(computed, outputs)]
    arrays = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "again.keras"
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:

        def add(place, item):
            if isinstance(item, h5py.Dataset):
                arrays[place] = hashlib.sha256(np.ascontiguousarray(item[()]).tobytes()).hexdigest()

        file.visititems(add)
    return {
        "keras": keras.__version__,
        "layers": [[type(layer).__name__, layer.name] for layer in model.layers],
        "arrays": arrays,
        "error": max(errors),
    }


def numbered(file, letter):
    """Return the names x0, x1, … in their order."""
    names = [name for name in file if name[0] == letter and name[1:].isdigit()]
    return sorted(names, key=lambda name: int(name[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
