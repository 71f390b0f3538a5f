"""Write models of Bidirectional layers and of cells in RNNs, and of layers with unusual names.

Runs inside each Keras's own interpreter, hence in the syntax of Python 3.7 and without gru_ref:
``python -m parity_tests.recording.files.record_wholes OUT --keras tf_keras``. It writes
``OUT/wholes-RELEASE.tar.xz``: a file of each kind, ``wholes.ENDING`` and ``NAMES.ENDING``, and
what the live layers hold and return, in ``wholes.expected.npz`` and ``names.expected.npz``.
"""

import argparse
import io
import json
import os
import tarfile
import tempfile

import numpy as np

from parity_tests.recording.files.live_models import package, set_witnesses, version

BATCH, TIMESTEPS, FEATURES = 2, 4, 5
RELEASES = ("2.3.0-tf", "2.6.0", "2.21.0", "3.5.0", "3.15.1")
# The names of the layers of a model, side by side.
NAMES = {
    "swapped": ["gru_1", "gru_2"],
    "three": ["gru_2", "gru", "gru_1"],
    "letters": ["\u00e9nc-\u03b4", "\u5c42", "my gru"],  # Keras 2 refuses them
    "dots": ["a.b.c", "b.c", "c"],
    "case": ["GRU", "gru", "Gru"],
    "groups": ["layers", "cell", "vars", "gru_cell"],
    "sides": ["forward_layer", "backward_decoder"],
    "slashes": ["enc/gru", "enc", "gru"],  # Keras 3 refuses them
}


def wholes(keras):
    """Return the layers of the model, side by side over one input."""
    layers, three = keras.layers, version(keras).startswith("3")
    GRU, Cell, RNN, Both = layers.GRU, layers.GRUCell, layers.RNN, layers.Bidirectional
    every = {"return_sequences": True, "return_state": True}
    made = [
        Both(GRU(2, reset_after=False), name="plain"),
        Both(GRU(2, recurrent_activation="hard_sigmoid", **every), merge_mode="sum", name="both"),
        Both(GRU(2, return_sequences=True), merge_mode="mul", name="product"),
        Both(GRU(2, activation="relu"), merge_mode="ave", name="mean"),
        Both(GRU(2, return_sequences=True), merge_mode=None, name="pair"),
        Both(
            GRU(2),
            backward_layer=GRU(3, go_backwards=True, activation="softsign", name="own"),
            name="given",
        ),
        Both(RNN([Cell(2), Cell(3, reset_after=False)], **every), name="deep"),
        Both(RNN(Cell(2)), merge_mode="sum", name="shallow"),
        RNN(Cell(2), go_backwards=True, name="alone", **every),
        RNN([Cell(2), Cell(3, activation="relu")], go_backwards=True, name="stack", **every),
        RNN([Cell(2)], return_state=True, name="stack_of_one"),
        RNN([Cell(2), Cell(3)], stateful=True, return_state=True, name="kept"),
        Both(GRU(2, stateful=True), name="kept_both"),
        GRU(2, return_sequences=True, go_backwards=True, name="simple"),
    ]
    if not three:
        made.append(Both(GRU(2, go_backwards=True, return_sequences=True), name="turned"))
    return made


def flat(value):
    """Return arrays in one list, whatever they are nested in."""
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in flat(item)]
    return [np.asarray(value)]


def sizes(layer):
    """Return the sizes of the states of a layer, in Keras's order."""
    if hasattr(layer, "forward_layer"):
        return sizes(layer.forward_layer) + sizes(layer.backward_layer)
    cell = layer.cell
    return [one.units for one in getattr(cell, "cells", [cell])]


def runs(layer, draws):
    """Yield calls of a live layer: the name of the case, its mask, its states, what it returned."""
    import tensorflow as tf

    x = draws.normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")
    mask = np.array([[True, False, True, True], [False, True, True, False]])
    states = [draws.normal(size=(BATCH, size)).astype("float32") for size in sizes(layer)]
    given = [tf.constant(state) for state in states]
    if layer.name in ("alone", "simple"):
        given = given[0]
    cases = {"zeros": {}, "mask": {"mask": tf.constant(mask)}, "states": {"initial_state": given}}
    for case, arguments in cases.items():
        reset(layer)
        try:
            results = [layer(tf.constant(x), **arguments)]
            if layer.name.startswith("kept") and case == "zeros":
                results.append(layer(tf.constant(x)))
        except Exception as error:  # what this Keras cannot do
            print(layer.name, case, " ".join(repr(error).split())[:150])
            continue
        for number, result in enumerate(results):
            name = case if not number else "again"
            yield name, x, mask, states if case == "states" else [], flat(result)
    reset(layer)


def reset(layer):
    """Set the recorded states of a stateful layer to zeros."""
    if not layer.name.startswith("kept"):
        return
    for one in (getattr(layer, "forward_layer", layer), getattr(layer, "backward_layer", layer)):
        states = one.states if isinstance(one.states, (list, tuple)) else [one.states]
        for state in (s for item in states for s in (item if isinstance(item, list) else [item])):
            if state is not None:
                state.assign(np.zeros(state.shape, "float32"))


def model_of(keras, layers):
    """Return a functional model of the layers, side by side over one input."""
    x = keras.layers.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES))
    outputs = [y for layer in layers for y in flatten(layer(x))]
    model = keras.models.Model(x, outputs)
    set_witnesses(model, np.random.RandomState(20))
    return model


def flatten(value):
    """Return symbolic tensors in one list."""
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in flatten(item)]
    return [value]


def kinds(keras):
    """Return the kinds of file that the release writes: ending → how."""
    release = version(keras)
    made = {"h5": lambda model, path: model.save(path)}
    if release == "3.5.0":
        return {"keras": lambda model, path: model.save(path)}
    if release.startswith("3"):
        made["keras"] = lambda model, path: model.save(path)
        made["weights.h5"] = lambda model, path: model.save_weights(path)
        return made
    made["weights-alone.h5"] = lambda model, path: model.save_weights(path, save_format="h5")
    if release == "2.3.0-tf":
        return made
    made["saved_model"] = lambda model, path: model.save(path, save_format="tf")
    if release == "2.21.0":
        made["checkpoint"] = lambda model, path: model.save_weights(
            f"{path}/ckpt", save_format="tf"
        )
        made["keras"] = lambda model, path: model.save(path)
        made["weights.h5"] = lambda model, path: model.save_weights(path)
    return made


def write(keras, model, name, folder, endings):
    """Write a model as files of every kind."""
    for ending, save in kinds(keras).items():
        if ending not in endings:
            continue
        path = os.path.join(folder, f"{name}.{ending}")
        try:
            save(model, path)
        except Exception as error:
            print(name, ending, " ".join(repr(error).split())[:150])
            if os.path.isfile(path):
                os.remove(path)
        graph = os.path.join(path, "saved_model.pb")
        if os.path.exists(graph) and os.path.exists(os.path.join(path, "keras_metadata.pb")):
            open(graph, "wb").close()  # the functions, which nothing reads here


def main():
    """Write what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--keras", required=True)
    options = parser.parse_args()
    keras = package(options.keras)
    with tempfile.TemporaryDirectory() as folder:
        layers = wholes(keras)
        model = model_of(keras, layers)
        write(keras, model, "wholes", folder, kinds(keras))
        draws = np.random.RandomState(21)
        arrays, cases = {}, []
        for layer in layers:
            for case, x, mask, states, results in runs(layer, draws):
                arrays[f"{len(cases)}/x"] = x
                if case == "mask":
                    arrays[f"{len(cases)}/mask"] = mask
                for kind, found in (("h", states), ("y", results)):
                    for i, array in enumerate(found):
                        arrays[f"{len(cases)}/{kind}/{i}"] = array
                cases.append({"layer": layer.name, "case": case})
        arrays["about"] = np.array(json.dumps({"keras": version(keras), "cases": cases}))
        np.savez(os.path.join(folder, "wholes.expected.npz"), **arrays)
        arrays = {}
        for key, names in NAMES.items():
            keras.backend.clear_session()
            try:
                made = [keras.layers.GRU(2, return_sequences=True, name=name) for name in names]
                model = model_of(keras, made)
            except Exception as error:
                print(key, " ".join(repr(error).split())[:150])
                continue
            write(keras, model, key, folder, ("weights-alone.h5", "keras", "weights.h5"))
            for i, layer in enumerate(made):
                arrays[f"{key}/{i}"] = np.asarray(layer.get_weights()[0])
        np.savez(os.path.join(folder, "names.expected.npz"), **arrays)
        pack(folder, os.path.join(options.out, f"wholes-{version(keras)}.tar.xz"))


def pack(folder, target):
    """Write the files of a folder into one archive, without when and by whom they were made."""
    with tarfile.open(target, "w:xz", preset=9) as tar:
        for root, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    data = file.read()
                member = tarfile.TarInfo(os.path.relpath(path, folder).replace(os.sep, "/"))
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    main()
