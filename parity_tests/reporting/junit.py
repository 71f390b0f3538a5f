"""JUnit XML of a live run, as CI servers read it: a suite an oracle, a case a test."""

from __future__ import annotations

import platform
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree as ET

from parity_tests.reporting.report import Test, oracles_of

# What XML 1.0 cannot hold, escaped or not.
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(data: Mapping[str, Any], tests: Mapping[str, Test]) -> str:
    """Return the XML of a run.

    Parameters
    ----------
    data : mapping
        The report; its verdict and the versions are properties of every suite, and each of its
        problems is a failed case of the suite ``matrix``.
    tests : mapping
        What became of every test, by its node id.
    """
    suites: dict[str, list[Test]] = defaultdict(list)
    for test in tests.values():
        suites[" and ".join(oracles_of(test.name)) or "matrix"].append(test)
    suites["matrix"] += [Test(f"report::{problem}", 0, problem) for problem in data["problems"]]
    root = ET.Element("testsuites")
    for name, held in sorted(suites.items()):
        if held:
            root.append(_suite(len(root), name, held, data))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(number: int, name: str, tests: list[Test], data: Mapping[str, Any]) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        id=str(number),
        name=name,
        package="parity_tests.tests.live",
        timestamp=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=platform.node() or "localhost",
        tests=str(len(tests)),
        failures=str(sum(bool(test.message) for test in tests)),
        errors="0",
        time=f"{sum(test.seconds for test in tests):.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(data).items():
        ET.SubElement(properties, "property", name=key, value=_fit(value))
    for test in tests:
        head = test.nodeid.rpartition("::")[0]
        case = ET.SubElement(
            suite,
            "testcase",
            name=_fit(test.name),
            classname=re.sub(r"\.py(::)?", ".", head).replace("/", ".").strip("."),
            time=f"{test.seconds:.3f}",
        )
        if test.message:
            message = _fit(test.message)
            first = message.strip().partition("\n")[0]
            ET.SubElement(case, "failure", type="Disagreement", message=first).text = message
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return suite


def _properties(data: Mapping[str, Any]) -> dict[str, str]:
    properties = {"verdict": data["verdict"], "extent": data["extent"]}
    for name, oracle in data["oracles"].items():
        properties[name] = f"{oracle['keras']} on TensorFlow {oracle['tensorflow']}"
    return properties


def _fit(value: str) -> str:
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", value)
