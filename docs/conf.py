"""The site of docs/: `make docs` builds it, and every warning is an error."""

from __future__ import annotations

import importlib
import inspect
import re
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import gru_ref

ROOT = Path(__file__).parent.parent
_INSTALLED = metadata("gru-ref")
# pyproject.toml alone says where the repository is.
REPOSITORY = dict(url.split(", ") for url in _INSTALLED.get_all("Project-URL", []))["Repository"]
# Rooms whose __all__ is public; the API pages have to hold each of its names.
PUBLIC = [
    "gru_ref",
    "gru_ref.core",
    "gru_ref.debugging.doctor",
    "gru_ref.debugging.lint",
    "gru_ref.files",
    "gru_ref.keras.ledger",
    "gru_ref.layouts",
    "gru_ref.testing",
]

project = "gru_ref"
author = "the gru_ref authors"
release = version = _INSTALLED["Version"]
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["gallery"]
# A word in backticks is linked where it names something, and is code everywhere else.
default_role = "py:obj"
nitpicky = True

html_theme = "furo"
html_title = f"gru_ref {release}"
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_show_copyright = False
smartquotes = False  # they would turn the two dashes of an option into one long one

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

# The docstrings have shapes and dtypes, which annotations cannot say.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# numpydoc reads docstrings before `name_sections` does, too, and warns of what it does not know.
NumpyDocString.sections |= {"Equation": "", "Source": ""}

sphinx_gallery_conf = {
    "abort_on_example_error": True,
    "capture_repr": (),
    "default_thumb_file": str(Path(__file__).parent / "site" / "equation.svg"),
    "download_all_examples": False,
    "examples_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "gallery_dirs": "generated/gallery",
    "run_stale_examples": True,  # what they show depends on gru_ref, too
    "show_memory": False,
    "min_reported_time": 60,  # seconds
    "write_computation_times": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}

_log = logging.getLogger(__name__)
_SUMMARY = re.compile(r"(?<=:\n\n)(\w.*)\.\n")
_BAR = re.compile(r"(``.*?``)|\|")
_LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)(?=[)#])")


class CommandHelp(SphinxDirective):
    """The help of a command and of those in it, as they print it: ``.. help:: MODULE PROGRAM``."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return a section for each command."""
        module, program = self.arguments
        command = importlib.import_module(module).command
        context = command.make_context(program, [], resilient_parsing=True, terminal_width=80)
        contexts = [context]
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                one = command.get_command(context, name)
                contexts.append(one.make_context(name, [], parent=context, resilient_parsing=True))
        return [self._section(context.command_path, context.get_help()) for context in contexts]

    def _section(self, name: str, text: str) -> nodes.section:
        section = nodes.section(ids=[nodes.make_id(name)], names=[name])
        section += [nodes.title(name, name), nodes.literal_block(text, text, language="text")]
        return section


def link_to_repository(app: Sphinx, page: str, source: list[str]) -> None:
    """Lead the links of a page to what is no page, such as a folder, to the repository."""
    folder = Path(app.env.doc2path(page)).parent

    def target(match: re.Match[str]) -> str:
        path = (folder / match[1]).resolve()
        is_page = path.is_relative_to(app.srcdir) and path.is_file()
        elsewhere = path.exists() and path.is_relative_to(ROOT) and not is_page
        return repository_url(path) if elsewhere else match[1]

    source[0] = _LINK.sub(target, source[0])


def link_to_listing(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Lead links to a file of the package to its listing in the site, where there is one."""
    blob = f"{repository_url(ROOT / 'gru_ref' / '__init__.py').rpartition('/')[0]}/"
    for link in tree.findall(nodes.reference):
        file = link.get("refuri", "").removeprefix(blob)
        module = f"gru_ref.{file.removesuffix('.py').replace('/', '.')}"
        if file.endswith(".py") and app.env._viewcode_modules.get(module):
            listing = f"_modules/{module.replace('.', '/')}"
            link["refuri"] = app.builder.get_relative_uri(page, listing)


def repository_url(path: Path) -> str:
    """Return the address of a file or folder in the repository."""
    kind = "tree" if path.is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{path.relative_to(ROOT)}"


def underline_title(app: Sphinx, page: str, source: list[str]) -> None:
    """Make a title of the summary that a docstring of the gallery opens with."""
    if page.startswith("generated/gallery/"):
        source[0] = _SUMMARY.sub(underlined, source[0], count=1)


def underlined(summary: re.Match[str]) -> str:
    """Return a summary as a heading."""
    return f"{summary[1]}\n{'=' * len(summary[1])}\n"


def name_sections(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Rename the sections of docstrings that numpydoc does not have."""
    for k, line in enumerate(lines[1:], 1):
        if set(line) == {"-"} and lines[k - 1] == "Equation":
            lines[k - 1 : k + 1] = [".. rubric:: Equation", ""]
        elif set(line) == {"-"} and lines[k - 1] == "Source":
            lines[k - 1 : k + 1] = ["References", "----------"]


def escape_bars(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Escape the bars of absolute values, which Sphinx takes for references; code stays."""
    block: int | None = None  # how far the line before a block of code is indented
    for k, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block is None or (line and indent <= block):
            block = indent if line.endswith("::") else None
            if not line.lstrip().startswith(">>>"):
                lines[k] = _BAR.sub(lambda found: found[1] or r"\|", line)


def skip_fields(
    app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of a NamedTuple: its docstring describes them together."""
    return True if type(thing).__name__ == "_tuplegetter" else None


def link_to_source(app: Sphinx, env: BuildEnvironment, node: nodes.Element, content: Any) -> Any:
    """Link a name that has no entry of its own to its file; a word that is no name is code."""
    target = node["reftarget"]
    if node["reftype"] != "obj":
        return None
    if not target.startswith(("gru_ref.", "parity_tests.")):
        if target in gru_ref.__all__:
            return env.domains.python_domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", f"gru_ref.{target}", node, content
            )
        return nodes.literal(content.astext(), content.astext())
    file = source_file(target)
    return file and nodes.reference("", "", content, refuri=repository_url(file))


def source_file(name: str) -> Path | None:
    """Return the file that defines a dotted name, None if there is no such name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        file = inspect.getsourcefile(value)
        try:
            for part in parts[end:]:
                value = getattr(value, part)
        except AttributeError:
            return None
        return Path(file) if file else None
    return None


def check_every_name(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of a public name that no page of the API has, under this room or another."""
    described = env.domains.python_domain.objects
    rooms = [importlib.import_module(room) for room in PUBLIC]
    for room in rooms:
        for name in room.__all__:
            value = getattr(room, name)
            same = [one for one in rooms if getattr(one, name, None) is value]
            entries = [f"{one.__name__}.{name}" for one in same]
            if name != "__version__" and not described.keys() & set(entries):
                _log.warning("%s.%s is public and on no page of docs/api", room.__name__, name)


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.add_directive("help", CommandHelp)
    app.connect("source-read", link_to_repository)
    app.connect("source-read", underline_title)
    app.connect("autodoc-process-docstring", name_sections, priority=400)
    app.connect("autodoc-process-docstring", escape_bars, priority=400)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("missing-reference", link_to_source)
    app.connect("doctree-resolved", link_to_listing)
    app.connect("env-check-consistency", check_every_name)
