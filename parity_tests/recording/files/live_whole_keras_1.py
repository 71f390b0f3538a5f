"""Whole models in the words of Keras 1: every architecture is a function of a `Kit`.

Runs inside Keras 1, hence in the syntax of Python 3.7 and without gru_ref. Where a release lacks a
layer the function raises what that release raises, and the model is not in its corpus.
"""

from parity_tests.recording.files.live_whole_models import (
    BATCH,
    FEATURES,
    TIMESTEPS,
    WORDS,
    Architectures,
)

KERAS_1 = Architectures()
architecture = KERAS_1.enter
SEQUENCE = (TIMESTEPS, FEATURES)


@architecture()
def plain(k):
    """A GRU and a classifier."""
    L = k.layers
    return k.sequential(L.GRU(5, input_shape=SEQUENCE), L.Dense(3, activation="softmax"))


@architecture()
def stacked(k):
    """Three GRUs, with dropout in and between them."""
    L = k.layers
    return k.sequential(
        L.GRU(5, input_dim=FEATURES, input_length=TIMESTEPS, return_sequences=True),
        L.Dropout(0.3),
        L.GRU(4, return_sequences=True, dropout_W=0.1, dropout_U=0.2),
        L.GRU(3, go_backwards=True),
        L.Dense(1, activation="sigmoid"),
    )


@architecture()
def activations(k):
    """Inner activations other than hard_sigmoid."""
    L = k.layers
    return k.sequential(
        L.GRU(5, inner_activation="sigmoid", return_sequences=True, input_shape=SEQUENCE),
        L.GRU(4, activation="relu", inner_activation="hard_sigmoid", return_sequences=True),
        L.Activation("softplus"),
        L.GRU(3, activation="softsign", inner_activation="tanh"),
        L.Dense(3, activation="hard_sigmoid"),
    )


@architecture()
def consume_less(k):
    """The three ways in which Keras 1 computes, one of which keeps its gates in one array."""
    L = k.layers
    return k.sequential(
        L.GRU(5, consume_less="mem", return_sequences=True, input_shape=SEQUENCE),
        L.GRU(4, consume_less="gpu", return_sequences=True),
        L.LSTM(4, consume_less="gpu", return_sequences=True),
        L.GRU(3, consume_less="cpu", unroll=True),
    )


@architecture()
def lstm_and_simple(k):
    """LSTM, SimpleRNN and GRU in one chain."""
    L = k.layers
    return k.sequential(
        L.LSTM(5, return_sequences=True, input_shape=SEQUENCE),
        L.SimpleRNN(4, return_sequences=True),
        L.LSTM(4, inner_activation="sigmoid", forget_bias_init="zero", return_sequences=True),
        L.GRU(3),
        L.Dense(2),
    )


@architecture("ids")
def embedding(k):
    """Words, masked where they are zero."""
    L = k.layers
    return k.sequential(
        L.Embedding(WORDS, 4, mask_zero=True, input_length=TIMESTEPS, dropout=0.1),
        L.GRU(5),
        L.Dense(2),
    )


@architecture("padded")
def masking(k):
    """A Masking layer through GRUs and a TimeDistributed layer."""
    L = k.layers
    return k.sequential(
        L.Masking(mask_value=0.0, input_shape=SEQUENCE),
        L.GRU(5, return_sequences=True),
        L.TimeDistributed(L.Dense(4)),
        L.GRU(4),
    )


@architecture(perhaps=("first_conv", "second_conv"))
def conv(k):
    """Convolutions, pooling and a GRU: Theano flips kernels, and the file does not name it."""
    L = k.layers
    return k.sequential(
        L.Convolution1D(
            5, 3, border_mode="same", activation="relu", input_shape=(12, FEATURES),
            name="first_conv",
        ),
        L.MaxPooling1D(2),
        L.Convolution1D(4, 2, border_mode="valid", subsample_length=1, name="second_conv"),
        L.GRU(5, return_sequences=True),
        L.GlobalMaxPooling1D(),
    )  # fmt: skip


@architecture()
def pooling(k):
    """Pooling, padding, cropping and upsampling in time."""
    L = k.layers
    x = k.input()
    y = L.ZeroPadding1D(1)(L.UpSampling1D(2)(x))
    y = L.AveragePooling1D(3, stride=2, border_mode="valid")(y)
    return k.model(x, L.GlobalAveragePooling1D()(L.GRU(4, return_sequences=True)(y)))


@architecture()
def batch_normalization(k):
    """BatchNormalization in mode 0, before and after."""
    L = k.layers
    return k.sequential(
        L.BatchNormalization(input_shape=SEQUENCE, epsilon=0.01),
        L.GRU(5),
        L.BatchNormalization(momentum=0.9),
        L.Dense(2),
    )


@architecture(perhaps=("by_sample",))
def batch_normalization_by_sample(k):
    """BatchNormalization in mode 1, which no later Keras has."""
    L = k.layers
    return k.sequential(
        L.GRU(5, input_shape=SEQUENCE), L.BatchNormalization(mode=1, name="by_sample"), L.Dense(2)
    )


@architecture()
def bidirectional(k):
    """Two directions, merged."""
    L = k.layers
    return k.sequential(
        L.Bidirectional(L.GRU(4, return_sequences=True), input_shape=SEQUENCE),
        L.Bidirectional(L.GRU(4, return_sequences=True), merge_mode="sum"),
        L.Bidirectional(L.LSTM(3), merge_mode="ave"),
        L.Dense(2),
    )


@architecture()
def time_distributed(k):
    """A GRU and a Dense layer at every timestep."""
    L = k.layers
    x = k.input(2, TIMESTEPS, FEATURES)
    y = L.TimeDistributed(L.GRU(3))(x)
    return k.model(x, L.TimeDistributed(L.Dense(2))(L.GRU(4, return_sequences=True)(y)))


@architecture()
def time_distributed_dense(k):
    """TimeDistributedDense, which is Dense."""
    L = k.layers
    return k.sequential(
        L.GRU(5, return_sequences=True, input_shape=SEQUENCE),
        L.TimeDistributedDense(4, activation="tanh"),
        L.GRU(3),
    )


@architecture("floats", "floats")
def multi_io(k):
    """Two inputs, two outputs, joined by merge()."""
    L = k.layers
    series, facts = k.input(name="series"), k.input(3, name="facts")
    y = L.GRU(5, name="gru_main")(series)
    z = L.merge([y, L.Dense(4, activation="relu")(facts)], mode="concat")
    return k.model(
        [series, facts],
        [L.Dense(1, name="price")(z), L.Dense(3, activation="softmax", name="kind")(z)],
    )


@architecture("floats", "floats")
def merges(k):
    """Every mode of merge()."""
    L = k.layers
    a, b = k.input(), k.input()
    y, z = L.GRU(4, return_sequences=True)(a), L.GRU(4, return_sequences=True)(b)
    w = L.merge([y, z], mode="sum")
    w = L.merge([L.merge([w, z], mode="mul"), L.merge([y, z], mode="ave")], mode="max")
    w = L.merge([w, y], mode="concat", concat_axis=1)
    return k.model([a, b], L.merge([w, z], mode="dot", dot_axes=2))


@architecture("floats", "floats")
def branches(k):
    """A Sequential that starts with a Merge of two Sequentials."""
    L = k.layers
    left = k.sequential(L.GRU(4, input_shape=SEQUENCE))
    right = k.sequential(L.Dense(4, input_dim=3))
    return k.sequential(L.Merge([left, right], mode="concat"), L.Dense(2))


@architecture("floats", "floats")
def siamese(k):
    """One GRU called on two inputs."""
    L = k.layers
    a, b = k.input(), k.input()
    shared = L.GRU(5, name="shared")
    y = L.merge([shared(a), shared(b)], mode="mul")
    return k.model([a, b], L.Dense(1, activation="sigmoid")(y))


@architecture()
def nested(k):
    """A Sequential and a Functional model in a Functional one."""
    L = k.layers
    chain = k.sequential(L.GRU(4, return_sequences=True, input_shape=SEQUENCE), L.Dropout(0.2))
    i = k.input()
    middle = k.model(i, L.TimeDistributed(L.Dense(4))(chain(i)))
    x = k.input()
    return k.model(x, L.Dense(2)(L.GRU(3)(middle(x))))


@architecture()
def shapes(k):
    """RepeatVector, Permute, Reshape and Flatten."""
    L = k.layers
    return k.sequential(
        L.GRU(4, input_shape=SEQUENCE), L.RepeatVector(3), L.Permute((2, 1)),
        L.GRU(4, return_sequences=True), L.Reshape((2, 8)), L.Flatten(), L.Dense(2),
    )  # fmt: skip


@architecture()
def activation_layers(k):
    """Activations that are layers."""
    L = k.layers
    return k.sequential(
        L.GRU(4, return_sequences=True, input_shape=SEQUENCE),
        L.PReLU(),
        L.LeakyReLU(alpha=0.2),
        L.ELU(alpha=0.7),
        L.GRU(3),
    )


@architecture()
def noise(k):
    """The layers that act in training alone."""
    L = k.layers
    return k.sequential(
        L.GaussianNoise(0.1, input_shape=SEQUENCE),
        L.GRU(4, return_sequences=True),
        L.GaussianDropout(0.1),
        L.ActivityRegularization(l1=0.1, l2=0.2),
        L.GRU(3),
    )


@architecture()
def stateful(k):
    """A stateful GRU of a fixed batch."""
    L = k.layers
    return k.sequential(L.GRU(5, stateful=True, batch_input_shape=(BATCH, *SEQUENCE)), L.Dense(2))


@architecture()
def penalties(k):
    """Regularizers, constraints and initializers."""
    L, K = k.layers, k.keras
    gru = L.GRU(
        5, init="he_normal", inner_init="identity", W_regularizer=K.regularizers.l1l2(0.01, 0.02),
        U_regularizer="l2", b_regularizer=K.regularizers.l1(0.1), input_shape=SEQUENCE,
    )  # fmt: skip
    dense = L.Dense(
        3, init="uniform", W_regularizer="l1", activity_regularizer="activity_l2",
        W_constraint=K.constraints.maxnorm(1.5), b_constraint="nonneg",
    )  # fmt: skip
    return k.sequential(gru, dense, L.Dense(2, bias=False))


@architecture(says=("optimizer",))
def trained(k):
    """Compiled and trained: the optimizer's moments are in the file."""
    import numpy as np

    model = plain(k)
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    x, y = np.ones((BATCH, *SEQUENCE), "float32"), np.eye(3, dtype="float32")[:BATCH]
    model.fit(x, y, batch_size=BATCH, nb_epoch=1, verbose=0)
    return model


@architecture(perhaps=("highway", "maxout", "srelu", "softplus"))
def dropped_layers(k):
    """Highway, MaxoutDense and others that Keras 2 dropped."""
    L = k.layers
    return k.sequential(
        L.GRU(4, input_shape=SEQUENCE),
        L.Highway(name="highway"),
        L.MaxoutDense(3, nb_feature=2, name="maxout"),
        L.SReLU(name="srelu"),
        L.ParametricSoftplus(name="softplus"),
    )


@architecture(not_carried=("own_code",))
def lambda_layer(k):
    """A Lambda, whose code is in the file."""
    L = k.layers
    double = L.Lambda(lambda t: t * 2.0, output_shape=lambda s: s, name="own_code")
    return k.sequential(L.GRU(4, input_shape=SEQUENCE), double, L.Dense(2))
