"""The summary of an `up` in CI: the answer, each service, what broke with its line, and nothing of it markup."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from emulator.model.diagnostic import HostError, error, warning
from emulator.model.event import (
    BuildFinished,
    CoverageReported,
    DeployFailed,
    Live,
    Log,
    PlanMade,
    ServiceVerdict,
    Verdict,
    VerdictKind,
)
from emulator.model.origin import Origin
from emulator.model.plan import Coverage, Plan
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.show.up_summary import UpSummary
from tests.emulator.check.checking import check_files
from tests.running_emu import emu_here

EVIL = "a | b <img src=x> `c` ``` [d](http://e) *f*\n# g \u202e h"
CAUSE = error("start/x", "it broke", origin=Origin(file="Dockerfile", line=2), facts=("seen twice",), help="repair it")


def _plan() -> Plan:
    return check_files({"Dockerfile": 'FROM python:3.13-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n', "app.py": ""})


def _told(*events, plan: Plan | None = None, line: str = "CMD broken") -> str:
    summary = UpSummary()
    for event in (PlanMade(plan=plan or _plan()), *events):
        summary.hear(event)
    return summary.markdown(lambda _: line)


def _verdict(kind: VerdictKind, name: str, reason: str) -> Verdict:
    one = ServiceVerdict(name=name, verdict=kind, reason=reason)
    return Verdict(verdict=kind, reason=reason, platform_seconds=900, services=(one,))


def test_a_live_service_has_its_command_reason_and_times() -> None:
    """One row says what ran, why, and how long it took."""
    plan = _plan()
    [service] = plan.services
    told = _told(
        BuildFinished(service=service.name, image="x", seconds=3.21),
        Live(service=service.name, url=None, seconds=1.04),
        _verdict(VerdictKind.LIVE, service.name, "live"),
        plan=plan,
    )
    [row] = [line for line in told.splitlines() if line.startswith(f"| {service.name} ")]
    assert "✅ live | built in 3.2 s, live after 1.0 s | `python app.py` (Dockerfile:3) | Dockerfile is there" in row
    assert told.startswith("## ✅ live: 1 service on render\n")


def test_what_broke_is_told_with_its_line_and_last_output() -> None:
    """A reviewer sees the cause without opening the log."""
    plan = _plan()
    name = plan.services[0].name
    logs = [Log(service=name, stream="stderr", line=f"line {n}") for n in range(100)]
    told = _told(
        *logs, DeployFailed(service=name, phase="boot", reason="it broke", cause=CAUSE),
        _verdict(VerdictKind.BOOT_FAILED, name, "it broke"), plan=plan,
    )  # fmt: skip
    assert "**error** `start/x`: it broke\n\nat `Dockerfile:2`\n\n```text\nCMD broken\n```\n\n- seen twice" in told
    assert "**help:** repair it" in told
    assert "The platform would say so after 15 min." in told
    assert ("line 99\n" in told, "line 79\n" in told) == (True, False)


def test_what_was_not_reproduced_and_warnings_are_folded() -> None:
    """They are there, and not in the way."""
    row = Coverage(key="cpu", origin=None, fidelity=Fidelity.APPROXIMATE, note="faster here")
    plan = replace(_plan(), diagnostics=(warning("a/b", "hm"),))
    told = _told(CoverageReported(coverage=(row, row)), plan=plan)
    assert told.count("- `cpu`: faster here") == 1
    assert "<summary>not as on the platform in this run (1)</summary>" in told
    assert "<summary>1 warning of the check</summary>" in told
    assert "no verdict" in told


def test_nothing_that_is_said_is_markup() -> None:
    """Names, commands, messages and output of an app may hold anything; tables, folds and fences stay whole."""
    plan = _plan()
    [service] = plan.services
    assert service.command is not None
    named = replace(service, name=EVIL, command=replace(service.command, text=EVIL))
    cause = error("a/b", EVIL, origin=Origin(file=EVIL), facts=(EVIL,), help=EVIL)
    told = _told(
        Log(service=EVIL, stream="stdout", line=EVIL + "````"),
        DeployFailed(service=EVIL, phase="boot", reason=EVIL, cause=cause),
        CoverageReported(coverage=(Coverage(key=EVIL, origin=None, fidelity=Fidelity.APPROXIMATE, note=EVIL),)),
        _verdict(VerdictKind.BOOT_FAILED, EVIL, EVIL),
        plan=replace(plan, services=(named,)), line=EVIL,
    )  # fmt: skip
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(told)
    assert "<img" not in html.replace("&lt;img", "")
    assert "<a " not in html
    assert "<em>" not in html
    assert html.count("<h1>") == 0
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 5
    assert html.count("<details>") == html.count("</details>") == 2


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim\nCOPY nothing .\nCMD true\n")
    return tmp_path


def test_a_refused_up_is_summed_up(bad: Path, tmp_path: Path) -> None:
    """Without an engine: the check's error, at its line."""
    file = tmp_path / "summary.md"
    assert emu_here("up", "--once", "--root", str(bad), "--summary", str(file)).code == 1
    told = file.read_text()
    assert told.startswith("## ❌ refused")
    assert "at `Dockerfile:2`\n\n```text\nCOPY nothing .\n```" in told


def test_a_step_of_a_workflow_gets_it_added(bad: Path, tmp_path: Path, monkeypatch) -> None:
    """GITHUB_STEP_SUMMARY names a file that other steps write to as well; what cannot be written does not change the
    verdict."""
    step = tmp_path / "step.md"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    assert emu_here("up", "--once", "--root", str(bad)).code == 1
    assert step.read_text().startswith("before\n## ❌ refused")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "folder"))
    ran = emu_here("up", "--once", "--root", str(bad))
    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_a_summary_that_cannot_be_written_is_told_first(bad: Path, tmp_path: Path) -> None:
    """Not after ten minutes of building."""
    ran = emu_here("up", "--once", "--root", str(bad), "--summary", str(tmp_path / "no" / "folder"))
    assert (ran.code, ran.out) == (2, "")


def test_an_engine_that_is_not_there_is_summed_up(tmp_path: Path, monkeypatch) -> None:
    """No verdict, and why."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim\nCMD true\n")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    file = tmp_path / "summary.md"
    assert emu_here("up", "--once", "--build-anyway", "--root", str(tmp_path), "--summary", str(file)).code == 3
    assert "no verdict" in file.read_text()
    assert "**error**" in file.read_text()


def test_an_end_without_a_plan_sums_up_nothing() -> None:
    """There is nothing to tell a reviewer."""
    summary = UpSummary()
    summary.ended(HostError(error("a/b", "no")).diagnostic)
    assert summary.markdown(None) == ""
