"""What a reader sees of a page, on a screen and a phone, in the light and in the dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.lint import lint_vectors
from parity_tests.tests.pages.visit import CONTRASTS, MARK, visit
from parity_tests.tests.support import page_cases
from parity_tests.tests.support.page_cases import PageCase

_LEAST_CONTRAST = 4.5  # of text of this size: WCAG 2, success criterion 1.4.3
_LONGEST = 10_000  # ms until a page is drawn: measured 50 to 1800 on two cores that others use


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_page_is_quiet_fits_and_can_be_read(
    browser: Browser,
    case: PageCase,
    width: int,
    scheme: str,
    screenshots: Path,
    record_property: Callable[[str, object], None],
) -> None:
    with visit(browser, case.path, width, scheme) as seen:
        seen.page.screenshot(path=screenshots / f"{case.name}-{width}-{scheme}.png", full_page=True)
        assert seen.messages == []
        assert seen.requests == []
        assert seen.ask("document.documentElement.scrollWidth") == width
        contrasts = seen.ask(CONTRASTS)
        assert len(contrasts) > 20
        assert [one for one in contrasts if one[0] < _LEAST_CONTRAST] == []
        loaded = seen.ask("performance.getEntriesByType('navigation')[0].loadEventEnd")
        assert loaded < _LONGEST
        size = case.path.stat().st_size / 1000
        least = min(contrasts)[0]
        record_property(
            "page",
            f"{case.name:12} {width:5} px {scheme:5}  {size:6.1f} kB  loaded in {loaded:4.0f} ms  "
            f"least contrast {least:.1f}",
        )


@pytest.mark.parametrize("width", [1280, 360])
def test_the_first_difference_is_marked_at_its_cell(
    browser: Browser, case: PageCase, width: int
) -> None:
    with visit(browser, case.path, width, "light") as seen:
        if case.marked is None:
            assert seen.ask("document.querySelector('.plot > b.mark')") is None
            return
        position, timestep, unit, timesteps, units, alone = case.marked
        found = seen.ask(MARK)
        assert (found["timestep"], found["unit"]) == (timestep, unit)
        # half a cell, which may be less than a pixel of the screen
        column = (position + 0.5) / timesteps * found["wide"]
        row = (unit + 0.5) / units * found["high"]
        assert (found["column"], found["row"]) == pytest.approx((column, row), abs=0.5)
        assert found["here"][3] == 255  # a colour of what is outside of its bound
        assert not alone or found["before"][3] < 255


def test_a_row_of_the_batch_is_chosen_by_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.unexplained, tmp_path)
    with visit(browser, made.path, 1280, "light") as seen:
        shown = "[...document.querySelectorAll('.choice > .panel')].map(e => e.checkVisibility())"
        assert seen.ask(shown) == [True, False, False, False]
        seen.page.locator(".choice input").first.focus()
        seen.page.keyboard.press("ArrowRight")
        assert seen.ask(shown) == [False, True, False, False]
        seen.page.get_by_text("row 2", exact=True).click()
        assert seen.ask(shown) == [False, False, False, True]


def test_a_folded_table_opens(browser: Browser, tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.unexplained, tmp_path)
    with visit(browser, made.path, 360, "light") as seen:
        folded = seen.page.locator("details table")
        assert not folded.is_visible()
        seen.page.locator("summary").click()
        assert folded.is_visible()
        assert seen.ask("document.documentElement.scrollWidth") == 360


# ---- in a notebook

_NOTEBOOK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A notebook</title>
<body data-jp-theme-light="{light}" style="margin: 8px; background: {ground}; color: {ink}">
<h1>A heading</h1><table><tr><td>own</td></tr></table><p>A paragraph</p>{cells}"""
_OWN_STYLE = """["h1", "table", "td", "p"].map((tag) => {
  const style = getComputedStyle(document.querySelector(`body > ${tag}, body > table ${tag}`));
  return ["fontSize", "fontFamily", "color", "padding", "borderBottomWidth", "margin", "display"]
    .map((name) => style[name]);
})"""

_GROUNDS = """[...document.querySelectorAll(".gru-ref")].map((element) =>
  getComputedStyle(element).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number))"""


@pytest.mark.parametrize(
    ("light", "ground", "ink"), [("true", "#fff", "#000"), ("false", "#111", "#eee")]
)
def test_a_fragment_has_the_scheme_of_its_notebook_and_leaves_it_alone(
    browser: Browser, tmp_path: Path, screenshots: Path, light: str, ground: str, ink: str
) -> None:
    layer, x = page_cases.layer(), page_cases.inputs()
    reports: list[Any] = [
        diff(layer, x, page_cases.unexplained()["theirs"]),
        layer.trace(x, mask=page_cases.holed_mask()),
        lint_vectors(layer, x),
    ]
    styles = []
    for cells in ("", "".join(report._repr_html_() for report in reports)):
        path = tmp_path / "notebook.html"
        text = _NOTEBOOK.format(light=light, ground=ground, ink=ink, cells=cells)
        path.write_text(text, encoding="utf-8")
        # the system's scheme is the other one: the notebook's theme counts
        with visit(browser, path, 900, "dark" if light == "true" else "light") as seen:
            styles.append(seen.ask(_OWN_STYLE))
            assert seen.messages == []
            if cells:
                least = min(one for one in seen.ask(CONTRASTS) if "H1" not in one[1])
                assert least[0] >= _LEAST_CONTRAST
                grounds = seen.ask(_GROUNDS)
                name = "light" if light == "true" else "dark"
                assert len(grounds) == len(reports)
                assert {sum(part) > 3 * 128 for part in grounds} == {name == "light"}
                seen.page.screenshot(path=screenshots / f"notebook-{name}.png", full_page=True)
    assert styles[0] == styles[1]
