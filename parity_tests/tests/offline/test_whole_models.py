"""How `make models` judges: right, refused by name, or failed with a reason."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from parity_tests.recording.files.live_whole_keras_1 import KERAS_1
from parity_tests.recording.files.live_whole_models import KERAS_2
from parity_tests.runner.whole_models import corpus, page
from parity_tests.runner.whole_models.corpus import WrittenModel
from parity_tests.runner.whole_models.openings import Opening
from parity_tests.runner.whole_models.verdicts import TOLERANCES, Conversion, verdict
from parity_tests.runner.whole_models.writers import WRITERS

MODEL = WrittenModel(Path("a.h5"), Path("a.npz"), "tf-2.6", "plain", "h5", (), (), ())
REFUSED = Opening(False, "ValueError: no", None)
RIGHT = Opening(True, "", 1e-7)
NEW = Path("new.keras")


def outcome(done, after, **expected):
    return verdict(dataclasses.replace(MODEL, **expected), REFUSED, done, after)


def test_a_converted_model_is_right_only_if_it_opens_and_computes_the_same():
    done = Conversion(NEW, 0, "")
    assert outcome(done, RIGHT).outcome == "right"
    for wrong in (REFUSED, Opening(True, "", None), Opening(True, "", 1e-3)):
        assert outcome(done, wrong).outcome == "failed"
    assert "off by 0.001, expected 2e-06" in outcome(done, Opening(True, "", 1e-3)).reason


def test_a_model_that_is_not_to_be_carried_is_named_layer_by_layer():
    expected = {"not_carried": ("own", "other")}
    both = Conversion(NEW, 2, "gru-ref: own is a Lambda, other a class of its own")
    one = Conversion(NEW, 2, "gru-ref: own is a Lambda; another is none")
    assert outcome(both, None, **expected).outcome == "named"
    assert outcome(one, None, **expected).reason.startswith("convert does not name other:")
    assert outcome(Conversion(NEW, 0, "own other"), RIGHT, **expected).outcome == "failed"
    assert outcome(both, None).outcome == "failed"


def test_a_model_that_may_be_refused_may_be_carried():
    expected = {"perhaps": ("own",)}
    assert outcome(Conversion(NEW, 2, "gru-ref: 'own' is …"), None, **expected).outcome == "named"
    assert outcome(Conversion(NEW, 0, ""), RIGHT, **expected).outcome == "right"


def test_a_report_has_to_say_what_it_left_out():
    for said, expected in (("the optimizer is left out", "right"), ("", "failed")):
        assert outcome(Conversion(NEW, 0, said), RIGHT, says=("optimizer",)).outcome == expected


def test_a_status_of_0_without_a_file_is_a_failure():
    assert outcome(Conversion(NEW, 0, "own"), None, not_carried=("own",)).outcome == "failed"


def test_the_files_of_a_release_are_found_with_what_is_expected_of_them(tmp_path):
    folder = tmp_path / "tf-2.6"
    folder.mkdir()
    about = json.dumps({"keras": "2.6.0"})
    for name in ("lambda_layer.npz", "half.partial.npz"):
        np.savez(folder / name, about=np.array(about))
    for ending in ("h5", "keras"):
        (folder / f"lambda_layer.{ending}").touch()
    found = list(corpus.models(tmp_path, "tf-2.6"))
    assert [model.key for model in found] == ["tf-2.6/lambda_layer.h5", "tf-2.6/lambda_layer.keras"]
    assert found[0].not_carried == ("own_code",)


def test_the_counts_of_the_page_are_those_of_the_verdicts():
    done = Conversion(NEW, 0, "")
    verdicts = [outcome(done, RIGHT), outcome(done, REFUSED)]
    row = dict(zip(page.COUNTS, page.counts("tf-2.6", "2.6.0", verdicts), strict=True))
    assert (row["files"], row["opened before"], row["opened after"]) == ("2", "0", "1")
    assert (row["right after"], row["failed"], row["worst difference"]) == ("1", "1", "1e-07")
    assert "tf-2.6/plain.h5: Keras 3 does not open it" in page.text(
        verdicts, {"tf-2.6": "2.6.0"}, "3.15"
    )


@pytest.mark.parametrize("architectures", [KERAS_1, KERAS_2])
def test_every_architecture_says_what_it_is(architectures):
    assert len(architectures) >= 20
    for function in architectures.values():
        assert function.__doc__
        assert set(function.inputs) <= {"floats", "padded", "ids", "mask"}


def test_tolerances_are_of_architectures():
    assert set(TOLERANCES) <= {"", *KERAS_1, *KERAS_2}
    assert len({writer.name for writer in WRITERS}) == len(WRITERS)
