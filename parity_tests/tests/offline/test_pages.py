"""The pages of results, read as HTML: whole, closed against the network, escaped and small."""

from __future__ import annotations

import base64
import html.parser
import shlex
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.doctor import diagnose
from gru_ref.debugging.lint import lint_vectors
from gru_ref.presentation.axes import StepAxis
from gru_ref.presentation.colour_scale import gate_scale, ratio_scale, symmetric_scale
from gru_ref.presentation.heat_map import heat_map
from gru_ref.presentation.line_plot import line_plot
from gru_ref.presentation.page import environment, page
from parity_tests.tests.support import page_cases
from parity_tests.tests.support.cli_runner import check_failed, invoke
from parity_tests.tests.support.page_cases import FIRST, HOSTILE, HOSTILE_FILE

_EMPTY = {"meta", "link", "img", "input", "br"}
_LARGEST = 1_000_000  # bytes of a page


class Reader(html.parser.HTMLParser):
    """Reads a page: its tags, its text, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag, which the next end tag of its name has to close."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag that closes itself, as in SVG."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take text, but for that of a style."""
        if self.open and self.open[-1] != "style":
            self.text += data

    def all_of(self, tag: str, name: str = "") -> list[dict[str, str | None]]:
        """Return the attributes of the tags of a name, and with a class."""
        return [
            attributes
            for found, attributes in self.tags
            if found == tag and name in [*(attributes.get("class") or "").split(), ""]
        ]


def check_closed(read: Reader) -> None:
    """Check that nothing is loaded and nothing runs."""
    for tag, attributes in read.tags:
        assert tag not in ("script", "iframe", "object", "embed", "base", "form")
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                assert (value or "").startswith("data:")


def pixels_of(uri: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices and the palette of an indexed PNG, with the checks of each chunk."""
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            name + body
        )
        chunks[name] = body
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return rows[:, 1:], palette


@pytest.mark.parametrize("make", page_cases.DIFFS, ids=lambda make: make.__name__)
def test_a_page_is_whole_closed_escaped_and_small(
    make: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    made = page_cases.write_diff(make, tmp_path)
    text = made.path.read_text(encoding="utf-8")
    read = Reader(text)
    check_closed(read)
    (policy,) = (meta for meta in read.all_of("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in str(policy["content"])
    assert "script" not in str(policy["content"])
    assert HOSTILE in read.text
    assert HOSTILE_FILE in read.text
    assert len(text) < 200_000
    for picture in (*read.all_of("img"), *read.all_of("svg")):
        assert {"alt", "aria-label", "aria-hidden"} & picture.keys()
    verdict = (
        "Equal up to rounding." if made.equal else "Different by more than rounding in float32."
    )
    assert verdict in read.text
    assert f"gru_ref{gru_ref.__version__}" in "".join(read.text.split())


def test_the_first_difference_is_marked_in_every_picture_of_its_row(tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.unexplained, tmp_path)
    marks = Reader(made.path.read_text(encoding="utf-8")).all_of("b", "mark")
    placed = {(one["data-timestep"], one["data-unit"]) for one in marks if "data-unit" in one}
    timestep, _, unit = FIRST
    assert placed == {(str(timestep), str(unit))}
    (style,) = {one["style"] for one in marks if one.get("style")}
    middle = 100 * (timestep + 0.5) / page_cases.TIMESTEPS
    assert f"left: {middle:g}%; top: {100 * (unit + 0.5) / page_cases.UNITS:g}%" in str(style)


def test_a_final_state_has_no_heat_map(tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.final, tmp_path)
    read = Reader(made.path.read_text(encoding="utf-8"))
    assert not read.all_of("img")
    assert "only the final state is given" in read.text
    assert "what rounding can do in all steps together" in read.text
    assert "what rounding can do in one step" not in read.text


def test_the_command_is_said_so_that_a_shell_takes_it(tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.equal, tmp_path, "--dtype", "float32")
    read = Reader(made.path.read_text(encoding="utf-8"))
    line = read.text[read.text.index("gru-ref diff '") :].splitlines()[0]
    words = shlex.split(line)
    assert words[:3] == ["gru-ref", "diff", str(tmp_path / HOSTILE_FILE)]
    assert words[-5:] == ["--html", str(made.path), "--json", "--dtype", "float32"]


def test_what_is_assumed_stands_in_the_page(tmp_path: Path) -> None:
    names = "kernel", "recurrent_kernel", "bias"
    weights = dict(zip(names, page_cases.layer().get_weights(), strict=True))
    np.savez(tmp_path / "w.npz", **weights)
    np.save(tmp_path / "x.npy", page_cases.inputs())
    np.save(tmp_path / "y.npy", page_cases.layer()(page_cases.inputs()))
    path = tmp_path / "page.html"
    options = ("--inputs", tmp_path / "x.npy", "--theirs", tmp_path / "y.npy", "--html", path)
    ended = invoke("diff", tmp_path / "w.npz", "--set", "return_sequences=true", *options)
    text = Reader(path.read_text(encoding="utf-8")).text
    assert ended.status == 0
    assert "What the file does not say\n" in text  # its one layer has no name
    for said in ("activation=tanh", "assumed; --set activation=NAME"):
        assert said in " ".join(ended.err.split())
        assert said in text


def test_a_large_page_is_small_and_hides_nothing(tmp_path: Path) -> None:
    found = page_cases.large_difference()
    text = page(found.document(brief=False)).decode()
    assert len(text) < _LARGEST
    assert len(found._repr_html_()) < _LARGEST / 4
    read = Reader(text)
    _, _, grid = read.text.partition("beside theirs")
    assert grid.count("a cell is ") == 1
    check_closed(read)
    indices, _ = pixels_of(str(read.all_of("img")[0]["src"]))
    outside = np.argwhere(indices > 8)
    assert indices.shape == (128, 400)
    assert found.first is not None
    assert outside.tolist() == [[found.first.unit // 4, found.first.position]]


def test_nothing_is_written_for_a_page_that_cannot_be(tmp_path: Path) -> None:
    made = page_cases.write_diff(page_cases.equal, tmp_path)
    before = made.path.read_bytes()
    options = ("--inputs", tmp_path / "inputs.npy", "--theirs", tmp_path / "theirs.npy")
    command = ("diff", tmp_path / HOSTILE_FILE, *options, "--html")
    check_failed(invoke(*command, made.path), "there already", "--force")
    check_failed(invoke(*command, tmp_path / "page.txt"), "a name in .html")
    assert made.path.read_bytes() == before


def test_without_jinja2_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from gru_ref.presentation.page import environment\n"
        "environment()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "pip install 'gru-ref[cli]'" in ended.stderr


# ---- in a notebook


def _reports(folder: Path) -> list[Any]:
    gru_ref.save_bundle(folder / HOSTILE_FILE, {HOSTILE: page_cases.layer()})
    layer, x = page_cases.layer(), page_cases.inputs()
    y = layer(x)
    weights = dict(zip(("a", "b", "c"), layer.get_weights(), strict=True))
    noise = np.random.default_rng(0).normal(size=y.shape).astype("float32")
    return [
        diff(layer, x, y),
        diff(layer, x, noise),
        lint_vectors(layer, x),
        diagnose(weights, x[:1, :6], y[:1, :6]),
        diagnose(weights, x[:1, :6], noise[:1, :6], activation="tanh"),
        layer.trace(x, mask=page_cases.holed_mask()),
        gru_ref.inspect(folder / HOSTILE_FILE),
    ]


def test_a_fragment_changes_nothing_around_it(tmp_path: Path) -> None:
    for report in _reports(tmp_path):
        text = report._repr_html_()
        read = Reader(text)
        check_closed(read)
        assert not read.all_of("html")
        assert not [attributes for _, attributes in read.tags if "id" in attributes]
        assert read.tags[0] == ("div", {"class": "gru-ref"})
        style = text[text.index("<style>") + 7 : text.index("</style>")]
        depth, rules = 0, ""
        for letter in style:  # what stands outside of every brace is the selectors
            depth += {"{": 1, "}": -1}.get(letter, 0)
            rules += letter if not depth else ""
        selectors = [one for rule in rules.split("}") for one in rule.split(",") if one.strip()]
        assert selectors
        assert all(".gru-ref" in selector for selector in selectors)
    for name in (HOSTILE, HOSTILE_FILE):
        assert name in read.text  # of the inventory, the last


def test_without_jinja2_a_notebook_shows_text(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = page_cases.layer(), page_cases.inputs()
    found = diff(layer, x, layer(x))
    environment.cache_clear()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "jinja2", None)
        text = found._repr_html_()
    assert text.startswith("<pre>Equal up to rounding.")


# ---- the parts of pictures


def _axis(timesteps: int) -> StepAxis:
    return StepAxis(np.arange(timesteps), np.ones(timesteps, bool))


def test_a_ratio_above_1_has_no_colour_of_one_up_to_1() -> None:
    scale = ratio_scale()
    inside = np.array([0, 1e-9, 0.01, 0.5, 1.0])
    outside = np.array([np.nextafter(1.0, 2), 1.5, 100, 1e9, np.inf])
    every = np.concatenate([inside, outside])
    indices = scale.pixels(every, np.ones(len(every), bool)).astype(int)
    assert (np.diff(indices) >= 0).all()
    assert indices[: len(inside)].max() < indices[len(inside) :].min()
    assert scale.pixels(every, np.zeros(len(every), bool)).max() == 0


def test_the_ends_of_a_scale_have_the_ends_of_its_colours() -> None:
    values = np.array([-3.0, 0.0, 2.0])
    for scale in (gate_scale(values), symmetric_scale(values)):
        ends = scale.pixels(np.array([scale.low, scale.high]), np.ones(2, bool))
        assert ends.tolist() == [1, len(scale.colours)]
    assert (symmetric_scale(values).low, symmetric_scale(values).high) == (-3, 3)
    assert (gate_scale(values).low, gate_scale(values).high) == (-3, 2)
    assert (gate_scale(values[1:2]).low, gate_scale(values[1:2]).high) == (0, 1)
    assert symmetric_scale(np.full(3, np.nan)).high == 1


@pytest.mark.parametrize("sizes", [(1, 1), (7, 3), (401, 129), (3, 1000)])
def test_a_heat_map_shows_the_largest_of_each_block(sizes: tuple[int, int]) -> None:
    values = np.random.default_rng(0).uniform(size=sizes)
    place = sizes[0] - 1, sizes[1] // 2
    values[place] = 1.5
    made = heat_map(values, ratio_scale(), _axis(sizes[0]), title="t", first=place, cells=(20, 10))
    indices, palette = pixels_of(made.image)
    outside = np.argwhere(indices > 8)
    assert outside.tolist() == [[place[1] // made.block[1], place[0] // made.block[0]]]
    assert (palette[indices[tuple(outside[0])]] == ratio_scale().palette[indices.max()][:3]).all()
    assert made.mark is not None
    assert made.mark.left == pytest.approx(100 * (outside[0][1] + 0.5) / indices.shape[1])
    assert made.mark.top == pytest.approx(100 * (outside[0][0] + 0.5) / indices.shape[0])


def test_a_number_that_is_not_finite_is_never_hidden() -> None:
    values = np.random.default_rng(0).uniform(size=(100, 50))
    values[71, 33], values[2, 3] = np.nan, -np.inf
    for key in (None, np.zeros_like(values)):
        made = heat_map(values, gate_scale(values), _axis(100), title="t", key=key, cells=(20, 10))
        indices, _ = pixels_of(made.image)
        assert np.argwhere(indices == 0).tolist() == [[0, 0], [6, 14]]
        assert made.not_finite == 2


def test_a_mean_leaves_out_masked_steps() -> None:
    values = np.array([[0.0], [1.0], [1.0], [1.0]])
    used = np.array([False, True, False, False])
    made = heat_map(
        values, gate_scale(values), StepAxis(np.arange(4), used), title="t", cells=(2, 1)
    )
    indices, _ = pixels_of(made.image)
    assert (indices == indices.max()).all()
    assert [(span.start, span.length) for span in made.time.masked] == [(50, 50)]


def test_a_line_keeps_its_extremes_and_breaks_at_nan() -> None:
    values = np.zeros(10_000)
    values[4321], values[7000:7100] = 1.0, np.nan
    made = line_plot({"h": values}, _axis(10_000), title="t")
    (line,) = made.lines
    assert line.path.count("M") == 2
    heights = [float(word) for word in line.path.replace("h.1", "").split()[1::2]]
    assert (min(heights), max(heights)) == pytest.approx(
        (100 * 0.05 / 1.1, 100 * 1.05 / 1.1), abs=0.1
    )
    assert len(line.path) < 20_000
    ((start, length),) = made.not_finite
    assert (start, length) == pytest.approx((70, 1))
