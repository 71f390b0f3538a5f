"""A live run's summary in Markdown: verdict, lanes, what was left out or disagrees, deviations."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from parity_tests.reporting import disagreements, engines_table
from parity_tests.reporting.report import Test, lane_rows, left_out_sentences

MEANING = {
    "parity": "gru_ref computes what this Keras computes.",
    "Keras drifted": "This Keras does not compute what was recorded; gru_ref does.",
    "gru_ref regressed": "This Keras and gru_ref differ, and nothing recorded speaks for gru_ref.",
    "fixtures stale": "This Keras and gru_ref agree, and what was recorded differs from both.",
}
EXTENT = {
    "whole": "the whole matrix",
    "quick": "the quick part of the matrix",
    "part": "a part of the matrix",
}
SHOWN = 5  # disagreements


def text(data: Mapping[str, Any], tests: Mapping[str, Test]) -> str:
    """Return the summary of a report; `tests` has the message of each that failed."""
    failed = [test for test in tests.values() if test.message]
    well = data["verdict"] == "parity" and not data["problems"]
    lines = [
        f"## {'✅' if well else '❌'} GRU: {data['verdict']}",
        "",
        f"{MEANING[data['verdict']]} Compared: {EXTENT[data['extent']]}, in "
        f"{data['seconds']['wall']:.0f} s.",
        "",
        *_lanes(data["oracles"]),
        *engines_table.markdown(data["engines"]),
        *_bullets("Problems", data["problems"][:SHOWN]),
        *_bullets("Left out", left_out_sentences(data["left_out"])),
        *_bullets("What it looks like", _looks_like(data["oracles"])),
        *_disagreements(failed, len(tests)),
        *_deviations(data["oracles"]),
    ]
    return "\n".join(lines) + "\n"


def _lanes(oracles: Mapping[str, Any]) -> list[str]:
    return [
        "| Keras | TensorFlow | lane | compared | equal | worst error |",
        "|---|---|---|---:|---:|---:|",
        *(f"| {' | '.join(row)} |" for row in lane_rows(oracles)),
        "",
    ]


def _bullets(heading: str, sentences: list[str]) -> list[str]:
    """Return a section of sentences; nothing where there is none."""
    if not sentences:
        return []
    return [f"### {heading}", "", *(f"- {html.escape(sentence)}" for sentence in sentences), ""]


def _looks_like(oracles: Mapping[str, Any]) -> list[str]:
    """Return which classic mistakes would make gru_ref compute what this Keras does."""
    return [
        f"{name}: {count} of {len(oracle['disagreements'])} disagreements are as if it made the "
        f"mistake **{mistake}**"
        for name, oracle in sorted(oracles.items())
        for mistake, count in oracle["looks_like"].items()
    ]


def _disagreements(failed: list[Test], count: int) -> list[str]:
    if not failed:
        return []
    first = disagreements.worst_first(failed)[:SHOWN]
    lines = [f"### {len(failed)} of {count} tests disagree; the worst {len(first)}", ""]
    for test in first:
        lines += ["```text", *disagreements.lines_of(test), "```", ""]
    return lines


def _deviations(oracles: Mapping[str, Any]) -> list[str]:
    """Return what this Keras does against its own documentation, and gru_ref with it."""
    lines = ["| Keras | deviation | cases |", "|---|---|---:|"]
    for name, oracle in sorted(oracles.items()):
        for row, count in sorted(oracle["deviations"].items()):
            lines.append(f"| {name} | {row} | {count} |")
    if len(lines) == 2:
        return []
    summary = "<summary>Known deviations between the generations, met and agreed on</summary>"
    return ["<details>", summary, "", *lines, "", "</details>", ""]
