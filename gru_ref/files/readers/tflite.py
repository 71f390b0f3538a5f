"""TensorFlow Lite models: a GRU is a WHILE loop there, or unrolled."""

from __future__ import annotations

from pathlib import Path

from gru_ref.files.formats.part import read_file
from gru_ref.files.formats.tflite_graph import tflite_dataflow
from gru_ref.files.interpretation.found import Found, unique_layers
from gru_ref.files.interpretation.graph_gru import find_grus
from gru_ref.files.limits import Budget


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of a TFLite model, with the arguments that its operators compute.

    Raises
    ------
    MalformedFileError
        The file is damaged, or computes a GRU that is none of Keras's, or does not say which.

    Source
    ------
    schema.fbs of TensorFlow 2.21; files of its converter.
    """
    dataflow = tflite_dataflow(read_file(path, budget))
    return unique_layers([gru.found() for gru in find_grus(dataflow)])
