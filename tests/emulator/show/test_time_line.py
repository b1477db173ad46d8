"""A boot as a picture: attempts against the port and the app's own lines, readable at 80 columns without colour."""

from typing import Any

import pytest

from emulator.model.diagnostic import error
from emulator.model.event import ContainerStarted, DeployFailed, Event, Live, Log, PortDetected, ProbeAttempt, Stopped
from emulator.model.lifecycle import Probe, Probes
from emulator.model.record import replace
from emulator.show.style import Style
from emulator.show.time_line import TimeLines
from emulator.show.up_text import UpText
from tests.emulator.engine.services import service
from tests.emulator.engine.test_sandbox import container
from tests.emulator.show.test_plan_text import SERVICE

HTTP = Probe(kind="http", path="/up", port=8080, period_s=10)
TCP = Probe(kind="tcp", port=8080, timeout_s=240, period_s=240, failure_threshold=1, waits_for_port=True)
STYLE = Style(width=80, colour=False)
OF: dict[str, Any] = {"service": "web", "instance": 1, "deploy": 1}
STARTED = ContainerStarted(at=100.0, attempt=1, argv=("app",), port=8080, url=None, **OF)
FAILED = DeployFailed(at=120.5, phase="health", reason="it gave up", service="web", deploy=1)


def of(probe: Probe):
    return replace(SERVICE, probes=Probes(startup=probe))


def says(at: float, line: str) -> Log:
    return Log(at=at, stream="stdout", line=line, **OF)


def asked(
    at: float, number: int, detail: str = "is refused", *, ok: bool = False, seconds: float = 0.1
) -> ProbeAttempt:
    return ProbeAttempt(
        at=at, kind="startup", attempt=number, ok=ok, detail=detail, due=(number - 1) * 10, seconds=seconds, **OF
    )


def opens(at: float, port: int = 8080) -> PortDetected:
    return PortDetected(at=at, port=port, address="0.0.0.0", **OF)


def drawn(probe: Probe, *events: Event, style: Style = STYLE) -> list[str]:
    """The picture at the last of the events."""
    lines = TimeLines()
    for event in events:
        lines.hear(event, of(probe))
    return lines.drawn(events[-1], style)


SLOW = [STARTED, asked(100.1, 1), says(100.3, "loading"), asked(110.1, 2), opens(112.4), says(112.5, "ready"),
        asked(120.1, 3, "answers 500"), FAILED]  # fmt: skip


def test_the_picture() -> None:
    """A scale, a lane for the attempts, one for the port, one for the app's lines; then what happened in its order,
    and in one sentence what one looks for."""
    assert drawn(HTTP, *SLOW) == [
        "when it was asked, in seconds since its start",
        "  seconds  0                               10.2                             20.5",
        "  asked    x                                 x                                x",
        "  8080     .........................................############################",
        "  output    |                                       |",
        "     0.10  asked 1   is refused",
        "     0.30  output    loading",
        "     10.1  asked 2   is refused",
        "     12.4  listens   on port 8080",
        "     12.5  output    ready",
        "     20.1  asked 3   answers 500",
        "  it listened on 8080 from 12.4 s on; it was asked at 0, 10.0, 20.0 s; the last",
        "  attempt answers 500",
    ]


def lane(lines: list[str], label: str) -> str:
    return next(line[11:] for line in lines if line.startswith(f"  {label} "))


def test_an_attempt_that_goes_on_knocking_is_drawn_as_long_as_it_does() -> None:
    """The platform's own probe is one attempt from the start to the moment the port opens."""
    lines = drawn(TCP, STARTED, opens(105.0), asked(105.0, 1, "accepts a connection", ok=True, seconds=5.0),
                  Live(at=110.0, url=None, seconds=10.0, **OF))  # fmt: skip
    bar = lane(lines, "asked")
    assert bar.startswith("======")
    assert bar.endswith("o")
    assert len(bar) == pytest.approx(35, abs=1)
    assert lines[-1] == "  it listened on 8080 from 5.0 s on; it was asked from 0 to 5.0 s"


def test_a_port_that_a_probe_finds_first_is_open() -> None:
    """The attempt that succeeds may come before the look that sees the port."""
    lines = drawn(TCP, STARTED, asked(105.0, 1, "accepts a connection", ok=True, seconds=5.0),
                  Live(at=110.0, url=None, seconds=10.0, **OF))  # fmt: skip
    assert lines[-1] == "  it listened on 8080 from 5.0 s on; it was asked from 0 to 5.0 s"
    assert lane(lines, "8080").endswith("#")


def test_an_attempt_under_way_when_all_is_decided_began_when_it_was_due() -> None:
    """Nobody waits for the end of an attempt whose outcome is certain."""
    lines = drawn(TCP, STARTED, asked(103.5, 1, "gets no answer in time", seconds=0.0), replace_at(FAILED, 103.5))
    assert lane(lines, "asked") == "=" * 68 + "x"
    assert "it was asked from 0 to 3.5 s; the last attempt gets no answer in time" in " ".join(
        line.strip() for line in lines
    )


def replace_at(event: Event, at: float) -> Any:
    from msgspec.structs import replace as changed

    return changed(event, at=at)


def test_a_process_that_ends_closes_its_port() -> None:
    lines = drawn(HTTP, STARTED, opens(102.0), Stopped(at=105.0, exit_code=1, signal=None, oom=False, graceful=False,
                  seconds=5.0, **OF), asked(105.0, 1, "is canceled: the process ended", seconds=0.0),
                  replace_at(FAILED, 110.0))  # fmt: skip
    port = lane(lines, "8080")
    assert port.strip(".").rstrip() == "#" * port.count("#")
    assert len(port.rstrip()) < 40
    assert "!" in lane(lines, "output")
    assert any("ended     with status 1" in line for line in lines)


def test_many_attempts_and_many_lines_are_told_in_short() -> None:
    """The first and the last; what lies between is counted, so that the picture stays one."""
    attempts = [asked(100.0 + n, n) for n in range(1, 31)]
    output = [says(100.2 + n, f"line {n}") for n in range(40)]
    lines = drawn(HTTP, STARTED, *sorted([*attempts, *output], key=lambda event: event.at), replace_at(FAILED, 140.0))
    assert len(lines) < 26
    assert any("22 more   is refused, each time" in line for line in lines)
    assert any("… 35 more lines" in line for line in lines)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_it_fits_the_screen(width: int) -> None:
    events = [*SLOW[:-1], says(120.2, "x" * 300), FAILED]
    assert max(map(len, drawn(HTTP, *events, style=Style(width=width)))) <= width


def test_only_the_last_start_is_drawn() -> None:
    again = replace_at(STARTED, 110.0)
    lines = drawn(HTTP, STARTED, asked(100.1, 1), again, asked(111.0, 1), replace_at(FAILED, 112.0))
    assert sum("asked " in line and "refused" in line for line in lines) == 1


def test_nothing_is_drawn_where_nothing_was_asked() -> None:
    assert drawn(HTTP, STARTED, says(101.0, "hello"), FAILED) == []


# ---- where it is shown --------------------------------------------------------------------------------


def shown(*events: Event, **how: bool) -> str:
    text = UpText(STYLE, lambda origin: None, services=[of(HTTP)], **how)
    return [text.block(event) for event in events][-1] or ""


def test_a_failure_shows_it_before_its_finding() -> None:
    found = replace_cause(FAILED)
    block = shown(*SLOW[:-1], found)
    assert block.index("when it was asked") < block.index("error[start/unhealthy]")


def replace_cause(event: DeployFailed) -> Any:
    from msgspec.structs import replace as changed

    return changed(event, cause=error("start/unhealthy", "it answers 500"))


def test_a_success_shows_it_with_verbose_alone() -> None:
    live = Live(at=121.0, url=None, seconds=21.0, **OF)
    assert "when it was asked" not in shown(*SLOW[:-1], live)
    assert "when it was asked" in shown(*SLOW[:-1], live, verbose=True)


def test_quiet_shows_none() -> None:
    assert "when it was asked" not in shown(*SLOW, quiet=True)


def test_of_several_containers_the_one_at_fault_is_drawn() -> None:
    """Each has its own boot and its own probe, whatever the others print meanwhile."""
    app, db = container("app", probes=Probes(startup=TCP)), container("db", probes=Probes(startup=HTTP))
    events: list[Event] = [replace(STARTED, container="db"), replace(STARTED, at=101.0, container="app")]
    events += [replace(asked(103.0, 1), container="db"), replace(says(104.0, "app's own"), container="app")]
    failed = replace(FAILED, at=110.0, container="db")
    lines = TimeLines()
    for event in (*events, failed):
        lines.hear(event, service(containers=(app, db)))
    picture = lines.drawn(failed, STYLE)
    assert picture[0] == "when db was asked, in seconds since its start"
    assert not [line for line in picture if "app's own" in line]
    assert [line.split() for line in picture if "asked 1" in line] == [["3.0", "asked", "1", "is", "refused"]]


def test_a_live_app_s_lines_are_not_kept() -> None:
    """What an app says once it is live is in no picture, and takes no memory; nor do the lines of a boot that is never
    decided, beyond the first and the last of them."""
    text = UpText(STYLE, lambda _origin: None, services=[of(HTTP)])
    live = Live(at=101.0, url=None, seconds=1.0, **OF)
    for event in (STARTED, *(says(100.5, f"early {n}") for n in range(5)), live):
        text.block(event)
    assert text._time_lines._boots == {}
    lines = TimeLines()
    for event in (STARTED, asked(100.1, 1), *(says(101 + n / 1000, f"line {n}") for n in range(10_000)), FAILED):
        lines.hear(event, of(HTTP))
    assert max(len(boot.output) for boot in lines._boots.values()) <= 1000
    rows = "\n".join(lines.drawn(FAILED, STYLE))
    assert "line 0\n" in rows
    assert "9987 more lines" in rows
    assert "line 9999" in rows
