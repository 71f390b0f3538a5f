"""What the pages name is there: files of the repository, and modules and names of the packages."""

from __future__ import annotations

import glob
import importlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from parity_tests.environment import ROOT

PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("fixtures/**/*.md"))
    if path.name != "CHANGELOG.md"
)
FENCED = re.DOTALL | re.MULTILINE
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


def _links(page: Path) -> list[str]:
    """Return the targets of the links of a page, but for those in code."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=FENCED)
    return re.findall(r"\]\(([^)\s]+)", text)


def _anchors(page: Path) -> set[str]:
    """Return the names that the forge and the site give the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        address = urlsplit(link)
        if address.scheme:  # of another site, which is not asked: only its form is checked
            assert address.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", address.netloc), link
            continue
        target = page.parent / address.path if address.path else page
        assert target.exists(), link
        assert not address.fragment or address.fragment in _anchors(target), link


def test_every_page_of_docs_stands_in_the_sites_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^(?:.*<)?([\w/-]+?)>?$", index, re.MULTILINE))
    pages = {
        path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for path in PAGES
        if path.is_relative_to(ROOT / "docs")
    }
    numbered = {page for page in pages if re.match(r"decisions/\d", page)}
    assert pages - numbered - {"index"} <= listed
