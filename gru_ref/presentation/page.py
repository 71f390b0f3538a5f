"""Pages and fragments of HTML from documents. They need jinja2, the extra ``cli``.

A page is one file: it loads nothing, runs no script, and says so in its content security policy. A
fragment is for a notebook; its style is its own and changes nothing around it.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

from gru_ref.presentation.document import Document
from gru_ref.version import __version__


def page(document: Document) -> bytes:
    """Return a whole page.

    Raises
    ------
    ImportError
        jinja2 is not installed.
    """
    return _render("document.html.jinja", document, "base.html.jinja").encode()


def fragment(document: Document) -> str:
    """Return a document as an element for a page that is not ours, such as a notebook.

    Raises
    ------
    ImportError
        jinja2 is not installed.
    """
    return _render("document.html.jinja", document, "fragment.html.jinja")


def _render(template: str, document: Document, layout: str) -> str:
    found = environment().get_template(template)
    return str(found.render(document=document, layout=layout, version=__version__))


@functools.cache
def environment() -> Any:
    """Return jinja2's reader of the templates: text is escaped, a name without value an error.

    Raises
    ------
    ImportError
        jinja2 is not installed.
    """
    try:
        jinja2: Any = importlib.import_module("jinja2")
    except ImportError as error:
        raise ImportError(
            "jinja2 is not installed, expected it for a page: pip install 'gru-ref[cli]'"
        ) from error
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("gru_ref.presentation"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["class_name"] = lambda part: type(part).__name__
    return made
