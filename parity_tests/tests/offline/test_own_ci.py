"""The project's own checks: `.ci/run`, the workflow that repeats it, the hooks before a commit."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from parity_tests.environment import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
MAKE = re.compile(r"\bmake ([a-z-]+)")


def test_what_is_run_is_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    hooks = [hook["entry"] for repo in yaml.safe_load(HOOKS)["repos"] for hook in repo["hooks"]]
    for text in (*_scripts(yaml.safe_load(CI)), *RUN.splitlines(), *hooks):
        assert set(MAKE.findall(text)) <= targets, text
    assert all(MAKE.match(hook) for hook in hooks)


def test_the_workflow_leaves_nothing_out() -> None:
    run = set(re.findall(r"^run make ([a-z-]+)", RUN, re.MULTILINE))
    assert {"test", "lint", "docs", "dist-test", "parity"} <= run
    assert run <= {target for text in _scripts(yaml.safe_load(CI)) for target in MAKE.findall(text)}


def test_every_supported_python_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.findall(r"Python :: (3\.\d+)", project)
    assert yaml.safe_load(CI)["jobs"]["test"]["strategy"]["matrix"]["python"] == supported


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_cannot_write(path: Any) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert re.fullmatch(r"[\w/-]+@v\d+", step.get("uses", "a/b@v1"))


def _scripts(workflow: dict[str, Any]) -> list[str]:
    """Return what the steps of a workflow run."""
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]
