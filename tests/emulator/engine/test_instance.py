"""The containers of one instance by histories of what was seen: who starts when, when it is live, what an end means."""

import heapq
import itertools
from typing import Any

from emulator.engine import instance
from emulator.engine.boot_steps import Exited, Rules, Settle, Settled, StartAgain, Started, Tried, Try
from emulator.engine.instance_steps import (
    Action,
    Again,
    Begun,
    Decided,
    Do,
    End,
    Launch,
    Member,
    Observation,
    Of,
    State,
    Turn,
)
from emulator.model.lifecycle import Lifecycle, Probe
from emulator.model.record import replace

LIFE = Lifecycle(back_off_s=(17.0,), deadline_s=240.0, kill_when_unhealthy=True)
ASKED = Probe(kind="tcp", port=8080, timeout_s=240, period_s=240, failure_threshold=1, waits_for_port=True)
HTTP = Probe(kind="http", path="/", port=9000, period_s=1, failure_threshold=2)


def member(name: str, startup: Probe | None = None, *needs: str, **rules: Any) -> Member:
    return Member(
        name=name, rules=Rules(lifecycle=LIFE, startup=startup, **rules), needs=needs, ingress=name == "app"
    )  # fmt: skip


class Played:
    """Takes what a test says was seen, and performs at once what needs no world: launches and settling."""

    def __init__(self, *members: Member) -> None:
        self.members = members
        self.state = State()
        self.now = 0.0
        self.launched: list[str] = []
        self.told: list[Action] = []
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self.see(Begun(at=0.0))

    def see(self, seen: Observation) -> None:
        self.state, actions = instance.step(self.members, self.state, seen)
        for action in actions:
            heapq.heappush(self._due, (action.due, next(self._order), action))
        self.go_on(self.now)

    def go_on(self, until: float) -> None:
        self.now = max(self.now, until)
        while self._due and self._due[0][0] <= until:
            _, _, action = heapq.heappop(self._due)
            match action:
                case Launch():
                    self.launched.append(action.container)
                case Do(action=Settle(attempt=attempt)):
                    self.of(action.container, Settled(at=self.now, attempt=attempt))
                case Again():
                    self.told.append(action)
                    self.see(Begun(at=self.now))
                case _:
                    self.told.append(action)

    def of(self, container: str, seen: Any, *, round: int | None = None) -> None:
        self.see(Of(container=container, round=self.state.round if round is None else round, seen=seen))

    def starts(self, *containers: str) -> "Played":
        for name in containers:
            self.of(name, Started(at=self.now))
        return self

    def tries(self, container: str, *, ok: bool, number: int = 1, **more: Any) -> None:
        """An attempt of its startup probe, or another, came to this."""
        attempt = self.state.boot(container).attempt
        words = "accepts a connection" if ok else "is refused"
        self.of(container, Tried(at=self.now, attempt=attempt, number=number, ok=ok, words=words, **more))

    def ends(self, container: str, code: int = 1, line: str = "") -> None:
        attempt = self.state.boot(container).attempt
        self.of(container, Exited(at=self.now, attempt=attempt, exit_code=code, last_line=line))

    def told_of(self, kind: type) -> list[Any]:
        return [action for action in self.told if isinstance(action, kind)]

    @property
    def decided(self) -> list[tuple[str, str]]:
        return [(one.container, one.outcome.code) for one in self.told_of(Decided)]


# ---- towards live -----------------------------------------------------------------------------------


def test_containers_start_at_once_and_a_dependant_when_its_need_has_started() -> None:
    """cache has no need; db is waited for by the app until its startup probe succeeds."""
    played = Played(member("app", ASKED, "db"), member("db", HTTP), member("cache"))
    assert played.launched == ["db", "cache"]
    played.starts("db", "cache")
    played.tries("db", ok=False)
    assert "app" not in played.launched
    played.tries("db", ok=True, number=2)
    assert played.launched == ["db", "cache", "app"]


def test_a_chain_starts_one_after_the_other() -> None:
    """Each when the one it names has started, in whatever order they are written."""
    played = Played(member("app", ASKED, "b"), member("b", HTTP, "a"), member("a", HTTP))
    for name in ("a", "b"):
        assert played.launched[-1] == name
        played.starts(name)
        played.tries(name, ok=True)
    assert played.launched == ["a", "b", "app"]


def test_live_when_the_ingress_container_has_started() -> None:
    """A sidecar without a probe counts as started at once; nobody waits for one that is still being started."""
    played = Played(member("app", ASKED), member("cache")).starts("app")
    played.tries("app", ok=True)
    assert played.decided == [("app", "live")]
    assert played.state.phase == "live"


def test_a_sidecar_whose_startup_probe_fails_is_no_success() -> None:
    """The app answers already; the sidecar's probe decides, and it is to blame."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("app", "db")
    played.tries("app", ok=True)
    assert played.decided == []
    played.tries("db", ok=False)
    played.tries("db", ok=False, number=2)
    assert played.decided == [("db", "startup-probe")]


def test_seconds_are_counted_from_the_first_start() -> None:
    """The app comes 5 s later than what it needs: live after all of it."""
    played = Played(member("app", ASKED, "db"), member("db", HTTP)).starts("db")
    played.go_on(5.0)
    played.tries("db", ok=True)
    played.starts("app")
    played.go_on(6.0)
    played.tries("app", ok=True)
    [live] = played.told_of(Decided)
    assert (live.outcome.seconds, live.outcome.port) == (6.0, 8080)


def test_a_failure_is_counted_from_the_first_start_as_well() -> None:
    """The platform knows of the app's 2 s of attempts after the 5 s of what it needs."""
    played = Played(member("app", HTTP, "db"), member("db", HTTP)).starts("db")
    played.go_on(5.0)
    played.tries("db", ok=True)
    played.starts("app")
    played.go_on(7.0)
    played.tries("app", ok=False)
    played.tries("app", ok=False, number=2)
    [failed] = played.told_of(Decided)
    assert (failed.container, failed.outcome.seconds, failed.outcome.platform_seconds) == ("app", 7.0, 7.0)


def test_the_platforms_clock_runs_from_the_first_process_on() -> None:
    """What an engine takes to make the container is not the platform's time: with its waits made shorter, half a
    second of it would be told as a minute."""
    played = Played(member("app", HTTP))
    played.go_on(0.5)
    played.starts("app")
    played.go_on(2.5)
    played.tries("app", ok=False)
    played.tries("app", ok=False, number=2)
    [failed] = played.told_of(Decided)
    assert (failed.outcome.seconds, failed.outcome.platform_seconds) == (2.0, 2.0)


# ---- what ends --------------------------------------------------------------------------------------


def test_the_end_of_one_ends_all_and_all_begins_anew() -> None:
    """The others are told to end; when the last one has, everything is started again after the back-off."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("app", "db")
    for name in ("app", "db"):
        played.tries(name, ok=True)
    played.ends("db", 3)
    assert [(e.container, e.kill) for e in played.told_of(End)] == [("app", False)]
    played.ends("app", 143)
    played.go_on(60.0)
    [again] = played.told_of(Again)
    assert (again.container, again.because) == ("db", "it exited with status 3")
    assert played.launched == ["app", "db"] * 2
    assert played.state.boot("app").crashes == ()


def test_once_it_was_live_requests_come_back_with_the_ingress_container() -> None:
    """Nobody waits for the sidecar's startup probe a second time; one that fails then ends the instance for good."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("app", "db")
    for name in ("app", "db"):
        played.tries(name, ok=True)
    played.ends("app", 1)
    played.ends("db", 0)
    played.go_on(30.0)
    played.starts("app", "db")
    played.tries("app", ok=True)
    assert played.decided == [("app", "live")] * 2
    for number in (1, 2):
        played.tries("db", ok=False, number=number)
    assert played.decided[2:] == [("db", "startup-probe")]


def test_what_ends_because_of_another_is_not_to_blame() -> None:
    """The app falls with a crash of its own when its sidecar goes: the sidecar's end is what is told."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("app", "db")
    played.ends("db", 1)
    played.ends("app", 9)
    played.go_on(1.0)
    assert [again.container for again in played.told_of(Again)] == ["db"]


def test_a_sidecar_that_keeps_crashing_before_the_app_is_live_fails_the_deploy() -> None:
    """It counts as started each time, for it has no probe; its ends are counted all the same."""
    played = Played(member("app", ASKED), member("cache"))
    for _ in range(3):
        played.starts("app", "cache")
        played.ends("cache", 1, "no memory")
        if not played.decided:
            played.ends("app", 143)
        played.go_on(played.now + 20)
    assert played.decided == [("cache", "crash")]


def test_a_container_that_starts_while_all_of_it_ends_is_ended_as_well() -> None:
    """It was on its way: nothing begins anew before it is gone."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("db")
    played.ends("db", 1)
    played.go_on(30.0)
    assert played.told_of(Again) == []
    played.starts("app")
    assert [e.container for e in played.told_of(End)] == ["app"]
    played.ends("app", 143)
    assert len(played.told_of(Again)) == 1


def test_liveness_of_one_kills_all() -> None:
    """A sidecar that fails its liveness probe takes the instance with it, whichever process ends first."""
    live = Probe(kind="http", path="/", port=9000, period_s=1, failure_threshold=1)
    played = Played(member("app", ASKED), member("db", HTTP, liveness=live)).starts("app", "db")
    for name in ("app", "db"):
        played.tries(name, ok=True)
    played.tries("db", ok=False, role="liveness")
    assert sorted((e.container, e.kill) for e in played.told_of(End)) == [("app", True), ("db", True)]
    played.ends("app", 137)
    played.ends("db", 137)
    played.go_on(60.0)
    [again] = played.told_of(Again)
    assert again.because == "its liveness check failed 1 times in a row: it is refused"


def test_an_attempt_of_an_earlier_round_says_nothing() -> None:
    """It was under way when the process ended, and answers after all has begun anew."""
    played = Played(member("app", ASKED), member("db", HTTP)).starts("app", "db")
    played.ends("db", 1)
    played.ends("app", 143)
    played.go_on(30.0)
    assert played.state.round == 2
    played.tries("app", ok=True)
    assert played.state.started == frozenset()


def test_out_of_rotation_as_long_as_one_container_says_so() -> None:
    """Two readiness probes: requests come again when both succeed."""
    ready = Probe(kind="http", path="/", port=9000, period_s=1, failure_threshold=1, unready_threshold=1)
    played = Played(member("app", ASKED, readiness=ready), member("db", HTTP, readiness=ready)).starts("app", "db")
    for name in ("app", "db"):
        played.tries(name, ok=True)
    for ok in (False, True):
        for name in ("app", "db"):
            played.tries(name, ok=ok, number=1 if not ok else 2, role="readiness")
    assert [(turn.container, turn.ready) for turn in played.told_of(Turn)] == [("app", False), ("db", True)]


# ---- one container ----------------------------------------------------------------------------------


def test_a_single_container_is_its_boot() -> None:
    """What its boot asks for is done, and its end begins it anew."""
    alone = Member(name="shop", rules=Rules(lifecycle=LIFE, startup=ASKED))
    played = Played(alone).starts("shop")
    assert [do.action for do in played.told_of(Do) if isinstance(do.action, Try)]
    played.tries("shop", ok=True)
    assert played.decided == [("shop", "live")]
    played.ends("shop", 1)
    played.go_on(20.0)
    assert [again.platform_s for again in played.told_of(Again)] == [17.0]
    assert played.launched == ["shop", "shop"]


def test_its_times_are_its_boots() -> None:
    """Nothing is added where nothing came before it."""
    alone = Member(name="shop", rules=Rules(lifecycle=replace(LIFE, restarts_during_deploy=False), startup=HTTP))
    played = Played(alone).starts("shop")
    played.tries("shop", ok=False)
    played.tries("shop", ok=False, number=2)
    [failed] = played.told_of(Decided)
    assert failed.outcome.verdict == "unhealthy"
    assert not [action for action in played.told if isinstance(action, StartAgain)]
