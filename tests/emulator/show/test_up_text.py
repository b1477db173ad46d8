"""Events of work that ends, as a person follows them."""

import pytest

from emulator.model.diagnostic import error
from emulator.model.event import (
    BuildRunning,
    BuildStep,
    CoverageReported,
    DeployFailed,
    DiagnosticFound,
    Event,
    Live,
    Log,
    PreDeployFinished,
    PreDeployStarted,
    RunFinished,
    ServiceVerdict,
    TaskEvent,
    Verdict,
    VerdictKind,
)
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.show.style import Style
from emulator.show.up_text import UpText
from tests.emulator.engine.services import service

STYLE = Style(width=100, colour=False)


def no_line(_origin: object) -> None:
    """No file is there."""


TEXT = UpText(STYLE, no_line)


def _task(state: str, **more: object) -> TaskEvent:
    return TaskEvent(index=1, attempt=0, state=state, seconds=2.04, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PreDeployStarted(service="shop", argv=("./migrate", "a\x1bb"), command="x"),
         "before shop starts  ./migrate 'a\\x1bb'"),
        (PreDeployFinished(exit_code=0, ok=True, seconds=1.26), "it is done after 1.3 s"),
        (PreDeployFinished(exit_code=2, ok=False, seconds=1), "it failed with status 2 after 1.0 s"),
        (_task("started"), None),
        (_task("succeeded", exit_code=0), "task 1 succeeded after 2.0 s"),
        (_task("timed_out"), "task 1 takes too long: told to end after 2.0 s"),
        (_task("retrying", exit_code=3), "task 1 ended with status 3 after 2.0 s; starting it again"),
        (_task("failed", exit_code=3), "task 1 failed with status 3 after 2.0 s"),
        (RunFinished(ok=False, tasks=3, succeeded=2, seconds=4), "2 of 3 tasks succeeded in 4.0 s"),
        (RunFinished(ok=True, tasks=1, succeeded=1, seconds=4), None),
        (_task("failed"), "task 1 failed after 2.0 s"),
    ],
)  # fmt: skip
def test_one_line_each(event: Event, line: str | None) -> None:
    """What happened, to which task, and after how long; an attempt's start is told with its container."""
    assert [text.partition("s  ")[2] for text in TEXT.lines(event)] == ([line] if line else [])


def test_a_verdict_says_why_of_each_service_that_is_not_well() -> None:
    """One line each, its reason beside it; the good ones need none."""
    services = (
        ServiceVerdict(name="db", verdict=VerdictKind.LIVE, reason="db is live"),
        ServiceVerdict(name="shop", verdict=VerdictKind.CANCELED, reason="shop was not started: it needs queue"),
        ServiceVerdict(name="web", verdict=VerdictKind.BUILD_FAILED, reason="words " * 20),
    )
    text = TEXT.block(Verdict(verdict=VerdictKind.BUILD_FAILED, reason="no", services=services))
    assert text is not None
    rows = text.splitlines()[1:]
    assert rows[:2] == ["  db    live", "  shop  canceled      shop was not started: it needs queue"]
    assert rows[2].startswith("  web   build_failed  words words")
    assert rows[3].startswith(" " * 22 + "words")
    assert max(map(len, rows)) <= 100


def test_that_there_is_no_plan_is_told_once_for_all_services() -> None:
    """Not again for each of them; one that the check refused is told as that."""
    one, two = (ServiceVerdict(name=name, verdict=VerdictKind.REFUSED, reason="no") for name in ("api", "site"))
    verdict = Verdict(verdict=VerdictKind.REFUSED, reason="no", services=(one, two))
    assert TEXT.block(verdict) == "refused: no\n"
    refused = DeployFailed(service="api", deploy=3, phase="check", reason="no", code="no-plan", still_live=2)
    assert TEXT.block(refused) is None
    assert TEXT.block(replace(refused, code="refused")) == "deploy 3 of api was refused; deploy 2 still serves\n"


def test_an_address_with_a_name() -> None:
    """A second line says by which name a browser finds it, where the plan has one."""
    shop = service(name="shop", local_name="shop.example.localhost")
    text = UpText(Style(width=100, colour=False), lambda file, line: None, services=[shop])
    told = text.lines(Live(service="shop", url="http://127.0.0.1:4000", seconds=1))
    assert [line.split("  ")[-1] for line in told] == [
        "shop is live after 1.00 s at http://127.0.0.1:4000",
        "in a browser also at http://shop.example.localhost:4000",
    ]
    assert len(text.lines(Live(service="shop", url=None, seconds=1))) == 1


@pytest.mark.parametrize("colour", [False, True])
def test_a_line_says_whose_it_is_unless_it_does_so_by_itself(colour: bool) -> None:
    """An address that has the name in it does not say so, nor do the platform's words."""
    both = [service(name="shop"), service(name="at")]
    text = UpText(Style(width=100, colour=colour), lambda file, line: None, services=both)
    address = Log(service="shop", stream="platform", line="==> Available at your primary URL https://shop.onrender.com")
    for event, whose in (
        (address, True), (Live(service="shop", url=None, seconds=1), False), (_app("shop"), False), (_app("at"), False),
        (PreDeployFinished(service="at", exit_code=0, ok=True, seconds=1), True),
    ):  # fmt: skip
        [line] = text.lines(event)
        assert (f"{event.service}:" in line) == whose


def _app(name: str) -> Log:
    return Log(service=name, stream="stdout", line="hello")


def test_the_name_of_a_build_step_fits_the_screen() -> None:
    """Cut where it is too long, and said to be."""
    both = [service(name="shop"), service(name="other")]
    text = UpText(Style(width=60, colour=False), lambda file, line: None, services=both)
    [line] = text.lines(
        BuildStep(service="shop", name="load metadata for docker.io/library/python:3.13-slim", seconds=1, cached=False)
    )
    assert (len(line), line[-1]) == (60, "…")
    [line] = text.lines(BuildStep(service="shop", name="COPY app.py .", seconds=1, cached=False))
    assert line.endswith("COPY app.py .")


def test_a_verdict_is_broken_at_blanks() -> None:
    """At the width of the screen."""
    text = UpText(Style(width=40, colour=False), lambda file, line: None)
    block = text.block(
        Verdict(verdict=VerdictKind.LIVE, reason="shop is live after 1.67 s, files is live after 1.37 s")
    )
    assert block == "live: shop is live after 1.67 s, files\nis live after 1.37 s\n"


def test_a_finding_says_whose_it_is_among_several_services() -> None:
    """Unless its message does; one service alone is not named."""
    crash = error("start/host-not-found", "a host name is not known here", service="shop")
    other = error("up/needed-service-missing", "shop starts without api", service="shop")
    both = UpText(STYLE, no_line, services=[service(name="shop"), service(name="api")])
    alone = UpText(STYLE, no_line, services=[service(name="shop")])
    failed = DeployFailed(service="shop", phase="boot", reason="x", cause=crash)
    assert "]: shop: a host name is not known here" in (both.block(failed) or "")
    assert "]: shop starts without api" in (both.block(DiagnosticFound(service="shop", diagnostic=other)) or "")
    assert "]: a host name is not known here" in (alone.block(failed) or "")


def test_the_same_of_several_services_is_told_once() -> None:
    """By the key with a gap for the number; another note stays by itself."""
    rows = [("services[0].plan", "a"), ("services[1].plan", "a"), ("services[2].plan", "b"), ("services[2].disk", "a")]
    found = tuple(Coverage(key=key, origin=None, fidelity=Fidelity.APPROXIMATE, note=note) for key, note in rows)
    block = UpText(STYLE, no_line, verbose=True).block(CoverageReported(coverage=found)) or ""
    assert [line.split() for line in block.splitlines()[1:]] == [
        ["services[…].plan", "a"], ["services[2].plan", "b"], ["services[2].disk", "a"],
    ]  # fmt: skip


def test_what_is_not_as_on_the_platform_takes_a_few_lines() -> None:
    """What this run alone has, by its first sentence; of the rest the names, what is missing first."""
    place = Origin(file="render.yaml")
    rest = (
        Coverage(key="shop/edge", origin=None, fidelity=Fidelity.NOT_IMITATED, note="No TLS here. There is more."),
        Coverage(key="shop/logs", origin=None, fidelity=Fidelity.APPROXIMATE, note="like it"),
        Coverage(key="services[0].disk", origin=place, fidelity=Fidelity.NOT_IMITATED, note="no snapshots"),
        Coverage(key="services[0].plan", origin=place, fidelity=Fidelity.APPROXIMATE, note="memory alone"),
    )
    own = Coverage(key="FROM python", origin=None, fidelity=Fidelity.APPROXIMATE, note="Another one. Of here.")
    narrow = UpText(Style(width=60, colour=False), no_line)
    assert (narrow.block(CoverageReported(coverage=(*rest, own))) or "").splitlines() == [
        "not as on the platform in this run:",
        "  FROM python  Another one.",
        "  also  services[0].disk, shop/edge, services[0].plan and 1",
        "        more (--verbose tells each)",
    ]
    assert (narrow.block(CoverageReported(coverage=rest[:2])) or "").splitlines() == [
        "not as on the platform in this run: shop/edge, shop/logs",
        "(--verbose tells each)",
    ]
    whole = UpText(STYLE, no_line, verbose=True).block(CoverageReported(coverage=(*rest, own))) or ""
    assert whole.startswith("not as on the platform in this run:\n")
    assert len(whole.splitlines()) == 6
    assert "There is more." in whole


def test_a_step_of_a_build_that_goes_on() -> None:
    """From five seconds on, against how long it took last time; the time is never what is cut off."""
    both = [service(name="shop"), service(name="other")]
    text = UpText(Style(width=60, colour=False), lambda file, line: None, services=both)

    def told(elapsed_s: float, name: str, last: float | None) -> list[str]:
        return text.lines(
            BuildRunning(service="shop", name=name, step=4, steps=9, elapsed_s=elapsed_s, last_time_s=last)
        )

    assert told(4.9, "[4/9] RUN pip install", 38) == []
    assert told(12.2, "[4/9] RUN make", None)[0].endswith("… [4/9] RUN make  12 s")
    [line] = told(12.2, "[4/9] RUN pip install -r requirements.txt", 38.4)
    assert line.endswith("…  12 s (last time 38 s)")
    assert len(line) == 60


def test_live_lines_have_their_service_s_colour() -> None:
    """The same as in the panel; an app's own sequences are gone. Elsewhere they are as ever."""
    text = UpText(Style(colour=True), no_line, services=[service(name="web"), service(name="api")])
    line = Log(service="api", stream="stdout", line="\x1b[31mred\x1b[0m")
    assert text.lines(line) == ["\x1b[2m   0.00s\x1b[0m  \x1b[2mapi |\x1b[0m \\x1b[31mred\\x1b[0m"]
    text.is_live = True
    assert text.lines(line) == ["\x1b[2m   0.00s\x1b[0m  \x1b[35mapi |\x1b[0m red"]
