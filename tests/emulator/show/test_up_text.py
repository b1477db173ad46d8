"""Events of work that ends, as a person follows them."""

import pytest

from emulator.model.event import (
    Event,
    Live,
    PreDeployFinished,
    PreDeployStarted,
    RunFinished,
    ServiceVerdict,
    TaskEvent,
    Verdict,
    VerdictKind,
)
from emulator.show.style import Style
from emulator.show.up_text import UpText
from tests.emulator.engine.services import service

TEXT = UpText(Style(width=100, colour=False), lambda file, line: None)


def _task(state: str, **more: object) -> TaskEvent:
    return TaskEvent(index=1, attempt=0, state=state, seconds=2.04, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PreDeployStarted(service="shop", argv=("./migrate", "a\x1bb"), command="x"),
         "before shop starts  ./migrate a\\x1bb"),
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
