"""One visit to a page: what the browser says of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

SCREENSHOTS = Path("build/pages")

# The contrast of every element that has text of its own with what is painted behind it, as WCAG 2
# defines it; partly transparent grounds do not occur behind text.
CONTRASTS = """() => {
  const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const parts = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => 0.2126 * linear(red / 255)
    + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return null;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.tagName === "STYLE" || !element.checkVisibility()) continue;
    const [light, dark] = [parts(getComputedStyle(element).color), ground(element)]
      .map(luminance).sort((one, other) => other - one);
    found.push([(light + 0.05) / (dark + 0.05), element.tagName + "." + element.className,
      element.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""

# Of the first picture with a mark that shows: where the middle of the mark is in it, the picture's
# sizes in cells, and the colours of that cell and of the one before it.
MARK = """() => {
  const marks = [...document.querySelectorAll(".plot > b.mark")];
  const mark = marks.find((one) => one.checkVisibility());
  const image = mark.parentElement.querySelector("img");
  const [cell, whole] = [mark, image].map((one) => one.getBoundingClientRect());
  const [wide, high] = [image.naturalWidth, image.naturalHeight];
  const column = (cell.x + cell.width / 2 - whole.x) / whole.width * wide;
  const row = (cell.y + cell.height / 2 - whole.y) / whole.height * high;
  const canvas = Object.assign(document.createElement("canvas"), {width: wide, height: high});
  const drawn = canvas.getContext("2d");
  drawn.drawImage(image, 0, 0);
  const colour = (x, y) => [...drawn.getImageData(x, y, 1, 1).data];
  const [x, y] = [Math.floor(column), Math.floor(row)];
  return {timestep: Number(mark.dataset.timestep), unit: Number(mark.dataset.unit), column, row,
    wide, high, here: colour(x, y), before: x ? colour(x - 1, y) : null};
}"""


@dataclass
class Visit:
    """A page in the browser, and what it did.

    Parameters
    ----------
    page : Page
    messages : list of str
        What was written to the console, and errors.
    requests : list of str
        What was asked for besides the page itself.
    """

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def ask(self, script: str) -> Any:
        """Run a script in the page and return its result."""
        return self.page.evaluate(script)


@contextlib.contextmanager
def visit(browser: Browser, path: Path, width: int, scheme: Any) -> Iterator[Visit]:
    """Open a page, without a network and with little motion."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        offline=True,
    )
    made = Visit(context.new_page())
    made.page.on("console", lambda message: made.messages.append(message.text))
    made.page.on("pageerror", lambda error: made.messages.append(str(error)))
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.goto(path.as_uri())
    made.requests = [
        url for url in made.requests if url != path.as_uri() and not url.startswith("data:")
    ]
    yield made
    context.close()
