"""Whole models as people build them around a GRU: every architecture is a function of a `Kit`.

Runs inside every Keras 2, hence in the syntax of Python 3.7 and without gru_ref. Where a release
lacks a layer the function raises what that release raises, and the model is not in its corpus.
"""

import numpy as np

BATCH, TIMESTEPS, FEATURES, WORDS = 3, 6, 4, 11


class Architectures(dict):
    """The functions that build models, by name."""

    def enter(self, *inputs, not_carried=(), perhaps=(), says=()):
        """Return a decorator that enters a function.

        Parameters
        ----------
        *inputs : str
            What each input of the model holds: "floats" (the default), "padded" (floats, with zeros
            at the end of some sequences), "ids" (indices below `WORDS`, with zeros at the end) or
            "mask" (booleans, with a hole and such ends).
        not_carried : tuple of str
            Names of the layers that Keras 3 cannot have: each is to be named before anything is
            written.
        perhaps : tuple of str
            Names of layers that may be refused by name instead of being carried.
        says : tuple of str
            Words that the report of the conversion has to have.
        """

        def enter(function):
            function.inputs = inputs or ("floats",)
            function.not_carried, function.perhaps, function.says = not_carried, perhaps, says
            self[function.__name__] = function
            return function

        return enter


KERAS_2 = Architectures()
architecture = KERAS_2.enter


class Kit:
    """One Keras: its package, its layers, and what its releases call differently.

    Parameters
    ----------
    keras : module
    release : tuple of int
        Major and minor.
    twin : bool
        Whether a layer of cuDNN is built as the plain layer that computes the same: it runs on no
        CPU.
    """

    def __init__(self, keras, release, twin=False):
        self.keras, self.release, self.twin = keras, release, twin
        self.layers = keras.layers
        self.has_cudnn = False

    def need_tensorflow(self):
        """Raise LookupError where Keras stands alone and has no operators of TensorFlow."""
        if self.keras.__name__ == "keras":
            raise LookupError("operators of TensorFlow need tf.keras")

    @property
    def tf(self):
        """TensorFlow, of which the operators of tf.keras are."""
        self.need_tensorflow()
        import tensorflow

        return tensorflow

    def input(self, *shape, **kwargs):
        """Return an input of the shape without its batch; by default of floats."""
        return self.layers.Input(shape=shape or (TIMESTEPS, FEATURES), **kwargs)

    def model(self, inputs, outputs, **kwargs):
        """Return a Functional model."""
        if self.release < (2, 0):
            return self.keras.models.Model(input=inputs, output=outputs)
        return self.keras.models.Model(inputs, outputs, **kwargs)

    def sequential(self, *layers, **kwargs):
        """Return a Sequential model."""
        return self.keras.models.Sequential(list(layers), **kwargs)

    def cudnn(self, kind, units, **kwargs):
        """Return a layer of cuDNN: CuDNNGRU or CuDNNLSTM."""
        self.has_cudnn = True
        if self.twin:
            more = {"reset_after": True} if kind == "GRU" else {}
            return getattr(self.layers, kind)(
                units, recurrent_activation="sigmoid", **{**more, **kwargs}
            )
        return getattr(self.old_layers(), "CuDNN" + kind)(units, **kwargs)

    def old_layers(self):
        """Return the module with the layers of TensorFlow 1."""
        if self.keras.__name__ == "keras":
            return self.layers
        if self.keras.__name__ == "tf_keras":
            from tf_keras.api._v1.keras import layers

            return layers
        return self.tf.compat.v1.keras.layers


SEQUENCE = (TIMESTEPS, FEATURES)

# ---- chains


@architecture()
def plain(k):
    """A GRU and a classifier."""
    L = k.layers
    return k.sequential(L.GRU(5, input_shape=SEQUENCE), L.Dense(3, activation="softmax"))


@architecture()
def stacked(k):
    """Three GRUs with dropout between."""
    L = k.layers
    return k.sequential(
        L.GRU(5, return_sequences=True, input_shape=(None, FEATURES)),
        L.Dropout(0.3),
        L.GRU(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.2),
        L.GRU(3),
        L.Dense(1, activation="sigmoid"),
    )


@architecture()
def input_layer(k):
    """A Sequential with a named InputLayer and a name of its own."""
    L = k.layers
    return k.sequential(
        L.InputLayer(input_shape=SEQUENCE, name="series"),
        L.GRU(5, name="recurrent"),
        L.Dense(2, name="head"),
        name="forecaster",
    )


@architecture()
def built_late(k):
    """A Sequential that learns its shape from build()."""
    L = k.layers
    model = k.sequential(L.GRU(5, return_sequences=True), L.Dense(2))
    model.build((None, TIMESTEPS, FEATURES))
    if not model.inputs:
        model.predict(np.zeros((BATCH, *SEQUENCE), "float32"), batch_size=BATCH)
    return model


@architecture()
def variants(k):
    """Backwards, unrolled, without bias, implementation 1, on a fixed batch."""
    L = k.layers
    x = L.Input(batch_shape=(BATCH, *SEQUENCE))
    y = L.GRU(5, go_backwards=True, return_sequences=True)(x)
    y = L.GRU(4, unroll=True, return_sequences=True, implementation=1)(y)
    y = L.GRU(3, use_bias=False, return_sequences=True, implementation=2)(y)
    return k.model(x, L.GRU(2, activation="relu", recurrent_activation="sigmoid")(y))


@architecture()
def both_reset_forms(k):
    """reset_after=True and False, both said."""
    L = k.layers
    return k.sequential(
        L.GRU(5, reset_after=True, return_sequences=True, input_shape=SEQUENCE),
        L.GRU(4, reset_after=False),
    )


@architecture(says=("hard_sigmoid",))
def hard_sigmoid_after(k):
    """hard_sigmoid gates, reset after."""
    L = k.layers
    gru = L.GRU(5, recurrent_activation="hard_sigmoid", reset_after=True, input_shape=SEQUENCE)
    return k.sequential(gru, L.Dense(2))


@architecture(says=("hard_sigmoid",))
def hard_sigmoid_before(k):
    """hard_sigmoid gates, reset before."""
    L = k.layers
    gru = L.GRU(5, recurrent_activation="hard_sigmoid", reset_after=False, input_shape=SEQUENCE)
    return k.sequential(gru, L.Dense(2))


@architecture(says=("hard_sigmoid",))
def hard_sigmoid_everywhere(k):
    """hard_sigmoid in an LSTM, a Conv1D, a Dense, an Activation layer and without a bias."""
    L = k.layers
    x = k.input()
    y = L.Conv1D(4, 2, activation="hard_sigmoid", padding="same")(x)
    y = L.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True)(y)
    y = L.GRU(4, recurrent_activation="hard_sigmoid", use_bias=False, return_sequences=True)(y)
    y = L.GRU(3, activation="hard_sigmoid", recurrent_activation="sigmoid")(y)
    y = L.Dense(4, activation="hard_sigmoid")(y)
    return k.model(x, L.Activation("hard_sigmoid")(L.Dense(3)(y)))


@architecture(says=("hard_sigmoid",))
def hard_sigmoid_wrapped(k):
    """hard_sigmoid gates in a Bidirectional, cells and a TimeDistributed."""
    L = k.layers
    hard = {"recurrent_activation": "hard_sigmoid"}
    x = k.input(2, TIMESTEPS, FEATURES)
    y = L.TimeDistributed(L.Bidirectional(L.GRU(3, return_sequences=True, **hard)))(x)
    y = L.TimeDistributed(L.RNN([L.GRUCell(4, **hard), L.LSTMCell(3, **hard)]))(y)
    return k.model(x, L.GRU(2, **hard)(y))


@architecture()
def activations(k):
    """Activations other than tanh, in GRUs and as layers."""
    L = k.layers
    x = k.input()
    y = L.GRU(4, activation="elu", recurrent_activation="relu", return_sequences=True)(x)
    y = L.Activation("softplus")(L.GRU(4, activation="selu", return_sequences=True)(y))
    y = L.GRU(4, activation="softsign", recurrent_activation="tanh", return_sequences=True)(y)
    y = L.GRU(3, activation="linear", return_sequences=True)(y)
    y = L.Dense(3, activation="exponential")(L.Activation("softmax")(y))
    return k.model(x, L.Activation("relu")(y))


@architecture()
def newer_activations(k):
    """Swish and gelu."""
    L = k.layers
    return k.sequential(
        L.GRU(4, activation="swish", return_sequences=True, input_shape=SEQUENCE),
        L.Dense(3, activation="gelu"),
        L.Activation("swish"),
    )


@architecture()
def activation_layers(k):
    """Activations that are layers, with weights and arguments of their own."""
    L = k.layers
    x = k.input()
    y = L.PReLU(shared_axes=[1])(L.GRU(4, return_sequences=True)(x))
    y = L.LeakyReLU(alpha=0.2)(L.Dense(4)(y))
    y = L.ELU(alpha=0.7)(L.Dense(4)(y))
    y = L.ReLU(max_value=0.9, negative_slope=0.1, threshold=0.2)(L.Dense(4)(y))
    return k.model(x, L.Softmax(axis=1)(L.Dense(3)(y)))


@architecture(perhaps=("thresholded",))
def thresholded_relu(k):
    """ThresholdedReLU, whose class Keras 3 dropped; ReLU(threshold) computes the same."""
    L = k.layers
    x = k.input()
    y = L.ThresholdedReLU(theta=0.3, name="thresholded")(L.GRU(4)(x))
    return k.model(x, L.Dense(2)(y))


@architecture()
def lstm_and_simple(k):
    """LSTM, SimpleRNN and GRU in one chain."""
    L = k.layers
    return k.sequential(
        L.LSTM(5, return_sequences=True, input_shape=SEQUENCE),
        L.SimpleRNN(4, return_sequences=True),
        L.GRU(4, return_sequences=True),
        L.LSTM(3, unit_forget_bias=False, implementation=1),
        L.Dense(2),
    )


@architecture()
def no_gru(k):
    """Dense layers alone."""
    L = k.layers
    return k.sequential(L.Dense(5, input_dim=7, activation="relu"), L.Dense(2))


@architecture()
def stateful(k):
    """A stateful GRU of a fixed batch."""
    L = k.layers
    return k.sequential(
        L.GRU(5, stateful=True, return_sequences=True, batch_input_shape=(BATCH, *SEQUENCE)),
        L.GRU(4, stateful=True),
        L.Dense(2),
    )


@architecture()
def penalties(k):
    """Regularizers, constraints and initializers, by class and by name."""
    L, K = k.layers, k.keras
    gru = L.GRU(
        5,
        kernel_initializer=K.initializers.VarianceScaling(2.0, "fan_avg", "uniform"),
        recurrent_initializer=K.initializers.Orthogonal(gain=0.9),
        bias_initializer="ones",
        kernel_regularizer=K.regularizers.l1_l2(0.01, 0.02),
        recurrent_regularizer=K.regularizers.l2(0.03),
        bias_regularizer="l2",
        activity_regularizer=K.regularizers.l1(0.01),
        kernel_constraint=K.constraints.MaxNorm(1.5, axis=0),
        recurrent_constraint="non_neg",
        bias_constraint=K.constraints.MinMaxNorm(0.1, 0.9, 0.5),
        return_sequences=True,
        input_shape=SEQUENCE,
    )
    dense = L.Dense(
        3, kernel_initializer="he_normal", bias_initializer=K.initializers.Constant(0.2),
        kernel_constraint="unit_norm", kernel_regularizer=K.regularizers.l1(0.1),
    )  # fmt: skip
    second = L.GRU(
        4, kernel_initializer=K.initializers.RandomNormal(0.0, 0.1, seed=3),
        recurrent_initializer="lecun_uniform",
        bias_initializer=K.initializers.TruncatedNormal(stddev=0.2),
    )  # fmt: skip
    return k.sequential(gru, second, dense)


@architecture(says=("optimizer",))
def trained(k):
    """Compiled and trained: the optimizer's moments are in the file."""
    model = plain(k)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    x, y = np.ones((BATCH, *SEQUENCE), "float32"), np.eye(3, dtype="float32")[:BATCH]
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    return model


@architecture()
def frozen(k):
    """Layers that are not trainable, which some files list last."""
    L = k.layers
    inner = k.sequential(
        L.GRU(4, return_sequences=True, trainable=False, input_shape=SEQUENCE),
        L.Dense(3),
        L.GRU(4, return_sequences=True),
    )
    x = k.input()
    y = L.GRU(3, trainable=False)(L.BatchNormalization(trainable=False)(inner(x)))
    return k.model(x, L.Dense(2)(y))


# ---- masks


@architecture("ids")
def embedding(k):
    """Words, masked where they are zero."""
    L = k.layers
    return k.sequential(
        L.Embedding(WORDS, 4, mask_zero=True, input_length=TIMESTEPS), L.GRU(5), L.Dense(2)
    )


@architecture("ids")
def embedding_unmasked(k):
    """Words of any number, without a mask."""
    L = k.layers
    x = k.input(None, dtype="int32")
    y = L.SpatialDropout1D(0.2)(L.Embedding(WORDS, 4)(x))
    return k.model(x, L.GlobalMaxPooling1D()(L.GRU(5, return_sequences=True)(y)))


@architecture("ids", "ids")
def translator(k):
    """Words to words: two Embeddings with masks, the decoder from the encoder's state."""
    L = k.layers
    source, target = (k.input(None, name=name) for name in ("source", "target"))
    _, state = L.GRU(5, return_state=True, name="encoder")(
        L.Embedding(WORDS, 4, mask_zero=True)(source)
    )
    y = L.Embedding(WORDS, 3, mask_zero=True)(target)
    y = L.GRU(5, return_sequences=True, name="decoder")(y, initial_state=state)
    return k.model([source, target], L.Dense(WORDS, activation="softmax")(y))


@architecture("padded")
def masking(k):
    """A Masking layer, through two GRUs and dropout between."""
    L = k.layers
    return k.sequential(
        L.Masking(mask_value=0.0, input_shape=SEQUENCE),
        L.GRU(5, return_sequences=True),
        L.Dropout(0.1),
        L.GRU(4, return_sequences=True),
        L.TimeDistributed(L.Dense(2)),
    )


@architecture("padded")
def masked_wrappers(k):
    """A mask through Bidirectional, TimeDistributed and backwards."""
    L = k.layers
    x = k.input()
    y = L.Masking()(x)
    y = L.Bidirectional(L.GRU(3, return_sequences=True))(y)
    y = L.TimeDistributed(L.Dense(4))(y)
    return k.model(x, L.GRU(3, go_backwards=True)(y))


@architecture("floats", "mask")
def mask_input(k):
    """A mask that is an input of the model."""
    if k.keras.__name__ == "keras":
        raise LookupError("leaves a mask that a call is given out of its file")
    L = k.layers
    x, mask = k.input(), k.input(TIMESTEPS, dtype="bool", name="mask")
    y = L.GRU(5, return_sequences=True)(x, mask=mask)
    return k.model([x, mask], L.GRU(3)(y, mask=mask))


@architecture("ids")
def nested_masked(k):
    """A mask that goes into nested models, through them, and out again."""
    L = k.layers
    words = k.sequential(L.Embedding(WORDS, 4, mask_zero=True, input_length=TIMESTEPS))
    tower = k.sequential(
        L.GRU(4, return_sequences=True, input_shape=(TIMESTEPS, 4)), L.Dropout(0.1), name="tower"
    )
    x = k.input(TIMESTEPS, dtype="int32")
    return k.model(x, L.GRU(3)(tower(words(x))))


@architecture("ids", "ids", not_carried=("merged",))
def nested_merged(k):
    """Two masks that a nested model merges before a GRU."""
    L = k.layers
    i, j = k.input(TIMESTEPS, 4), k.input(TIMESTEPS, 4)
    inner = k.model([i, j], L.GRU(4, name="merged")(L.concatenate([i, j])), name="inner")
    a, b = k.input(TIMESTEPS, dtype="int32"), k.input(TIMESTEPS, dtype="int32")
    y = [L.Embedding(WORDS, 4, mask_zero=True)(one) for one in (a, b)]
    return k.model([a, b], inner(y))


# ---- encoder, decoder, attention


@architecture("floats", "floats")
def seq2seq(k):
    """A decoder that starts from the encoder's state."""
    L = k.layers
    source, target = k.input(None, FEATURES), k.input(None, FEATURES)
    _, state = L.GRU(5, return_state=True)(source)
    y, last = L.GRU(5, return_sequences=True, return_state=True)(target, initial_state=[state])
    return k.model([source, target], [L.TimeDistributed(L.Dense(3))(y), last])


@architecture("floats", "floats")
def seq2seq_lstm(k):
    """An LSTM pair, of two states."""
    L = k.layers
    source, target = k.input(None, FEATURES), k.input(None, FEATURES)
    _, h, c = L.LSTM(5, return_state=True)(source)
    y = L.LSTM(5, return_sequences=True)(target, initial_state=[h, c])
    return k.model([source, target], L.Dense(3)(y))


@architecture("floats", "floats")
def seq2seq_bidirectional(k):
    """A bidirectional encoder whose states are joined; then a bidirectional decoder."""
    L = k.layers
    source, target = k.input(), k.input()
    _, forward, backward = L.Bidirectional(L.GRU(3, return_state=True))(source)
    y = L.GRU(6, return_sequences=True)(target, initial_state=L.concatenate([forward, backward]))
    y = L.Bidirectional(L.GRU(3, return_sequences=True))(y, initial_state=[forward, backward])
    return k.model([source, target], L.Dense(3)(y))


@architecture("floats", "floats")
def attention_dot(k):
    """Attention of Dot, softmax and Dot."""
    L = k.layers
    source, target = k.input(), k.input(5, FEATURES)
    encoded, state = L.GRU(5, return_sequences=True, return_state=True)(source)
    decoded = L.GRU(5, return_sequences=True)(target, initial_state=state)
    scores = L.Activation("softmax")(L.Dot(axes=[2, 2])([decoded, encoded]))
    context = L.Dot(axes=[2, 1])([scores, encoded])
    y = L.Concatenate()([context, decoded])
    return k.model([source, target], L.TimeDistributed(L.Dense(3, activation="tanh"))(y))


@architecture("ids", "ids")
def attention_layer(k):
    """Attention with a scale, over masked words."""
    L = k.layers
    source, target = k.input(None), k.input(None)
    encoded, state = L.GRU(5, return_sequences=True, return_state=True)(
        L.Embedding(WORDS, 4, mask_zero=True)(source)
    )
    decoded = L.GRU(5, return_sequences=True)(
        L.Embedding(WORDS, 4, mask_zero=True)(target), initial_state=state
    )
    context = L.Attention(use_scale=True)([decoded, encoded])
    return k.model([source, target], L.Dense(3)(L.Concatenate()([decoded, context])))


@architecture("floats", "floats")
def additive_attention(k):
    """AdditiveAttention, with causal self-attention after it."""
    L = k.layers
    source, target = k.input(), k.input()
    encoded, state = L.GRU(5, return_sequences=True, return_state=True)(source)
    decoded = L.GRU(5, return_sequences=True)(target, initial_state=state)
    y = L.AdditiveAttention()([decoded, encoded])
    return k.model([source, target], L.Dense(3)(L.Add()([decoded, y])))


@architecture("floats")
def multi_head(k):
    """MultiHeadAttention after a GRU, with a residual and LayerNormalization."""
    L = k.layers
    x = k.input()
    y = L.GRU(4, return_sequences=True)(x)
    z = L.MultiHeadAttention(num_heads=2, key_dim=3)(y, y)
    return k.model(x, L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Add()([y, z]))))


# ---- convolutions and normalization


@architecture()
def conv(k):
    """Convolutions, pooling and a GRU."""
    L = k.layers
    return k.sequential(
        L.Conv1D(5, 3, padding="causal", activation="relu", input_shape=(12, FEATURES)),
        L.MaxPooling1D(2),
        L.Conv1D(4, 2, strides=1, dilation_rate=2, use_bias=False),
        L.AveragePooling1D(2, strides=1, padding="same"),
        L.GRU(5, return_sequences=True),
        L.GlobalAveragePooling1D(),
        L.Dense(2),
    )


@architecture()
def conv_frames(k):
    """Convolutions over each frame of a film, then a GRU over the frames."""
    L = k.layers
    x = k.input(3, 6, 6, 2)
    y = L.TimeDistributed(L.Conv2D(3, (3, 3), activation="relu"))(x)
    y = L.TimeDistributed(L.MaxPooling2D((2, 2)))(y)
    y = L.TimeDistributed(L.Flatten())(y)
    return k.model(x, L.Dense(2)(L.GRU(4)(y)))


@architecture()
def conv_kinds(k):
    """Depthwise, separable and transposed convolutions, padding, cropping and upsampling."""
    L = k.layers
    x = k.input(8, 8, 2)
    y = L.SeparableConv2D(3, 3, padding="same", depth_multiplier=2)(x)
    y = L.DepthwiseConv2D(3, strides=2)(y)
    y = L.Conv2DTranspose(3, 2, strides=2)(y)
    y = L.Cropping2D(1)(L.ZeroPadding2D(((0, 1), (1, 0)))(L.UpSampling2D(2)(y)))
    y = L.AveragePooling2D(3)(y)
    y = L.GRU(4, return_sequences=True)(L.Reshape((-1, 3))(y))
    return k.model(x, L.GlobalMaxPooling1D()(y))


@architecture()
def conv_1d_kinds(k):
    """SeparableConv1D, padding, cropping and upsampling in time."""
    L = k.layers
    x = k.input()
    y = L.SeparableConv1D(5, 3, activation="relu")(L.ZeroPadding1D((2, 1))(x))
    y = L.Cropping1D((1, 0))(L.UpSampling1D(2)(y))
    return k.model(x, L.GRU(4)(y))


@architecture(says=("hard_sigmoid",))
def conv_lstm(k):
    """ConvLSTM2D, whose gates are hard_sigmoid by default."""
    L = k.layers
    x = k.input(3, 5, 5, 2)
    y = L.ConvLSTM2D(3, (2, 2), return_sequences=True)(x)
    y = L.ConvLSTM2D(2, (2, 2), activation="relu")(y)
    return k.model(x, L.Dense(2)(L.Flatten()(y)))


@architecture()
def dilated(k):
    """Gated, dilated convolutions with skip connections, then a GRU."""
    L = k.layers
    x = k.input(None, FEATURES)
    y, skips = L.Conv1D(4, 1)(x), []
    for rate in (1, 2):
        f = L.Conv1D(4, 2, padding="causal", dilation_rate=rate, activation="tanh")(y)
        g = L.Conv1D(4, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(y)
        z = L.Conv1D(4, 1)(L.Multiply()([f, g]))
        skips.append(z)
        y = L.Add()([y, z])
    return k.model(x, L.GRU(3)(L.Activation("relu")(L.Add()(skips))))


@architecture()
def batch_normalization(k):
    """BatchNormalization before and after, one without center, one without scale."""
    L = k.layers
    return k.sequential(
        L.BatchNormalization(input_shape=SEQUENCE, epsilon=0.01),
        L.GRU(5, return_sequences=True),
        L.BatchNormalization(center=False, momentum=0.9),
        L.TimeDistributed(L.BatchNormalization(scale=False)),
        L.Dense(2),
        L.BatchNormalization(),
    )


@architecture()
def layer_normalization(k):
    """LayerNormalization, over two axes as well."""
    L = k.layers
    x = k.input()
    y = L.LayerNormalization(epsilon=0.01)(L.GRU(4, return_sequences=True)(x))
    return k.model(x, L.LayerNormalization(axis=[1, 2], scale=False)(L.Dense(3)(y)))


@architecture()
def newer_normalization(k):
    """GroupNormalization and UnitNormalization."""
    L = k.layers
    x = k.input()
    y = L.GroupNormalization(groups=2)(L.GRU(4, return_sequences=True)(x))
    return k.model(x, L.UnitNormalization()(y))


@architecture()
def preprocessing(k):
    """Rescaling and Normalization with statistics of its own, before a GRU."""
    L = k.layers
    x = k.input()
    y = L.Normalization(mean=[0.1, -0.2, 0.3, 0.4], variance=[1.0, 2.0, 0.5, 0.7])(x)
    y = L.Rescaling(0.5, offset=0.1)(y)
    return k.model(x, L.Dense(2)(L.GRU(4)(y)))


# ---- wrappers and cells


@architecture()
def bidirectional(k):
    """Every way to merge, one after the other."""
    L = k.layers
    x = y = k.input()
    for merge in ("concat", "sum", "mul", "ave"):
        y = L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode=merge)(y)
    return k.model(x, L.Bidirectional(L.LSTM(3))(y))


@architecture()
def bidirectional_apart(k):
    """merge_mode=None, of two outputs, and a layer that runs backwards itself."""
    L = k.layers
    x = k.input()
    y, z = L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode=None)(x)
    y = L.Bidirectional(L.GRU(3, go_backwards=True))(L.Concatenate()([y, z]))
    return k.model(x, [y, z])


@architecture()
def bidirectional_own(k):
    """A backward layer of its own."""
    L = k.layers
    x = k.input()
    backward = L.GRU(3, return_sequences=True, go_backwards=True, activation="relu", name="back")
    y = L.Bidirectional(L.GRU(3, return_sequences=True), backward_layer=backward)(x)
    backward = L.LSTM(4, go_backwards=True)
    return k.model(x, L.Bidirectional(L.GRU(4), backward_layer=backward, merge_mode="sum")(y))


@architecture(perhaps=("unequal",))
def bidirectional_unequal(k):
    """A backward layer of fewer units, whose output Keras 3 takes to be wider than it is."""
    L = k.layers
    x = k.input()
    backward = L.GRU(2, return_sequences=True, go_backwards=True)
    both = L.Bidirectional(L.GRU(3, return_sequences=True), backward_layer=backward, name="unequal")
    return k.model(x, L.GRU(4)(both(x)))


@architecture()
def time_distributed(k):
    """Dense, GRU and whole models at every timestep."""
    L = k.layers
    inner = k.sequential(L.GRU(3, input_shape=SEQUENCE), L.Dense(4, activation="tanh"))
    x = k.input(2, TIMESTEPS, FEATURES)
    y = L.TimeDistributed(L.GRU(3))(x)
    z = L.TimeDistributed(inner)(x)
    return k.model(x, L.TimeDistributed(L.Dense(2))(L.GRU(4, return_sequences=True)(
        L.Concatenate()([y, z]))))  # fmt: skip


@architecture()
def cells(k):
    """RNN of one cell, and of three kinds stacked."""
    L = k.layers
    x = k.input()
    y = L.RNN(L.GRUCell(5), return_sequences=True)(x)
    stack = [L.GRUCell(4, reset_after=False), L.LSTMCell(3), L.SimpleRNNCell(2)]
    return k.model(x, L.RNN(stack, go_backwards=True)(y))


@architecture()
def stacked_cells(k):
    """StackedRNNCells, with states returned."""
    L = k.layers
    x = k.input()
    stack = L.StackedRNNCells([L.GRUCell(4), L.GRUCell(3)])
    return k.model(x, L.RNN(stack, return_sequences=True, return_state=True)(x))


@architecture(perhaps=("by_time",))
def time_major(k):
    """A GRU whose first axis is time, which Keras 3 does not have."""
    L = k.layers
    x = L.Input(batch_shape=(TIMESTEPS, BATCH, FEATURES))
    y = L.GRU(4, time_major=True, return_sequences=True, name="by_time")(x)
    return k.model(x, L.Dense(2)(y))


# ---- cuDNN and TensorFlow 1


@architecture()
def cudnn_gru(k):
    """Two CuDNNGRUs."""
    L = k.layers
    return k.sequential(
        k.cudnn("GRU", 5, return_sequences=True, input_shape=SEQUENCE, name="fast"),
        k.cudnn("GRU", 4, go_backwards=True, name="faster"),
        L.Dense(2, name="head"),
    )


@architecture()
def cudnn_lstm(k):
    """A CuDNNLSTM and a CuDNNGRU, from states."""
    L = k.layers
    x = k.input()
    y, h, _ = k.cudnn("LSTM", 4, return_sequences=True, return_state=True, name="fast")(x)
    y = k.cudnn("GRU", 4, name="faster")(y, initial_state=h)
    return k.model(x, L.Dense(2, name="head")(y))


@architecture()
def cudnn_bidirectional(k):
    """CuDNN layers in a Bidirectional and in a nested model."""
    L = k.layers
    inner = k.sequential(
        L.Bidirectional(k.cudnn("GRU", 3, return_sequences=True, name="fast"), name="both"),
        L.Bidirectional(k.cudnn("LSTM", 3, name="faster"), name="both_too"),
        name="inner",
    )
    x = k.input()
    return k.model(x, L.Dense(2, name="head")(inner(x)))


@architecture()
def tensorflow_1_layers(k):
    """The GRU and LSTM of tf.compat.v1: hard_sigmoid, reset before."""
    L, old = k.layers, k.old_layers()
    if old is L:
        raise LookupError("has no layers of TensorFlow 1 beside its own")
    x = k.input()
    y = old.LSTM(4, return_sequences=True)(old.GRU(5, return_sequences=True)(x))
    return k.model(x, L.Dense(2)(old.GRU(3)(y)))


# ---- several inputs, outputs and calls


@architecture("floats", "floats")
def multi_io(k):
    """Two inputs and three outputs, by name."""
    L = k.layers
    series, facts = k.input(name="series"), k.input(3, name="facts")
    y, state = L.GRU(5, return_state=True, name="gru_main")(series)
    z = L.concatenate([y, L.Dense(4, activation="relu")(facts)])
    price = L.Dense(1, name="price")(z)
    kind = L.Dense(3, activation="softmax", name="kind")(z)
    return k.model([series, facts], [kind, price, state])


@architecture("floats", "floats")
def siamese(k):
    """One GRU called on two inputs."""
    L = k.layers
    a, b = k.input(), k.input()
    shared = L.GRU(5, name="shared")
    y = L.Subtract()([shared(a), shared(b)])
    return k.model([a, b], L.Dense(1, activation="sigmoid")(y))


@architecture()
def called_again(k):
    """A layer called on its own output, and a model whose output is the second call."""
    L = k.layers
    x = k.input()
    gru, dense = L.GRU(FEATURES, return_sequences=True), L.Dense(FEATURES, activation="tanh")
    dense(x)
    return k.model(x, [gru(gru(dense(x))), gru.get_output_at(0)])


@architecture("floats", "floats")
def shared_model(k):
    """A nested model called twice, with a layer of its inside used outside too."""
    L = k.layers
    gru = L.GRU(4, return_sequences=True)
    inner = k.sequential(L.InputLayer(input_shape=SEQUENCE), gru, L.Dense(FEATURES), name="tower")
    a, b = k.input(), k.input()
    y = L.Average()([inner(a), inner(b)])
    return k.model([a, b], L.GRU(3)(L.Multiply()([y, inner(y)])))


@architecture()
def nested(k):
    """A Sequential and a Functional model in a Functional one, two deep."""
    L = k.layers
    chain = k.sequential(L.GRU(4, return_sequences=True, input_shape=SEQUENCE), L.Dropout(0.2))
    i = k.input()
    middle = k.model(i, L.Dense(4)(chain(i)), name="middle")
    j = k.input()
    y, state = L.GRU(4, return_sequences=True, return_state=True)(middle(j))
    outer = k.model(j, [y, state], name="outer")
    x = k.input()
    y, state = outer(x)
    return k.model(x, L.GRU(4)(y, initial_state=state))


@architecture("floats", "floats")
def nested_inputs(k):
    """A nested model of two inputs and two outputs."""
    L = k.layers
    i, j = k.input(), k.input(3)
    y, state = L.GRU(3, return_sequences=True, return_state=True)(i, initial_state=j)
    inner = k.model([i, j], [y, state], name="inner")
    x, h = k.input(name="x"), k.input(3, name="h")
    y, state = inner([x, h])
    return k.model([x, h], [L.Dense(2)(y), L.Dense(2)(state)])


@architecture()
def chain_of_models(k):
    """Sequential models in a Sequential model."""
    L = k.layers
    first = k.sequential(L.GRU(4, return_sequences=True, input_shape=SEQUENCE), name="first")
    second = k.sequential(L.GRU(3, input_shape=(TIMESTEPS, 4)), L.Dense(3), name="second")
    return k.sequential(first, second, L.Dense(2))


@architecture("floats", "floats")
def merges(k):
    """Every layer that merges."""
    L = k.layers
    a, b = k.input(), k.input()
    y, z = L.GRU(4, return_sequences=True)(a), L.GRU(4, return_sequences=True)(b)
    w = L.Add()([y, z, L.Subtract()([y, z])])
    w = L.Multiply()([w, L.Average()([y, z])])
    w = L.Concatenate(axis=1)([w, L.Maximum()([y, z])])
    v = L.Dot(axes=2, normalize=True)([w, L.Minimum()([y, z])])
    return k.model([a, b], L.Dense(2)(v))


@architecture()
def shapes(k):
    """RepeatVector, Permute, Reshape and Flatten."""
    L = k.layers
    x = k.input()
    y = L.RepeatVector(3)(L.GRU(4)(x))
    y = L.GRU(4, return_sequences=True)(L.Permute((2, 1))(y))
    return k.model(x, L.Dense(2)(L.Flatten()(L.Reshape((2, 8))(y))))


@architecture()
def noise(k):
    """The layers that act in training alone."""
    L = k.layers
    x = y = k.input()
    for layer in (
        L.GaussianNoise(0.1), L.Dropout(0.2, noise_shape=(None, 1, FEATURES)),
        L.GaussianDropout(0.1), L.AlphaDropout(0.1), L.SpatialDropout1D(0.3),
        L.ActivityRegularization(l1=0.1, l2=0.2),
    ):  # fmt: skip
        y = layer(y)
    return k.model(x, L.GRU(4)(y))


@architecture()
def training_said(k):
    """Calls that say training=False."""
    L = k.layers
    x = k.input()
    y = L.BatchNormalization()(x, training=False)
    y = L.GRU(4, dropout=0.5)(y, training=False)
    return k.model(x, L.Dropout(0.5)(y, training=False))


@architecture()
def state_outputs(k):
    """States as outputs of the model."""
    L = k.layers
    x = k.input()
    y, h = L.GRU(4, return_sequences=True, return_state=True)(x)
    z, a, b = L.LSTM(3, return_state=True)(y)
    return k.model(x, [z, h, a, b])


# ---- types


@architecture()
def float64(k):
    """Every layer in float64."""
    L, said = k.layers, {"dtype": "float64"}
    x = k.input(dtype="float64")
    y = L.GRU(5, return_sequences=True, **said)(x)
    y = L.BatchNormalization(**said)(L.Bidirectional(L.GRU(3, **said), **said)(y))
    return k.model(x, L.Dense(2, **said)(y))


@architecture()
def mixed_float16(k):
    """The policy mixed_float16, with a float32 head."""
    policy = k.tf.keras.mixed_precision.Policy if k.release >= (2, 4) else (
        k.tf.keras.mixed_precision.experimental.Policy)  # fmt: skip
    if k.keras.__name__ == "tf_keras":
        policy = k.keras.mixed_precision.Policy
    L, mixed = k.layers, {"dtype": policy("mixed_float16")}
    x = k.input()
    y = L.GRU(4, return_sequences=True, **mixed)(L.Dense(4, **mixed)(x))
    return k.model(x, L.Dense(2, dtype="float32")(L.LSTM(3, **mixed)(y)))


# ---- names


@architecture()
def odd_names(k):
    """Names with dots, slashes, capitals, and the counters of Keras in another order."""
    L = k.layers
    x = k.input(name="in.put")
    y = L.GRU(4, return_sequences=True, name="gru_2")(x)
    y = L.GRU(4, return_sequences=True, name="gru_1")(y)
    y = L.GRU(4, return_sequences=True, name="block.1-GRU")(y)
    y = L.GRU(4, return_sequences=True, name="GRU")(y)
    y = L.GRU(3, return_sequences=True, name="gru")(y)
    return k.model(x, L.Dense(2, name="gru_1_1")(y), name="My.Model")


@architecture(says=("encoder/gru", "head/dense"))
def slashes(k):
    """Layers named by their place, with slashes, and one named as Keras 3 may write another."""
    L = k.layers
    x = k.input()
    y = L.GRU(4, return_sequences=True, name="encoder/gru")(x)
    y = L.GRU(4, name="encoder_gru")(y)
    return k.model(x, L.Dense(2, name="head/dense")(y))


@architecture()
def many(k):
    """More than ten GRUs: gru_10 sorts before gru_2."""
    L = k.layers
    x = y = k.input()
    for _ in range(11):
        y = L.GRU(2, return_sequences=True)(y)
    return k.model(x, L.GRU(3)(y))


# ---- operators of TensorFlow


@architecture()
def operator_slices(k):
    """Slices of a tensor, as people take the last timestep."""
    k.need_tensorflow()
    L = k.layers
    x = k.input()
    y = L.GRU(4, return_sequences=True)(x)
    return k.model(x, [L.Dense(2)(y[:, -1]), L.Dense(2)(y[:, ::2, 1:3]), y[..., 0]])


@architecture("floats", "floats")
def operator_arithmetic(k):
    """Sums, products and powers of tensors and numbers."""
    k.need_tensorflow()
    L = k.layers
    a, b = k.input(), k.input()
    y, z = L.GRU(4)(a), L.GRU(4)(b)
    w = (y * 2.0 + z) / 3.0 - y * z
    return k.model([a, b], L.Dense(2)(1.0 - w * w) + (-y[:, :2]))


@architecture("floats", "floats")
def operator_functions(k):
    """Functions of TensorFlow on tensors."""
    tf, L = k.tf, k.layers
    a, b = k.input(), k.input()
    y, z = L.GRU(4, return_sequences=True)(a), L.GRU(4, return_sequences=True)(b)
    w = tf.concat([tf.reduce_mean(y, axis=1), tf.reduce_max(z, axis=1)], axis=-1)
    v = tf.nn.softmax(tf.matmul(y, z, transpose_b=True), axis=-1)
    v = tf.reduce_sum(tf.expand_dims(tf.nn.relu(v), 3), axis=[2, 3])
    return k.model([a, b], [L.Dense(2)(tf.tanh(w)), tf.sigmoid(v), tf.transpose(z, [0, 2, 1])])


@architecture("floats")
def operator_shapes(k):
    """reshape, squeeze, stack, tile, cast and reverse."""
    tf, L = k.tf, k.layers
    x = k.input()
    y = tf.reverse(L.GRU(4, return_sequences=True)(x), axis=[1])
    y = tf.reshape(y, [-1, 3, 8])
    z = tf.stack([y, tf.square(y)], axis=1)
    return k.model(x, [L.Dense(2)(tf.squeeze(z[:, :1], axis=1)), tf.cast(y, "float64")])


@architecture(not_carried=("own_code",))
def lambda_layer(k):
    """A Lambda, whose code is in the file."""
    L = k.layers
    x = k.input()
    y = L.Lambda(lambda t: t * 2.0, name="own_code")(L.GRU(4)(x))
    return k.model(x, L.Dense(2)(y))


@architecture(not_carried=("first_lambda", "second_lambda", "own_layer"))
def several_obstacles(k):
    """Two Lambdas, one in a nested model, and a layer of a class of the user's own."""
    L = k.layers

    class Twice(L.Layer):
        def call(self, t):
            return t * 2.0

    inner = k.sequential(
        L.GRU(3, input_shape=SEQUENCE), L.Lambda(lambda t: t + 1.0, name="second_lambda")
    )
    x = k.input()
    y = L.Lambda(lambda t: t - 1.0, name="first_lambda")(x)
    return k.model(x, Twice(name="own_layer")(L.Dense(2)(inner(y))))


@architecture(not_carried=("mine",))
def custom_gru(k):
    """A subclass of GRU."""

    class UsersGRU(k.layers.GRU):
        pass

    return k.sequential(UsersGRU(4, input_shape=SEQUENCE, name="mine"), k.layers.Dense(2))


@architecture(not_carried=("local",))
def locally_connected(k):
    """LocallyConnected1D, which Keras 3 dropped."""
    L = k.layers
    x = k.input()
    return k.model(x, L.GRU(4)(L.LocallyConnected1D(3, 2, name="local")(x)))


@architecture(not_carried=("head",))
def custom_activation(k):
    """A function of the user's own as activation."""

    def my_activation(t):
        return t * 2.0

    L = k.layers
    return k.sequential(
        L.GRU(4, input_shape=SEQUENCE), L.Dense(2, activation=my_activation, name="head")
    )
