"""Write checkpoints, SavedModels, TFLite, ONNX, safetensors and NumPy files from live Keras.

Runs inside an old TensorFlow as well as the newest, hence in the syntax of Python 3.7 and without
gru_ref: ``python -m parity_tests.recording.files.record_exports OUT --keras tf.keras --kinds
onnx``.
Without --kinds it writes what `RECORDED` lists for the release, as ``OUT/exports-RELEASE.tar.xz``,
with --graphs what `GRAPHS` lists.

Beside each file lies ``NAME.expected.npz``: the weights of every GRU of the live model, an input
and the live output for it, and in ``meta`` which arguments made it.
"""

import argparse
import os
import tarfile
import tempfile

import numpy as np

from parity_tests.recording.files.live_models import (
    ARCHITECTURES,
    BATCH,
    FEATURES,
    TIMESTEPS,
    build,
    expectation,
    leaves,
    package,
    version,
)

# Release of Keras → the files in fixtures/files: kind and architecture.
RECORDED = {
    "2.3.0-tf": "checkpoint-stacked weights-before saved_model-backwards",  # of TensorFlow 2.1
    "2.4.0": (  # of TensorFlow 2.3
        "checkpoint-nested checkpoint-cells checkpoint-trained weights-bidirectional "
        "weights-stacked saved_model-cells saved_model-bidirectional"
    ),
    "2.5.0": "checkpoint-backwards weights-stacked saved_model-before",
    "2.6.0": "checkpoint-before weights-backwards saved_model-stacked",
    "2.10.0": "checkpoint-stacked weights-before saved_model-backwards tflite-backwards",
    "2.12.0": "checkpoint-subclassed checkpoint-half weights-cells saved_model-stacked",
    "2.15.0": (
        "checkpoint-trained weights-brain weights-without_bias saved_model-nested "
        "export-bidirectional tflite-stacked"
    ),
    "2.21.0": (  # tf_keras
        "checkpoint-backwards saved_model-subclassed export-cells tflite-nested onnx-stacked "
        "onnx-bidirectional onnx-unrolled"
    ),
    "3.0.5": "checkpoint-backwards export-before",
    "3.1.1": "checkpoint-before export-stacked",
    "3.2.1": "checkpoint-stacked export-backwards",
    "3.4.1": "checkpoint-backwards export-before",
    "3.5.0": "checkpoint-nested checkpoint-cells export-cells",
    "3.7.0": "checkpoint-before export-stacked",
    "3.8.0": "checkpoint-stacked export-backwards",
    "3.11.3": "checkpoint-backwards export-before",
    "3.12.4": "checkpoint-before export-stacked",
    "3.14.1": "checkpoint-stacked export-backwards",
    "3.15.1": (
        "checkpoint-bidirectional checkpoint-subclassed checkpoint-trained export-stacked "
        "export-any_batch npz-after npz-half npz-brain npz-without_bias npy-before "
        "safetensors-bidirectional safetensors-brain safetensors-without_bias tflite-before "
        "tflite-large tflite-without_bias tflite_float16-stacked tflite_int8-large onnx-stacked "
        "onnx-bidirectional onnx-large tflite-unrolled"
    ),
}
# The same, of graphs that say all their arguments: in ``graphs-RELEASE.tar.xz``.
GRAPHS = {
    "2.6.0": "tflite-hard",
    "2.21.0": "tflite-hard tflite-unrolled_hard tflite-masked",
    "3.15.1": "tflite-hard tflite-unrolled_hard tflite-masked tflite-cells tflite_float16-hard",
}


# ---- the kinds of file: each writes one path


def write_checkpoint(model, path, keras):
    """tf.train.Checkpoint: the object graph, and a LevelDB table of tensors."""
    import tensorflow as tf

    os.makedirs(path)
    objects = {"model": model}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        objects["optimizer"] = optimizer
    tf.train.Checkpoint(**objects).write(os.path.join(path, "ckpt"))


def write_weights(model, path, keras):
    """save_weights of Keras 2 in its TensorFlow format: the same container, the model as root."""
    os.makedirs(path)
    model.save_weights(os.path.join(path, "weights"), save_format="tf")


def write_saved_model(model, path, keras):
    """Keras 2's save in its TensorFlow format: configs beside the variables."""
    model.save(path, save_format="tf")


def write_export(model, path, keras):
    """model.export: a SavedModel without configs (and in Keras 3 without layers)."""
    model.export(path)


def write_npz(model, path, keras):
    """np.savez of one layer's get_weights()."""
    np.savez(path + ".npz", *next(leaves(model, keras)).get_weights())


def write_npy(model, path, keras):
    """np.save of each array of one layer, as a directory of three files."""
    os.makedirs(path)
    names = ("kernel", "recurrent_kernel", "bias")
    for name, array in zip(names, next(leaves(model, keras)).get_weights()):
        np.save(os.path.join(path, name + ".npy"), array)


def write_safetensors(model, path, keras):
    """safetensors.numpy.save_file, under the variables' own paths."""
    from safetensors.numpy import save_file

    named = {}
    for variable in model.variables:
        name = getattr(variable, "path", variable.name).split(":")[0]
        named[name] = np.ascontiguousarray(np.asarray(variable))
    save_file(named, path + ".safetensors", metadata={"framework": "keras"})


def write_tflite(model, path, keras, **options):
    """TFLiteConverter, with its defaults."""
    import tensorflow as tf

    if version(keras)[0] == "3":
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
    else:  # by a concrete function, for tf_keras is not the keras that from_keras_model knows
        call = tf.function(model.call).get_concrete_function(
            tf.TensorSpec((BATCH, TIMESTEPS, FEATURES), "float32")
        )
        make = tf.lite.TFLiteConverter.from_concrete_functions
        try:
            converter = make([call], model)
        except TypeError:  # before TensorFlow 2.7
            converter = make([call])
    for name, value in options.items():
        setattr(converter, name, value(tf) if callable(value) else value)
    with open(path + ".tflite", "wb") as stream:
        stream.write(converter.convert())


def write_tflite_float16(model, path, keras):
    """The same, its constants in float16."""
    write_tflite(
        model,
        path,
        keras,
        optimizations=lambda tf: [tf.lite.Optimize.DEFAULT],
        target_spec=lambda tf: tf.lite.TargetSpec(supported_types=[tf.float16]),
    )


def write_tflite_int8(model, path, keras):
    """The same, its constants quantized."""
    write_tflite(model, path, keras, optimizations=lambda tf: [tf.lite.Optimize.DEFAULT])


def write_onnx(model, path, keras):
    """model.export(format="onnx") of Keras 3, tf2onnx of Keras 2."""
    if version(keras)[0] == "3":
        model.export(path + ".onnx", format="onnx", verbose=False)
        return
    import tensorflow as tf
    import tf2onnx

    signature = (tf.TensorSpec((BATCH, TIMESTEPS, FEATURES), "float32", name="x"),)
    call = tf.function(model.call, input_signature=signature)
    tf2onnx.convert.from_function(call, input_signature=signature, output_path=path + ".onnx")


KINDS = {
    function.__name__[len("write_") :]: function
    for function in (
        write_checkpoint, write_weights, write_saved_model, write_export, write_npz, write_npy,
        write_safetensors, write_tflite, write_tflite_float16, write_tflite_int8, write_onnx,
    )
}  # fmt: skip


def pack(folder, archive):
    """Write a folder as an archive that is the same for the same contents."""
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        for place, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(place, name)
                info = tarfile.TarInfo(os.path.relpath(path, folder))
                info.size = os.path.getsize(path)
                with open(path, "rb") as stream:
                    tar.addfile(info, stream)


def record(keras, kind, architecture, out):
    """Write one file and what is expected of it; return the sentence to print if that fails."""
    name = f"{kind}-{architecture}-{version(keras)}"
    path = os.path.join(out, name)
    try:
        model = build(keras, architecture)
        arrays = expectation(model, keras)
        KINDS[kind](model, path, keras)
    except Exception as error:  # every exporter has models that it cannot write
        return "{}: {}".format(name, " ".join(repr(error).split())[:300])
    np.savez_compressed(path + ".expected.npz", **arrays)
    return None


def main():
    """Write what is asked for; say what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--keras", default="tf.keras", help="tf.keras, tf_keras or keras")
    parser.add_argument("--kinds")
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES))
    parser.add_argument("--graphs", action="store_true", help="write graphs-RELEASE.tar.xz")
    options = parser.parse_args()
    keras = package(options.keras)
    if options.kinds:
        kinds, architectures = options.kinds.split(","), options.architectures.split(",")
        failed = [record(keras, kind, a, options.out) for kind in kinds for a in architectures]
    else:
        with tempfile.TemporaryDirectory() as folder:
            table, prefix = (GRAPHS, "graphs") if options.graphs else (RECORDED, "exports")
            wanted = [name.split("-") for name in table[version(keras)].split()]
            failed = [record(keras, kind, a, folder) for kind, a in wanted]
            pack(folder, os.path.join(options.out, f"{prefix}-{version(keras)}.tar.xz"))
    print("\n".join(filter(None, failed)) or "all written")


if __name__ == "__main__":
    main()
