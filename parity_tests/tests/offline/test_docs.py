"""What the pages name is there: files of the repository, and modules and names of the packages."""

from __future__ import annotations

import glob
import importlib
import re
from pathlib import Path

import pytest

from parity_tests.environment import ROOT

PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("fixtures/**/*.md"))
    if path.name != "CHANGELOG.md"
)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(gru_ref|parity_tests|fixtures|docs|benchmarks|\.ci|\.github)/[\w./*{},-]*")
NAME = re.compile(r"(gru_ref|parity_tests)(\.\w+)+")


def _names() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for text in CODE.findall(page.read_text(encoding="utf-8")):
            for word in text.split():
                if FILE.fullmatch(word) or NAME.fullmatch(word):
                    found.append((str(page.relative_to(ROOT)), word))
    return sorted(set(found))


def _is_there(word: str) -> bool:
    if FILE.fullmatch(word):
        pattern = re.sub(r"\{.*?\}", "*", word.rstrip("/"))
        return bool(glob.glob(pattern, root_dir=ROOT))
    parts = word.split(".")
    for end in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


@pytest.mark.parametrize(("page", "word"), _names())
def test_what_a_page_names_is_there(page: str, word: str) -> None:
    assert _is_there(word), f"{page} names {word}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
