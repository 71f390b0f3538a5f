"""What live Keras wrote is read: every GRU, bit for bit, with everything that the file says of it.

The files in fixtures/files/keras are from `record_files` and `record_keras_1`, run in each Keras.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref import GRU, MalformedFileError, load_grus, load_layers
from parity_tests.matrix.objects import instance
from parity_tests.recording.files import recorded_files
from parity_tests.recording.files.recorded_files import Recorded
from parity_tests.tests.files.attacks import honest
from parity_tests.tests.support.arrays import check_same_arrays

# |gru_ref − Keras| in eps32 · max(1, |Keras|); worst seen in 558 files of ten releases: 4.5.
EPS = 8

ALONE = ("weights.h5", "weights-alone.h5", "weights.json")
# Keras 3.0 stops in the middle of writing these, and leaves them behind.
CUT_SHORT = {"keras-3.0.5/cells.model.h5": "under one name"}
READ = [(name,) for name in recorded_files.NAMES if name not in CUT_SHORT]
WHOLE = [(name,) for (name,) in READ if not name.endswith(ALONE) and "subclassed" not in name]

# The paths of some files, as their release writes them.
PATHS = {
    "keras-3.0.5/nested.model.keras": [
        "layers/gru/cell",
        "layers/functional/layers/gru/cell",
        "layers/functional/layers/functional/layers/gru/cell",
        "layers/gru_1/cell",
    ],
    "tf.keras-2.12.0/cells.v3.keras": [
        "_layer_checkpoint_dependencies/rnn/cell",
        "_layer_checkpoint_dependencies/rnn_2/cell/cells/gru_cell",
        "_layer_checkpoint_dependencies/rnn_2/cell/cells/gru_cell_1",
    ],
    "tf.keras-2.15.0/bidirectional.model.keras": [
        "layers/bidirectional/forward_layer/cell",
        "layers/bidirectional/backward_layer/cell",
        "layers/bidirectional_1/forward_layer/cell",
        "layers/bidirectional_1/backward_layer/cell",
    ],
    "tf.keras-2.15.0/subclassed.model.keras": [
        "layers/gru/cell",
        "stack/gru/cell",
        "stack/gru_1/cell",
    ],
    "tf.keras-2.15.0/frozen.model.h5": ["model/gru/gru_cell", "model/gru_1/gru_cell"],
    "tf.keras-2.4.0/nested.model.h5": [
        "gru_2/gru_cell_2",
        "functional_3/gru_1/gru_cell_1",
        "functional_3/gru/gru_cell",
        "gru_3/gru_cell_3",
    ],
    "tf_keras-2.21.0/cudnn.model.keras": ["layers/cu_dnngru"],
    "keras-3.15.1/subclassed.weights.h5": [
        "encoder/cell",
        "layers/gru_1/cell",
        "layers/gru_2/cell",
    ],
    "keras-2.3.1/cells.weights-alone.h5": ["rnn_1", "rnn_2", "rnn_2+"],
    "keras-3.15.1/eleven.model.keras": [
        f"layers/gru{suffix}/cell" for suffix in ("", *(f"_{k}" for k in range(1, 11)))
    ],
}


class TestRecorded:
    """Every file that live Keras wrote."""

    @parameterized.expand(READ)
    def test_every_gru_is_found_once_and_its_weights_are_equal(self, name: str) -> None:
        recorded = Recorded(name)
        layers = list(load_grus(recorded.path).values())
        assert len(layers) == len(recorded.grus)
        for expected in recorded.grus:
            hits = [layer for layer in layers if recorded.has_weights(layer, expected)]
            assert len(hits) == 1

    @parameterized.expand(WHOLE)
    def test_the_layers_come_in_the_order_of_the_model_and_compute_what_it_does(
        self, name: str
    ) -> None:
        recorded = Recorded(name)
        layers = list(load_grus(recorded.path).values())
        for layer, expected in zip(layers, recorded.grus, strict=True):
            assert recorded.has_weights(layer, expected)
            own = layer.provenance.class_name in (None, "GRU", "GRUCell", "CuDNNGRU")
            assert layer.provenance.assumed == ({} if own else {"class_name": "GRU"})
            assert layer.provenance.keras_version == recorded.keras_version
        assert recorded.worst_error(layers) <= EPS

    @parameterized.expand(PATHS)
    def test_paths_are_those_of_the_file(self, name: str) -> None:
        assert list(load_grus(Recorded(name).path)) == PATHS[name]

    @parameterized.expand(CUT_SHORT)
    def test_a_file_that_keras_left_half_written_is_refused(self, name: str) -> None:
        with pytest.raises(MalformedFileError, match=CUT_SHORT[name]):
            load_grus(Recorded(name).path)

    @parameterized.expand(
        [
            ("tf_keras-2.21.0/half.weights.h5", "float16"),
            ("keras-3.15.1/brain.model.h5", "bfloat16"),
        ]
    )
    def test_layers_of_half_types_are_of_the_type_of_the_file(self, name: str, dtype: str) -> None:
        (layer,) = load_grus(Recorded(name).path, keras_version=None).values()
        assert (layer.provenance.dtype, layer.config.dtype) == (dtype, dtype)
        assert {array.dtype.name for array in layer.get_weights()} == {dtype}


class TestWeightsAlone:
    """A file of weights says neither activations nor directions: the caller does."""

    name = "keras-3.15.1/hard_sigmoid.weights.h5"

    def test_what_the_file_does_not_say_is_listed(self) -> None:
        (layer,) = load_layers(Recorded(self.name).path).values()
        assert layer.provenance.assumed.keys() == {
            "activation", "recurrent_activation", "dropout", "recurrent_dropout",
            "return_sequences", "return_state", "go_backwards", "stateful", "time_major",
            "zero_output_for_mask", "keras_version",
        }  # fmt: skip

    def test_supplied_arguments_make_the_live_layer(self) -> None:
        recorded = Recorded(self.name)
        words = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}
        flags = {"go_backwards": True, "return_sequences": True}
        layers = load_layers(recorded.path, keras_version="3.15.1", **words, **flags)
        assert recorded.worst_error(list(layers.values())) <= EPS

    def test_without_a_bias_the_reset_form_is_unknown(self) -> None:
        (layer,) = load_layers(Recorded("tf.keras-2.15.0/without_bias.weights.h5").path).values()
        assert "reset_after" in layer.provenance.assumed
        assert layer.config.use_bias is False

    def test_the_backward_layer_runs_against_the_forward_one(self) -> None:
        path = Recorded("keras-3.5.0/bidirectional.weights.h5").path
        for supplied, back in (({}, True), ({"go_backwards": True}, False)):
            layers = load_grus(path, **supplied)
            assert layers["layers/bidirectional/backward_layer/cell"].go_backwards is back
            assert layers["layers/bidirectional/forward_layer/cell"].go_backwards is not back

    def test_the_name_beside_the_cell_is_the_layers(self) -> None:
        layers = load_layers(Recorded("keras-3.15.1/subclassed.weights.h5").path)
        assert [layer.name for layer in layers.values()] == ["gru", "gru_1", "gru_2"]


class TestSupplied:
    """What the caller supplies is for what the file does not say."""

    path = Recorded("tf_keras-2.21.0/hard_sigmoid.model.keras").path

    @parameterized.expand(
        [
            ("go_backwards", False),
            ("activation", "tanh"),
            ("recurrent_activation", "sigmoid"),
            ("units", 6),
            ("reset_after", False),
            ("keras_version", "3"),
            ("dtype", "float64"),
        ]
    )
    def test_a_contradiction_is_an_error_that_names_the_argument(
        self, name: str, value: Any
    ) -> None:
        with pytest.raises(ValueError, match=f"^{name} is ") as caught:
            load_layers(self.path, **{name: value})
        assert not isinstance(caught.value, MalformedFileError)

    def test_what_the_file_says_as_well_is_no_contradiction(self) -> None:
        (layer,) = load_layers(self.path, go_backwards=True, keras_version="2.21").values()
        assert layer.config.go_backwards

    def test_an_unknown_argument_is_named(self) -> None:
        with pytest.raises(TypeError, match=r"^direction is 'backward'"):
            load_layers(self.path, direction="backward")

    def test_an_argument_that_gru_refuses_is_an_error_about_the_argument(self) -> None:
        path = Recorded("keras-3.15.1/subclassed.weights.h5").path
        with pytest.raises(ValueError, match=r"^activation is 'tanhh'") as caught:
            load_layers(path, activation="tanhh")
        assert not isinstance(caught.value, MalformedFileError)

    def test_tf_2_3_may_be_named_where_its_files_say_2_4(self) -> None:
        path = Recorded("tf.keras-2.4.0/hard_sigmoid.model.h5").path
        (layer,) = load_layers(path, keras_version="tf-2.3").values()
        assert layer.keras_version == "tf-2.3"


class TestConfig:
    """Configs as releases and users write them."""

    def _read(self, config: Any, version: str = "2.15.0", **supplied: Any) -> GRU:
        with tempfile.TemporaryDirectory() as folder:
            path = honest.keras(Path(folder), config, {"keras_version": version})
            (layer,) = load_layers(path, **supplied).values()
            return layer

    def test_a_function_of_the_users_own_is_supplied_as_a_callable(self) -> None:
        config = honest.gru_config(activation="my_swish")
        with pytest.raises(MalformedFileError, match=r"supply it: activation=a callable") as caught:
            self._read(config)
        assert "my_swish" in str(caught.value)
        assert self._read(config, activation=np.cos).config.activation is np.cos

    def test_a_registered_function_is_not_the_one_of_keras_of_its_name(self) -> None:
        function = {"class_name": "function", "config": "tanh", "registered_name": "mine>tanh"}
        with pytest.raises(MalformedFileError, match="activation"):
            self._read(honest.gru_config(activation=function))

    @parameterized.expand([("2.1.6", "hard_sigmoid", False), ("2.15.0", "sigmoid", True)])
    def test_a_config_without_an_activation_has_the_default_of_its_day(
        self, version: str, recurrent_activation: str, unknown: bool
    ) -> None:
        config = honest.gru_config()
        gru = config["config"]["layers"][0]["config"]
        del gru["recurrent_activation"], gru["reset_after"]
        layer = self._read(config, version)
        assert layer.config.recurrent_activation == recurrent_activation
        assert layer.config.reset_after  # the bias of two rows says so
        assert ("recurrent_activation" in layer.provenance.assumed) == unknown

    def test_an_initializer_of_the_users_own_is_left_out_and_said(self) -> None:
        config = honest.gru_config(kernel_initializer={"class_name": "Mine", "config": {}})
        layer = self._read(config)
        assert layer.config.kernel_initializer == "glorot_uniform"
        assert any("kernel_initializer" in note for note in layer.provenance.notes)

    def test_a_gru_of_the_config_without_arrays_is_refused(self) -> None:
        gru = honest.gru_config()["config"]["layers"][0]
        other = {"class_name": "GRU", "config": {**gru["config"], "name": "other", "units": 7}}
        message = r"other: .*expected its arrays at layers/gru_1"
        with pytest.raises(MalformedFileError, match=message):
            self._read(honest.model_of(gru, other))

    def test_a_newer_keras_is_the_newest_of_the_ledger_and_warns(self) -> None:
        with pytest.warns(gru_ref.UnverifiedVersionWarning):
            self._read(honest.gru_config(), "3.99.0")


class TestKeras1:
    """Keras 1: nine arrays, other words, and hard_sigmoid with slope 0.2."""

    def test_its_words_are_translated_and_the_file_says_everything(self) -> None:
        (layer,) = load_layers(Recorded("keras-1.2.2/hard_sigmoid.model.h5").path).values()
        config, l2 = layer.config, float(np.float32(0.01))
        assert (config.units, config.go_backwards, config.reset_after) == (5, True, False)
        assert (config.dropout, config.recurrent_dropout) == (0.25, 0.5)
        assert config.kernel_regularizer == instance("L1L2", l1=0.0, l2=l2)
        assert (config.recurrent_activation, config.keras_version) == ("hard_sigmoid", "2.2.4-tf")
        assert (layer.provenance.keras_version, layer.provenance.assumed) == ("1.2.2", {})


class TestHDF5:
    """HDF5 as others than Keras write it."""

    def _with_bias(self, folder: Path, **stored: Any) -> Path:
        file = honest.weights(folder, "")
        for k, array in enumerate(honest.arrays()):
            file.create_dataset(f"{honest.GROUP}/{k}", data=array, **stored)
        return honest.close(file)

    @pytest.mark.parametrize(
        "stored",
        [
            {"compression": "gzip"},
            {"compression": "gzip", "shuffle": True},
            {"fletcher32": True},
            {"compression": "gzip", "shuffle": True, "fletcher32": True},
            {"chunks": (2, 4), "compression": "gzip", "fletcher32": True},
            {"dtype": ">f4"},
            {"dtype": ">f4", "chunks": (2, 4), "shuffle": True},
        ],
    )
    def test_packed_arrays_are_equal(self, tmp_path: Path, stored: dict[str, Any]) -> None:
        (layer,) = load_layers(self._with_bias(tmp_path, **stored)).values()
        check_same_arrays(layer.get_weights(), honest.arrays())

    def test_a_wrong_checksum_is_refused(self, tmp_path: Path) -> None:
        path = self._with_bias(tmp_path, fletcher32=True)
        honest.patch(path, honest.arrays()[2].tobytes()[:8], b"\0" * 8)
        with pytest.raises(MalformedFileError, match=r"vars/2: the piece at \(0, 0\) is damaged"):
            load_layers(path)

    @pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
    def test_strings_of_every_version_of_the_format_are_read(
        self, tmp_path: Path, libver: str
    ) -> None:
        with (
            h5py.File(honest.close(honest.legacy(tmp_path))) as plain,
            h5py.File(tmp_path / "other.h5", "w", libver=libver) as file,
        ):
            file.attrs.update(plain.attrs)
            plain.copy("model_weights", file)
            attributes = file["model_weights/gru"].attrs
            names = list(attributes.pop("weight_names"))
            attributes.create("weight_names", names, dtype=h5py.string_dtype())
        assert list(load_layers(tmp_path / "other.h5")) == ["gru/gru_cell"]

    def test_long_lists_of_names_are_split(self, tmp_path: Path) -> None:
        file = honest.legacy(tmp_path)
        group = file["model_weights/gru"]
        names = group.attrs.pop("weight_names")
        group.attrs["weight_names0"], group.attrs["weight_names1"] = names[:2], names[2:]
        assert list(load_layers(honest.close(file))) == ["gru/gru_cell"]


class TestOrigin:
    """Where the numbers come from."""

    def test_hashes_and_numbers_that_are_not_finite(self, tmp_path: Path) -> None:
        file = honest.weights(tmp_path, "01")
        bias = honest.arrays()[2]
        bias[1, 3] = np.nan
        file[f"{honest.GROUP}/2"] = bias
        (layer,) = load_layers(honest.close(file)).values()
        assert layer.provenance.not_finite == ("bias",)
        assert [len(digest) for digest in layer.provenance.sha256.values()] == [64, 64, 64]

    def test_a_file_without_a_gru_has_no_layers(self, tmp_path: Path) -> None:
        file = honest.weights(tmp_path, "")
        file["layers/lstm/cell/vars/0"] = np.ones((6, 20), "float32")
        file["layers/lstm/cell/vars/1"] = np.ones((5, 20), "float32")
        assert load_layers(honest.close(file)) == {}


class TestExtra:
    """h5py is an extra: asked for when a file needs it."""

    def test_without_it_the_error_names_the_extra(self) -> None:
        path = Recorded("keras-3.15.1/trained.model.keras").path
        with (
            mock.patch.dict(sys.modules, {"h5py": None}),
            pytest.raises(ImportError, match=r"gru-ref\[hdf5\]"),
        ):
            load_layers(path)
