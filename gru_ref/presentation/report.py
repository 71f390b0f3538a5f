"""What the tools return: text as the command prints it, plain data, a page in a notebook."""

from __future__ import annotations

import abc
import io
import json
from typing import TYPE_CHECKING, Any, ClassVar

from gru_ref.presentation.plain_data import plain_data
from gru_ref.version import __version__

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gru_ref.presentation.document import Document

_COLUMNS = 80
_NEEDS_RICH = "As text this needs rich, which is not installed: pip install 'gru-ref[cli]'"


class Report(abc.ABC):
    """What one of the tools found.

    ``print(report)`` prints what the command of the same name prints, and so does an interactive
    session; `to_dict` returns what the command prints with ``--json``.

    A class that derives from it is a dataclass without a repr of its own.

    Attributes
    ----------
    kind : str
        Which tool's it is: "report" in `to_dict`, and in the schema of ``gru_ref/cli/schema.json``.
    """

    kind: ClassVar[str]

    @abc.abstractmethod
    def data(self) -> dict[str, Any]:
        """Return what was found, name by name; `to_dict` makes it plain."""

    @abc.abstractmethod
    def __rich__(self) -> RenderableType:
        """Return what the command prints."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it: numbers, texts, None, lists and dicts.

        "gru_ref" is the version that made it, "report" its `kind`. NaN and infinities are None.
        """
        return {**heading(self.kind), **plain_data(self.data())}

    def __str__(self) -> str:
        """Return what the command prints, in 80 columns and without colours; JSON without rich."""
        try:
            from rich.console import Console
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "rich":
                raise
            return f"{json.dumps(self.to_dict(), indent=2, allow_nan=False)}\n{_NEEDS_RICH}"
        printed = io.StringIO()
        console = Console(
            file=printed,
            width=_COLUMNS,
            color_system=None,
            force_terminal=False,
            force_jupyter=False,
            highlight=False,
            legacy_windows=False,
        )
        console.print(self)
        return printed.getvalue().removesuffix("\n")

    def __repr__(self) -> str:
        return str(self)

    def document(self) -> Document:
        """Return what a page of it shows; by default its text."""
        from gru_ref.presentation.document import Command, Document

        return Document(self.kind, "", lead=(Command(str(self)),))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        import html

        from gru_ref.presentation.page import fragment

        try:
            return fragment(self.document())
        except ImportError:  # jinja2
            return f"<pre>{html.escape(str(self))}</pre>"


def heading(kind: str) -> dict[str, Any]:
    """Return what every report opens with as data: the version that made it, and its kind."""
    return {"gru_ref": __version__, "report": kind}
