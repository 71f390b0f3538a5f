"""The execution path: which code a layer runs, and how it rounds."""

from __future__ import annotations

from typing import Literal

from gru_ref.keras.ledger.row import Changes, row, topic


@topic
class PathRows:
    """The execution path: which code a layer runs, and how it rounds."""

    fused_path: Literal["by name", "by function", "never on the CPU"] = row(
        keras_2=Changes({1: "by name", 2: "by function"}),
        keras_3="never on the CPU",
        source="GRU._could_use_gpu_kernel (tf_keras 2.21); TF 2.1 compares the strings; backend.gru of Keras 3, measured",
    )
    recurrent_dropout_forces_implementation_1: bool = row(
        keras_2=True,
        keras_3=Changes({0: False, 8: True}),
        source="GRUCell.__init__ (tf_keras 2.21; Keras 3.8, change #20656), measured",
    )
    float16_products_round_by_term: bool = row(
        keras_2=Changes({1: True, 16: False}),
        keras_3=False,
        source="MatMul of float16, TF 2.1–2.15, 2.16 and 2.21, measured: on a CPU",
    )
