"""What the README says of the project is so: its numbers, and where its repository is."""

from __future__ import annotations

import re

import pytest

from gru_ref.debugging.mistakes.table import MISTAKES
from gru_ref.keras.ledger import LEDGER
from gru_ref.layouts import LAYOUTS
from parity_tests.environment import FIXTURES, ROOT
from parity_tests.runner.drift.releases import RELEASES

COUNTS = {
    r"(\d+) classic porting mistakes": len(MISTAKES),
    r"ledger's (\d+) behaviours": len(LEDGER),
    r"behaviours in (\d+) releases": len(RELEASES),
    r"and from (\d+) other runtimes": len(LAYOUTS),
    r"recorded from (\d+) releases": len(list((FIXTURES / "configs").glob("*.json"))),
}
UNVERIFIED = [name for name, layout in LAYOUTS.items() if not layout.FACTS.verified]


def test_one_repository_is_named_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (address,) = set(re.findall(r"https://[^/]+/\w+/gru_ref", project))
    owner = address.split("/")[-2]
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.yml")]
    named = {
        found
        for page in pages
        for found in re.findall(r"(\w+)/gru_ref/\.github", page.read_text(encoding="utf-8"))
    }
    assert named == {owner}


@pytest.mark.parametrize("page", ["README.md", "docs/parity.md", "docs/layers.md"])
def test_counts_are_those_of_the_tables(page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    found = [(count, COUNTS[form]) for form in COUNTS for count in re.findall(form, text)]
    assert found
    for count, expected in found:
        assert count == str(expected)


def test_every_runtime_that_was_not_run_is_named() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    (named,) = re.findall(r"only read in documentation: (.*?)\.", text)
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(UNVERIFIED)
