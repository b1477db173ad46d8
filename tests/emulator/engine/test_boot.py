"""The scan for a port and the health check: what an app does when, and the verdict it comes to, when, and why."""

import itertools

import pytest

from emulator.engine import boot
from emulator.engine.boot_steps import (
    FoundPort,
    Remind,
)
from emulator.model.event import VerdictKind
from emulator.model.lifecycle import PortScan
from emulator.model.record import replace
from emulator.world.asking import HttpAnswer, HttpProblem
from emulator.world.containers import Listener
from tests.emulator.engine.replays import (
    HEALTH,
    PORT,
    PRIVATE,
    WEB,
    Life,
    Replay,
    always,
    health_checks,
    no,
    open_on,
    status,
    web,
)

# ---- ports ------------------------------------------------------------------------------------------


def test_live_as_soon_as_its_port_answers() -> None:
    """The port that PORT names is open after a second and answers: live within two looks."""
    replay = web(Life(always(open_on(PORT), after=1.0)))
    outcome = replay.run()
    assert (outcome.verdict, outcome.code, outcome.port) == (VerdictKind.LIVE, "live", PORT)
    assert outcome.seconds == pytest.approx(1.0, abs=2 * boot.LOOK_EVERY_S)
    assert outcome.reason == "live after 1.00 s"
    assert [(f.port, f.address) for f in replay.of(FoundPort)] == [(PORT, "0.0.0.0")]


def test_two_ports_and_no_http_on_either() -> None:
    """Both are asked in turn, each is told once, and the end comes in time."""
    replay = web(Life(always(open_on(3000), open_on(8080)), plain=lambda at, port: (0.0, no("not-http"))))
    outcome = replay.run()
    assert (outcome.code, outcome.due) == ("no-http", pytest.approx(300, abs=1.5))
    assert len(replay.of(FoundPort)) == 2


def test_any_answer_will_do_without_a_health_check() -> None:
    """A page that answers 500 is an answer: the port speaks HTTP."""
    assert web(Life(always(open_on(PORT)), plain=lambda at, port: (0.0, status(500)))).run().code == "live"


def test_another_port_is_taken_after_one_look_of_the_platforms() -> None:
    """PORT stays closed, 3000 answers: it is used, but not before the platform itself would have looked again."""
    outcome = web(Life(always(open_on(3000)))).run()
    assert (outcome.code, outcome.port) == ("live", 3000)
    assert outcome.seconds == pytest.approx(1.0, abs=0.05)


def test_a_port_opened_first_does_not_win() -> None:
    """A metrics port opens 0.3 s before PORT: the traffic goes to PORT."""

    def listens(at: float) -> tuple[Listener, ...]:
        return (open_on(9090), open_on(PORT)) if at >= 0.5 else (open_on(9090),) if at >= 0.2 else ()

    outcome = web(Life(listens)).run()
    assert outcome.port == PORT
    assert outcome.seconds == pytest.approx(0.5, abs=0.05)


def test_lowest_of_several_other_ports() -> None:
    """Where PORT is closed and several answer, the lowest takes the traffic."""
    assert web(Life(always(open_on(8080), open_on(3000), open_on(9000)))).run().port == 3000


def test_every_listener_will_do_for_a_private_service() -> None:
    """Nothing is asked of a private service: its open port suffices."""
    outcome = web(Life(always(open_on(PORT)), plain=lambda at, port: (0.0, no("reset"))), life=PRIVATE).run()
    assert (outcome.code, outcome.seconds) == ("live", 0.0)


def test_a_reserved_port_is_no_port() -> None:
    """Only a port of the platform's own is open: the scan goes on to its end, and says which."""
    outcome = web(Life(always(open_on(18012)))).run()
    assert (outcome.verdict, outcome.code, outcome.due) == (VerdictKind.TIMED_OUT, "no-port", pytest.approx(300, abs=1))
    assert "18012" in outcome.reason


def test_nothing_listens() -> None:
    """Reminders each minute, then the end after five, no sooner and no later."""
    replay = web(Life())
    outcome = replay.run()
    assert (outcome.verdict, outcome.code) == (VerdictKind.TIMED_OUT, "no-port")
    assert outcome.due == pytest.approx(300, abs=0.2)
    assert outcome.platform_seconds == 300
    assert [r.seconds for r in replay.of(Remind)] == pytest.approx([60, 120, 180, 240, 300], abs=0.2)


def test_a_platform_that_says_nothing_meanwhile() -> None:
    """Without a time for reminders there are none."""
    quiet = replace(WEB, port_scan=PortScan(preferred=PORT, http=True, remind_s=0))
    replay = web(Life(), life=quiet)
    replay.run()
    assert replay.of(Remind) == []


def test_loopback_on_its_port_and_idle_is_certain() -> None:
    """Listening on 127.0.0.1:PORT and doing nothing for three seconds: said at once, with the platform's time."""
    outcome = web(Life(always(open_on(PORT, "127.0.0.1")))).run()
    assert (outcome.verdict, outcome.code) == (VerdictKind.TIMED_OUT, "loopback")
    assert outcome.due == pytest.approx(boot.IDLE_FOR_S, abs=0.05)
    assert outcome.platform_seconds == 300
    assert f"127.0.0.1:{PORT}" in outcome.reason


def test_loopback_on_another_port_is_given_more_time() -> None:
    """A debugger on loopback while the app waits five seconds for something else: no early verdict."""

    def listens(at: float) -> tuple[Listener, ...]:
        return (open_on(9229, "127.0.0.1"), *((open_on(PORT),) if at >= 5 else ()))

    assert web(Life(listens)).run().code == "live"
    outcome = web(Life(always(open_on(8000, "127.0.0.1")))).run()
    assert (outcome.code, outcome.due) == ("loopback", pytest.approx(boot.IDLE_ELSEWHERE_FOR_S, abs=0.05))


def test_loopback_and_busy_is_not_certain() -> None:
    """It still computes for 20 s, then opens the port: live."""

    def listens(at: float) -> tuple[Listener, ...]:
        return (open_on(PORT, "127.0.0.1"), *((open_on(8080),) if at >= 20 else ()))

    outcome = web(Life(listens, cpu=lambda at: at * 0.5)).run()
    assert (outcome.code, outcome.port) == ("live", 8080)


def test_idleness_counts_from_the_last_work() -> None:
    """It works for ten seconds and stops: the verdict comes three seconds after that, not three after the start."""
    outcome = web(Life(always(open_on(PORT, "127.0.0.1")), cpu=lambda at: min(at, 10.0))).run()
    assert outcome.due == pytest.approx(10 + boot.IDLE_FOR_S, abs=1.0)
    assert outcome.due > 10 + boot.IDLE_FOR_S - 0.6


def test_loopback_where_its_work_cannot_be_seen() -> None:
    """Without a measure of its work nothing is certain before the platform's own end."""
    outcome = web(Life(always(open_on(PORT, "127.0.0.1")), cpu=lambda at: None)).run()
    assert (outcome.code, outcome.due) == ("loopback", pytest.approx(300, abs=0.2))


def test_a_port_is_found_beside_a_loopback_one() -> None:
    """A listener on loopback does not hide the one that can be reached."""
    assert web(Life(always(open_on(9000, "127.0.0.1"), open_on(PORT)))).run().port == PORT


def test_no_other_port_takes_the_place_of_the_one_that_port_names() -> None:
    """PORT speaks no HTTP, 8080 does: with several listeners the public one is PORT's."""
    life = Life(
        always(open_on(PORT), open_on(8080)),
        plain=lambda at, port: (0.0, status(200) if port == 8080 else no("not-http")),
    )
    outcome = web(life).run()
    assert (outcome.port, outcome.code) == (PORT, "no-http")


def test_other_http_port_after_one_that_speaks_something_else() -> None:
    """Nobody listens on PORT; 3000 speaks no HTTP, 8080 does: 8080 is used."""
    life = Life(
        always(open_on(3000), open_on(8080)),
        plain=lambda at, port: (0.0, status(200) if port == 8080 else no("not-http")),
    )
    assert web(life).run().port == 8080


@pytest.mark.parametrize("problem", ["not-http", "reset"])
def test_a_port_that_speaks_http_later(problem: HttpProblem) -> None:
    """A place-holder answers nonsense for 40 s, then the server takes over the same port: live."""
    life = Life(always(open_on(PORT)), plain=lambda at, port: (0.0, status(200) if at > 40 else no(problem)))
    replay = web(life)
    outcome = replay.run()
    assert (outcome.code, outcome.due) == ("live", pytest.approx(41, abs=1.1))
    assert len(replay.of(FoundPort)) == 1


def test_no_http_to_the_end() -> None:
    """A port is open and never answers HTTP: told at the platform's end, with what came of asking."""
    replay = web(Life(always(open_on(PORT)), plain=lambda at, port: (0.0, no("not-http"))))
    outcome = replay.run()
    assert (outcome.code, outcome.due) == ("no-http", pytest.approx(300, abs=1.1))
    assert outcome.reason == f"port {PORT} is open, but a plain request is not answered in HTTP"


def test_bound_and_silent() -> None:
    """Connections are taken and nothing is ever said: the end comes in time although asking blocks."""
    replay = web(Life(always(open_on(PORT)), plain=lambda at, port: (1e9, status(200))))
    outcome = replay.run()
    assert (outcome.code, outcome.due) == ("no-http", pytest.approx(300, abs=1.5))
    assert replay.of(Remind)


def test_a_slow_first_page_is_waited_for() -> None:
    """A page that takes 12 s answers in the end: patience grows."""
    outcome = web(Life(always(open_on(PORT)), plain=lambda at, port: (12.0, status(200)))).run()
    assert outcome.code == "live"
    assert outcome.due < 60


def test_port_closed_between_looking_and_asking() -> None:
    """It vanishes, and comes back on another port: that one is found."""

    def listens(at: float) -> tuple[Listener, ...]:
        return (open_on(PORT),) if at < 0.005 else (open_on(3000),) if at > 2 else ()

    life = Life(listens, plain=lambda at, port: (0.0, status(200) if port == 3000 else no("refused")))
    assert web(life).run().port == 3000


# ---- health -----------------------------------------------------------------------------------------


def checked(*answers: HttpAnswer, faithful: bool = False) -> Replay:
    """A web service with a health check that is answered so, the last answer for ever."""
    more = itertools.chain(answers, itertools.repeat(answers[-1]))
    life = Life(always(open_on(PORT)), health=lambda at, port: (0.0, next(more)))
    return web(life, health=HEALTH, faithful=faithful)


def test_the_same_refusal_three_times_is_certain() -> None:
    """404 three times: nobody waits fifteen minutes for a fourth, and the platform's time is told."""
    replay = checked(status(404))
    outcome = replay.run()
    assert (outcome.verdict, outcome.code) == (VerdictKind.UNHEALTHY, "unhealthy")
    assert outcome.due == pytest.approx(2 * boot.CHECK_AGAIN_S, abs=0.05)
    assert outcome.platform_seconds == 900
    assert outcome.reason == "GET /health answers 404"
    assert len(health_checks(replay)) == 3


@pytest.mark.parametrize("code", [200, 204, 302, 399])
def test_health_that_passes(code: int) -> None:
    """Everything from 200 to 399 is healthy, a redirect too."""
    assert checked(status(code)).run().code == "live"


def test_unauthorized_is_unhealthy() -> None:
    """A health check behind a login never passes."""
    assert checked(status(401)).run().reason == "GET /health answers 401"


def test_unavailable_then_healthy() -> None:
    """503 is asked again at the platform's pace until it passes."""
    outcome = checked(status(503), status(503), status(503), status(200)).run()
    assert (outcome.code, outcome.due) == ("live", pytest.approx(15, abs=0.1))


def test_unavailable_for_ever() -> None:
    """503 is never certain: the platform's fifteen minutes are waited."""
    outcome = checked(status(503)).run()
    assert (outcome.code, outcome.due) == ("unhealthy", pytest.approx(900, abs=0.5))


def test_too_many_requests_is_no_final_answer() -> None:
    """429 may pass by waiting."""
    assert checked(*[status(429)] * 5, status(200)).run().code == "live"


def test_different_refusals_are_not_certain() -> None:
    """404, 403, 404, …: something changes, so it goes on."""
    assert checked(status(404), status(403), status(404), status(403), status(200)).run().code == "live"


def test_the_deadline_holds_while_a_check_blocks() -> None:
    """Every check runs into its patience: the end is not a patience later than the platform's."""
    life = Life(always(open_on(PORT)), health=lambda at, port: (1e9, status(200)))
    outcome = web(life, health=HEALTH).run()
    assert outcome.reason == "GET /health gets no answer in time"
    assert outcome.due == pytest.approx(900, abs=0.5)


def test_the_last_check_is_at_the_deadline() -> None:
    """A deadline between two checks is not outlasted by the second."""
    life = Life(always(open_on(PORT)), health=lambda at, port: (0.0, status(503)))
    replay = web(life, health=replace(HEALTH, deadline_s=12))
    assert replay.run().due == pytest.approx(12, abs=0.1)
    assert [c.due for c in health_checks(replay)] == pytest.approx([0, 5, 10, 12], abs=0.1)


def test_the_port_goes_away_while_it_is_checked() -> None:
    """The server moves to another port: the check follows it there."""

    def listens(at: float) -> tuple[Listener, ...]:
        return (open_on(8080),) if at > 3 else (open_on(PORT),)

    life = Life(listens, health=lambda at, port: (0.0, status(200) if port == 8080 else no("refused")))
    outcome = web(life, health=HEALTH).run()
    assert (outcome.code, outcome.port) == ("live", 8080)


def test_faithful_checks_wait_as_the_platform() -> None:
    """404 for ever with faithful timing: a check every five seconds, and the end after fifteen minutes."""
    replay = checked(status(404), faithful=True)
    outcome = replay.run()
    assert outcome.due == pytest.approx(900, abs=0.5)
    assert [c.due for c in health_checks(replay)][:3] == pytest.approx([0, 5, 10], abs=0.1)
