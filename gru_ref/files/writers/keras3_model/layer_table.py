"""The layers of Keras that a whole model may have: one row per class, in Keras 3's words.

A class without a row is not carried to Keras 3. What the rows share, such as how an initializer of
an older release is written, is in `gru_ref.files.writers.keras3_model.arguments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KERNEL = ("kernel", "bias")
_OF_CELL = ("cell/kernel", "cell/recurrent_kernel", "cell/bias")


@dataclass(frozen=True)
class ActedColumns:
    """What an activation acts on: columns of some arrays, which are linear in them.

    Parameters
    ----------
    arrays : tuple of str
        Their names in `LayerRow.arrays`.
    blocks : tuple of int
        Which of the equal blocks of the last axis.
    count : int
        How many blocks there are.
    """

    arrays: tuple[str, ...] = _KERNEL
    blocks: tuple[int, ...] = (0,)
    count: int = 1


@dataclass(frozen=True)
class LayerRow:
    """One class.

    Parameters
    ----------
    arguments : str
        What its constructor takes in Keras 3.15, beside name, trainable, dtype and
        activity_regularizer.
    arrays : str
        Its arrays in Keras's order, each with the group that holds it in a file of Keras 3
        ("cell/kernel"); those behind "|" are not trained. ``bias?use_bias`` is there if the
        argument is true, ``scores?score_mode=concat`` if it has that value, ``mean?mean!`` if it is
        None.
    renamed : mapping
        Argument of Keras 2 → of Keras 3.
    dropped : str
        Arguments of Keras 2 that change nothing: Keras 3 has none of that name.
    defaults : mapping
        Arguments that older releases do not write → what those releases compute with.
    gates : mapping
        Activation argument → what it acts on. An activation that is missing here acts on what is no
        linear function of an array.
    layers : str
        Arguments that are layers.
    list_input : bool
        The layer is called with a list, even of one tensor.
    recurrent : bool
        Further inputs are its initial state.
    class_name : str
        In Keras 3; the key of the row by default.
    drops_mask : bool
        In Keras 2 a mask ends at this layer, in Keras 3 it does not.
    draws : bool
        It draws random numbers in training.
    """

    arguments: str = ""
    arrays: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    gates: Mapping[str, ActedColumns] = field(default_factory=dict)
    layers: str = ""
    list_input: bool = False
    recurrent: bool = False
    class_name: str = ""
    drops_mask: bool = False
    draws: bool = False


def _own(*weights: str) -> str:
    """Return the arguments on initializers, regularizers and constraints of some weights."""
    kinds = ("initializer", "regularizer", "constraint")
    return " ".join(f"{weight}_{kind}" for weight in weights for kind in kinds)


_ACTIVATED = {"activation": ActedColumns()}
_CONV = (
    "filters kernel_size strides padding data_format dilation_rate activation use_bias "
    f"{_own('kernel', 'bias')}"
)
_DEPTHWISE = (
    "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias "
    f"{_own('depthwise', 'bias')}"
)
_SEPARABLE = (
    "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation "
    f"use_bias {_own('depthwise', 'pointwise', 'bias')}"
)
_CELL = (
    f"units activation use_bias {_own('kernel', 'recurrent', 'bias')} dropout recurrent_dropout "
    "seed"
)
_LAYER = "return_sequences return_state go_backwards stateful unroll zero_output_for_mask"
_GATED = f"{_CELL} recurrent_activation"
_CONV_LSTM = (
    f"filters kernel_size strides padding data_format dilation_rate {_GATED} unit_forget_bias "
    "return_sequences return_state go_backwards stateful"
).replace("units ", "")
_NORMALIZED = f"axis epsilon center scale {_own('beta', 'gamma')}"
_POOL = "pool_size strides padding data_format"
_WITH_BIAS = "kernel bias?use_bias"


def _in_cell(arrays: str) -> str:
    return " ".join(f"cell/{name}" for name in arrays.split())


_RECURRENT = "kernel recurrent_kernel bias?use_bias"
_GRU_DEFAULTS = {"reset_after": False, "recurrent_activation": "hard_sigmoid"}
_LSTM_DEFAULTS = {"recurrent_activation": "hard_sigmoid"}
_OF_RNN_CELL = ("kernel", "recurrent_kernel", "bias")


def _gru_gates(arrays: tuple[str, ...]) -> dict[str, ActedColumns]:
    return {
        "recurrent_activation": ActedColumns(arrays, (0, 1), 3),
        "activation": ActedColumns(arrays, (2,), 3),
    }


def _lstm_gates(arrays: tuple[str, ...]) -> dict[str, ActedColumns]:
    # `activation` acts on the cell state as well, which no array can scale.
    return {"recurrent_activation": ActedColumns(arrays, (0, 1, 3), 4)}


_CONV_ROW = LayerRow(f"{_CONV} groups", _WITH_BIAS, gates=_ACTIVATED)
_TRANSPOSED = LayerRow(f"{_CONV} output_padding", _WITH_BIAS, gates=_ACTIVATED, dropped="groups")
_DEPTHWISE_ROW = LayerRow(
    _DEPTHWISE,
    "depthwise_kernel bias?use_bias",
    gates={"activation": ActedColumns(("depthwise_kernel", "bias"))},
    dropped="groups",
)
_SEPARABLE_ROW = LayerRow(
    _SEPARABLE,
    "depthwise_kernel pointwise_kernel bias?use_bias",
    gates={"activation": ActedColumns(("pointwise_kernel", "bias"))},
    dropped=f"groups {_own('kernel')}",
)
_CONV_LSTM_ROW = LayerRow(
    _CONV_LSTM,
    _in_cell(_RECURRENT),
    gates=_lstm_gates(_OF_CELL),
    defaults=_LSTM_DEFAULTS,
    recurrent=True,
    draws=True,
    dropped="groups unroll zero_output_for_mask",
)
_MERGE = LayerRow(list_input=True)
_RANDOM_2D = "fill_mode interpolation seed fill_value data_format"

TABLE: Mapping[str, LayerRow] = {
    # --- core
    "Dense": LayerRow(
        f"units activation use_bias {_own('kernel', 'bias')}", _WITH_BIAS, gates=_ACTIVATED
    ),
    "EinsumDense": LayerRow(
        f"equation output_shape activation bias_axes {_own('kernel', 'bias')}",
        "kernel bias?bias_axes",
        gates=_ACTIVATED,
    ),
    "Embedding": LayerRow(f"input_dim output_dim {_own('embeddings')} mask_zero", "embeddings"),
    "Masking": LayerRow("mask_value"),
    "Identity": LayerRow(drops_mask=True),
    "Activation": LayerRow("activation"),
    "ActivityRegularization": LayerRow("l1 l2"),
    # --- convolutions
    "Conv1D": _CONV_ROW,
    "Conv2D": _CONV_ROW,
    "Conv3D": _CONV_ROW,
    "Conv1DTranspose": _TRANSPOSED,
    "Conv2DTranspose": _TRANSPOSED,
    "Conv3DTranspose": _TRANSPOSED,
    "DepthwiseConv1D": _DEPTHWISE_ROW,
    "DepthwiseConv2D": _DEPTHWISE_ROW,
    "SeparableConv1D": _SEPARABLE_ROW,
    "SeparableConv2D": _SEPARABLE_ROW,
    # --- recurrent
    "GRU": LayerRow(
        f"{_GATED} {_LAYER} reset_after",
        _in_cell(_RECURRENT),
        gates=_gru_gates(_OF_CELL),
        defaults=_GRU_DEFAULTS,
        recurrent=True,
    ),
    "LSTM": LayerRow(
        f"{_GATED} {_LAYER} unit_forget_bias",
        _in_cell(_RECURRENT),
        gates=_lstm_gates(_OF_CELL),
        defaults=_LSTM_DEFAULTS,
        recurrent=True,
    ),
    "SimpleRNN": LayerRow(
        f"{_CELL} {_LAYER}",
        _in_cell(_RECURRENT),
        gates={"activation": ActedColumns(_OF_CELL)},
        recurrent=True,
    ),
    "CuDNNGRU": LayerRow(
        f"units {_own('kernel', 'recurrent', 'bias')} return_sequences return_state go_backwards "
        "stateful",
        _in_cell("kernel recurrent_kernel bias"),
        recurrent=True,
        class_name="GRU",
    ),
    "CuDNNLSTM": LayerRow(
        f"units {_own('kernel', 'recurrent', 'bias')} unit_forget_bias return_sequences "
        "return_state go_backwards stateful",
        _in_cell("kernel recurrent_kernel bias"),
        recurrent=True,
        class_name="LSTM",
    ),
    "GRUCell": LayerRow(
        f"{_GATED} reset_after", _RECURRENT, gates=_gru_gates(_OF_RNN_CELL), defaults=_GRU_DEFAULTS
    ),
    "LSTMCell": LayerRow(
        f"{_GATED} unit_forget_bias",
        _RECURRENT,
        gates=_lstm_gates(_OF_RNN_CELL),
        defaults=_LSTM_DEFAULTS,
    ),
    "SimpleRNNCell": LayerRow(_CELL, _RECURRENT, gates={"activation": ActedColumns(_OF_RNN_CELL)}),
    "StackedRNNCells": LayerRow(layers="cells"),
    "RNN": LayerRow(_LAYER, layers="cell", recurrent=True),
    "ConvLSTM1D": _CONV_LSTM_ROW,
    "ConvLSTM2D": _CONV_LSTM_ROW,
    "ConvLSTM3D": _CONV_LSTM_ROW,
    "Bidirectional": LayerRow("merge_mode", layers="layer backward_layer", recurrent=True),
    "TimeDistributed": LayerRow(layers="layer"),
    # --- normalization
    "BatchNormalization": LayerRow(
        f"{_NORMALIZED} momentum moving_mean_initializer moving_variance_initializer renorm "
        "renorm_clipping renorm_momentum synchronized",
        "gamma?scale beta?center | moving_mean moving_variance",
    ),
    "LayerNormalization": LayerRow(_NORMALIZED, "gamma?scale beta?center"),
    "GroupNormalization": LayerRow(f"{_NORMALIZED} groups", "gamma?scale beta?center"),
    "UnitNormalization": LayerRow("axis"),
    # --- attention
    "Attention": LayerRow(
        "use_scale score_mode dropout seed",
        "scale?use_scale concat_score_weight?score_mode=concat",
        list_input=True,
    ),
    "AdditiveAttention": LayerRow("use_scale dropout", "scale?use_scale", list_input=True),
    "MultiHeadAttention": LayerRow(
        "num_heads key_dim value_dim dropout use_bias output_shape attention_axes seed "
        f"{_own('kernel', 'bias')}",
        " ".join(
            f"{part}_dense/kernel {part}_dense/bias?use_bias"
            for part in ("query", "key", "value", "output")
        ),
        dropped="query_shape key_shape value_shape",
    ),
    # --- activations
    "ReLU": LayerRow("max_value negative_slope threshold"),
    "LeakyReLU": LayerRow("negative_slope", renamed={"alpha": "negative_slope"}),
    "ELU": LayerRow("alpha"),
    "PReLU": LayerRow(f"{_own('alpha')} shared_axes", "alpha"),
    "Softmax": LayerRow("axis"),
    "ThresholdedReLU": LayerRow("threshold", renamed={"theta": "threshold"}, class_name="ReLU"),
    # --- regularization
    "Dropout": LayerRow("rate noise_shape seed", draws=True),
    "SpatialDropout1D": LayerRow("rate seed", draws=True, dropped="noise_shape"),
    "SpatialDropout2D": LayerRow("rate data_format seed", draws=True, dropped="noise_shape"),
    "SpatialDropout3D": LayerRow("rate data_format seed", draws=True, dropped="noise_shape"),
    "GaussianDropout": LayerRow("rate seed", draws=True),
    "GaussianNoise": LayerRow("stddev seed", draws=True),
    "AlphaDropout": LayerRow("rate noise_shape seed", draws=True),
    # --- pooling
    **{
        f"{kind}Pooling{rank}D": LayerRow(_POOL)
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    **{
        f"Global{kind}Pooling{rank}D": LayerRow("data_format keepdims")
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    # --- shapes
    "Flatten": LayerRow("data_format"),
    "Reshape": LayerRow("target_shape"),
    "Permute": LayerRow("dims"),
    "RepeatVector": LayerRow("n"),
    "Cropping1D": LayerRow("cropping"),
    "Cropping2D": LayerRow("cropping data_format"),
    "Cropping3D": LayerRow("cropping data_format"),
    "ZeroPadding1D": LayerRow("padding data_format"),
    "ZeroPadding2D": LayerRow("padding data_format"),
    "ZeroPadding3D": LayerRow("padding data_format"),
    "UpSampling1D": LayerRow("size"),
    "UpSampling2D": LayerRow("size data_format interpolation"),
    "UpSampling3D": LayerRow("size data_format"),
    # --- merging
    "Add": _MERGE,
    "Subtract": _MERGE,
    "Multiply": _MERGE,
    "Average": _MERGE,
    "Maximum": _MERGE,
    "Minimum": _MERGE,
    "Concatenate": LayerRow("axis", list_input=True),
    "Dot": LayerRow("axes normalize", list_input=True),
    # --- preprocessing whose state is numbers, or none
    "Rescaling": LayerRow("scale offset", drops_mask=True),
    "Normalization": LayerRow(
        "axis mean variance invert",
        "| mean?mean! variance?mean! count?mean!",
        drops_mask=True,
    ),
    "Resizing": LayerRow("height width interpolation crop_to_aspect_ratio"),
    "CenterCrop": LayerRow("height width"),
    "CategoryEncoding": LayerRow("num_tokens output_mode sparse"),
    "Discretization": LayerRow("bin_boundaries num_bins epsilon output_mode sparse"),
    "RandomFlip": LayerRow("mode seed", draws=True),
    "RandomRotation": LayerRow(f"factor {_RANDOM_2D}", draws=True),
    "RandomZoom": LayerRow(f"height_factor width_factor {_RANDOM_2D}", draws=True),
    "RandomTranslation": LayerRow(f"height_factor width_factor {_RANDOM_2D}", draws=True),
    "RandomContrast": LayerRow("factor seed", draws=True),
}

# Names of Keras 1, of TensorFlow 1 and of early TensorFlow 2 → the row.
ALIASES: Mapping[str, str] = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "TimeDistributedDense": "Dense",
    "UnifiedGRU": "GRU",
    "UnifiedLSTM": "LSTM",
}

# Arguments of any layer of Keras 1 and 2 that Keras 3 has not → the values that change nothing.
ANY = object()
DROPPED: Mapping[str, tuple[Any, ...]] = {
    "adjustment": (None,),
    "autocast": (ANY,),
    "batch_input_shape": (ANY,),
    "batch_size": (ANY,),
    "consume_less": (ANY,),
    "dynamic": (False,),
    "expects_ragged_inputs": (False,),
    "fused": (ANY,),
    "groups": (1,),
    "implementation": (ANY,),
    "input_dim": (ANY,),
    "input_dtype": (ANY,),
    "input_length": (ANY,),
    "input_shape": (ANY,),
    "input_spec": (ANY,),
    "num_constants": (None, 0),
    "ragged": (False,),
    "rng_type": (ANY,),
    "robust_masking": (False,),
    "softmax_robust_masking": (False,),
    "sparse": (False,),
    "stateful": (False,),
    "time_major": (False,),
    "virtual_batch_size": (None,),
    "zero_output_for_mask": (False,),
}

# What becomes of a mask: it goes on with the outputs of these layers; those of several inputs make
# one of several. At all others it ends.
PASSES_MASK = frozenset((
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dense",
    "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization",
    "LayerNormalization", "LeakyReLU", "MultiHeadAttention", "PReLU", "ReLU", "Softmax",
    "SpatialDropout1D", "TimeDistributed", "UnitNormalization",
))  # fmt: skip
MERGES_MASKS = frozenset((
    "Add", "AdditiveAttention", "Attention", "Average", "Concatenate", "Dot", "Maximum", "Minimum",
    "Multiply", "Subtract",
))  # fmt: skip
