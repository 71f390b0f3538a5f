"""The ledger says what every recorded release was measured to do, and nothing of it is silent."""

from __future__ import annotations

import configparser
import contextlib
import copy
import io
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from parameterized import parameterized

from gru_ref.keras.activations import tables
from gru_ref.keras.ledger import LEDGER, resolve
from parity_tests.environment import ROOT
from parity_tests.oracles import behaviours
from parity_tests.runner.drift import __main__ as drift
from parity_tests.runner.drift import cells, document, environments, measure, recorded
from parity_tests.runner.drift.releases import BY_NAME, HOSTS, RELEASES
from parity_tests.tests.support.loaded_files import loaded_files

NAMES = [release.name for release in RELEASES]
HELD = recorded.load()
WRONG = {
    name: cells.disagreements(held.cells, resolve(held.keras_version))
    for name, held in HELD.items()
}


def _cells(row: str) -> dict[str, Any]:
    """Return release → cell of one row."""
    return {name: held.cells.get(row, {"failed": "not measured"}) for name, held in HELD.items()}


class TestCells:
    """What was measured, and what the ledger says."""

    @parameterized.expand(LEDGER)
    def test_the_ledger_says_what_was_measured_in_some_release(self, row: str) -> None:
        assert not {name: found[row] for name, found in WRONG.items() if row in found}
        assert any("value" in cell for cell in _cells(row).values())

    def test_every_row_has_a_measurement_and_every_measurement_a_row(self) -> None:
        assert sorted(behaviours.functions()) == sorted(cells.ROWS)

    def test_every_measurement_says_its_case(self) -> None:
        assert all(function.__doc__ for function in behaviours.functions().values())

    def test_a_cell_that_does_not_apply_says_why(self) -> None:
        reasons = [
            cell["not_applicable"]
            for held in HELD.values()
            for cell in held.cells.values()
            if "not_applicable" in cell
        ]
        assert all(len(reason) > 5 for reason in reasons)

    def test_a_wrong_cell_is_noticed(self) -> None:
        held = copy.deepcopy(dict(HELD["tf-2.1"].cells))
        held["fused_path"] = {"value": "by function"}
        held["rate_one"] = {"failed": "ImportError"}
        del held["zero_last_output"]
        found = cells.disagreements(held, resolve("tf-2.1"))
        assert {"fused_path", "rate_one", "zero_last_output"} <= set(found)

    def test_some_change_of_every_kind_is_measured(self) -> None:
        unseen = set()
        for row in LEDGER.values():
            values = [cell["value"] for cell in _cells(row.name).values() if "value" in cell]
            if max(len(row.keras_2), len(row.keras_3)) > 1 and values == values[:1] * len(values):
                unseen.add(row.name)
        # These change from TensorFlow 2.7 to 2.9 alone, of which the table has none.
        assert unseen == {"seeded_initializers_are_operations", "orthogonal_cosines_cancel"}


class TestMatrix:
    """gru_ref beside each release."""

    @parameterized.expand(NAMES)
    def test_the_exact_lanes_are_bit_equal(self, name: str) -> None:
        matrix = HELD[name].matrix
        for lane, least in (("exact", 320), ("saturated", 70)):
            assert matrix["lanes"][lane]["equal"] == matrix["lanes"][lane]["compared"] > least
        assert "disagreement" not in matrix["outcomes"]

    @parameterized.expand(NAMES)
    def test_the_activations_are_those_that_resolve(self, name: str) -> None:
        held = HELD[name]
        behaviour = resolve(held.keras_version)
        known = {*behaviour.activation_names, *behaviour.unusable_activations}
        resolving = set(held.registries["activations"])
        assert known <= resolving
        assert resolving & {*tables.KERAS_2, *tables.KERAS_3} <= known


class TestReleaseTable:
    """The table of releases, and what is made of it."""

    def test_every_release_is_recorded(self) -> None:
        assert list(HELD) == NAMES

    def test_a_record_is_of_the_release_that_names_it(self) -> None:
        for release in RELEASES:
            held = HELD[release.name]
            assert held.keras_version.startswith(str(release.generation)) or (
                held.keras_version == release.name
            )
            assert held.provenance["python"].startswith(HOSTS[release.host].python + ".")

    def test_the_files_are_as_the_tool_writes_them(self) -> None:
        for name, held in HELD.items():
            path = recorded.FOLDER / f"{name}.json"
            assert path.read_text(encoding="utf-8") == recorded.text(held._asdict())

    def test_the_page_is_of_these_records(self) -> None:
        assert document.PATH.read_text(encoding="utf-8") == document.text(HELD)

    def test_tox_has_an_environment_for_each(self) -> None:
        tox = configparser.ConfigParser(interpolation=None)
        tox.read(ROOT / "tox.ini")
        named: set[str] = set()
        for section in tox.sections():
            if "drift" in tox[section].get("commands", ""):
                head, _, inner = section.removeprefix("testenv:").partition("{")
                named |= {head + name for name in inner.rstrip("}").split(",")}
        assert named == set(NAMES)


class TestStale:
    """What fixtures/drift holds beside what a run measured."""

    @parameterized.expand(
        [
            (("lanes", "double", "compared"), "lanes"),
            (("lanes", "exact", "equal"), "equal"),
            (("outcomes", "raised"), "outcomes"),
        ]
    )
    def test_another_count_is_named(self, place: tuple[str, ...], field: str) -> None:
        assert self._stale(place) == [f"fixtures/drift/tf-2.3.json has other {field}"]

    def test_how_generic_numbers_round_is_the_machines(self) -> None:
        assert self._stale(("lanes", "double", "equal")) == []
        assert self._stale(("lanes", "single", "worst_eps")) == []

    def _stale(self, place: tuple[str, ...]) -> list[str]:
        """Return what is stale where one number is another."""
        held = copy.deepcopy(HELD["tf-2.3"])
        node: Any = held.matrix
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] += 1
        return drift._stale("tf-2.3", measure.ReleaseResult(held, [], "0"))


def test_kept_results_depend_on_every_module_that_compares_a_release() -> None:
    covered = {path for pattern in measure.MATRIX for path in ROOT.glob(pattern)}
    loaded = loaded_files("parity_tests.runner.drift.sweep")
    assert {path.name for path in loaded} >= {"sweep.py", "judge.py", "step.py"}
    assert loaded - covered == set()


class TestMissingInterpreter:
    """A release whose Python is not there."""

    @pytest.fixture
    def _no_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environments.Environments, "_candidates", lambda *_: iter(()))

    @pytest.fixture(autouse=True)
    def _folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.chdir(tmp_path)

    @pytest.mark.usefixtures("_no_python")
    def test_it_is_named_and_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert drift.main(["--only", "tf-2.3", "--only", "keras-3.7"]) == 2
        errors = capsys.readouterr().err
        assert "2 of the releases not run" in errors
        assert "tf-2.3: python3.8 is nowhere" in errors
        assert "keras-3.7: python3.11 is nowhere" in errors

    @pytest.mark.usefixtures("_no_python")
    def test_a_run_without_any_measures_nothing(self) -> None:
        assert drift.main([]) == 2
        assert drift.main(["--set-up"]) == 0

    @parameterized.expand([("'/a b/uv' --quiet", ["/a b/uv", "--quiet"]), ("uv", ["uv"])])
    def test_the_command_of_uv_may_have_spaces(self, given: str, words: list[str]) -> None:
        assert drift._options(["--uv", given]).uv == words

    @parameterized.expand([(OSError("no disk"),), (environments.SetUpError("uv venv … fails"),)])
    def test_a_set_up_that_fails_is_said(self, error: Exception) -> None:
        made = mock.patch.object(environments.Environments, "python_of", side_effect=error)
        with made, contextlib.redirect_stderr(io.StringIO()) as said:
            assert drift.main(["--only", "tf-2.3"]) == 2
        assert f"set-up of tf-2.3 fails: {error}" in said.getvalue()

    def test_an_overlay_finds_its_host_from_a_relative_folder(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def make(self: Any, place: Path, python: Path) -> None:
            (place / "lib" / "python3.11" / "site-packages").mkdir(parents=True)

        of = environments.Environments
        monkeypatch.setattr(of, "_make", make)
        monkeypatch.setattr(of, "_install", lambda *_: None)
        monkeypatch.setattr(of, "interpreter", lambda *_: Path("python"))
        monkeypatch.setattr(environments, "_finish", lambda *_: None)
        release = BY_NAME["keras-3.7"]
        place = of(Path("kept"), ["uv"]).python_of(release).parents[1]
        (line,) = place.glob("lib/*/site-packages/host.pth")
        # As Python reads it: from the folder of the file on.
        assert (line.parent / line.read_text().strip()).samefile(
            tmp_path / "kept" / release.host / "lib" / "python3.11" / "site-packages"
        )

    def test_a_shim_that_does_not_start_is_no_interpreter(self, tmp_path: Path) -> None:
        shim = tmp_path / "python3.7"
        shim.write_text("#!/bin/sh\nexit 127\n")
        shim.chmod(0o755)
        assert environments.version_of(shim) is None

    def test_a_case_needs_one_release(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            drift.main(["--case", "exact"])
        assert "--only RELEASE --case ID" in capsys.readouterr().err
