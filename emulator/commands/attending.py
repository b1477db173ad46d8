"""What a running `up` does for other commands of its project: deploy, restart, roll back, tell how it stands."""

import queue
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from emulator.commands.planning import Planned
from emulator.commands.session import Session
from emulator.commands.targets import cron_job, sharing
from emulator.commands.underway import Underway
from emulator.model.control import Answer, Ask, Refusal, ServiceStatus, ServiceTraffic, Status, TrafficStatus
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.event import Event, Verdict, VerdictKind
from emulator.model.record import to_json
from emulator.request import Peer

if TYPE_CHECKING:
    from emulator.engine.cron_run import Trigger
    from emulator.engine.runs import AnyRun

_LOOK_EVERY_S = 0.2
"""How often one that waits for a deploy is looked at: it may have gone."""


class Attendant:
    """Hears what is asked, each in a thread of its own."""

    def __init__(self, session: Session, replan: Callable[[Ask], Planned]) -> None:
        self._session = session
        self._replan = replan

    def __call__(self, line: bytes, peer: Peer) -> None:
        """Answer one question."""
        try:
            ask = msgspec.json.decode(line, type=Ask)
            if ask.verb == "status":
                _send(peer, self._status())
            elif ask.verb == "traffic":
                _send(peer, self._traffic(ask))
            elif ask.verb == "cron":
                self._run_cron(ask.services[0] if ask.services else "", peer)
            else:
                self._deploy(ask, peer)
        except msgspec.DecodeError:
            unknown = error(
                "up/not-understood",
                "the running `emu up` does not understand this command",
                fault=Fault.HOST,
                help="it is of another version: end it and run the command again",
            )
            _send(peer, Refusal(diagnostic=unknown, exit_code=2))
        except HostError as problem:
            _send(peer, Refusal(diagnostic=problem.diagnostic, exit_code=problem.exit_code))

    def _deploy(self, ask: Ask, peer: Peer) -> None:
        """Make a deploy and tell the asker of it, up to its verdict. One that goes away does not want it any more."""
        if ask.answers:
            self._session.project.keep_answers(ask.answers)
        begin = self._wanted(ask)
        number = self._session.project.next_deploy()
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with self._session.teller.heard_by(lambda event: events.put(event) if event.deploy == number else None):
            underway = begin(number)
            while not underway.finished.wait(0):
                _pass_on(events, peer, wait_s=_LOOK_EVERY_S)
                if peer.gone.is_set():
                    self._session.withdraw(underway)
                    return
        while not events.empty():
            _pass_on(events, peer, wait_s=0)

    def _run_cron(self, name: str, peer: Peer) -> None:
        """Run a cron job and tell the asker of it, up to its verdict. One that goes away does not want it any more."""
        run = cron_job(self._session.runs, name)
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with self._session.teller.heard_by(lambda event: events.put(event) if event.service == name else None):
            trigger = run.trigger()
            trigger.known.wait()
            while not trigger.over.wait(0):
                _pass_on(events, peer, wait_s=_LOOK_EVERY_S, instance=trigger.number)
                if peer.gone.is_set():
                    run.drop(trigger)
                    return
        while not events.empty():
            _pass_on(events, peer, wait_s=0, instance=trigger.number)
        _send(peer, _verdict_of(trigger))

    def _wanted(self, ask: Ask) -> Callable[[int], Underway]:
        """What begins it, as the deploy of a number. Raises HostError for what cannot be: it has no number."""
        session = self._session
        if ask.verb == "deploy":
            planned = self._replan(ask)
            session.deployable(planned)
            return partial(session.redeploy, planned)
        is_restart = ask.verb == "restart"
        back = session.restarting(ask.services) if is_restart else session.rolling_back(ask.to, ask.services)
        return partial(session.again, back)

    def _traffic(self, ask: Ask) -> TrafficStatus:
        runs = sharing(self._session.users(), ask.services)
        return TrafficStatus(
            services=tuple(
                ServiceTraffic(name=name, url=run.url, split=run.traffic(ask.shares, ask.tags))
                for name, run in sorted(runs.items())
            )
        )

    def _status(self) -> Status:
        services = tuple(_service_status(name, run) for name, run in sorted(self._session.runs.items()))
        return Status(platform=self._session.settings.platform, services=services)


def _service_status(name: str, run: "AnyRun") -> ServiceStatus:
    return ServiceStatus(name=name, url=run.url, live=run.live, under_way=run.under_way, instances=run.instances())


def _pass_on(events: "queue.SimpleQueue[Event]", peer: Peer, *, wait_s: float, instance: int | None = None) -> None:
    """The next event, if there is one within the time; where an instance is named, of that one alone."""
    try:
        event = events.get(timeout=wait_s)
    except queue.Empty:
        return
    if instance is None or event.instance == instance:
        _send(peer, event)


def _verdict_of(trigger: "Trigger") -> Verdict:
    """The last line of a run that was asked for."""
    one = trigger.verdict
    if one is None:  # `up` ended before
        return Verdict(verdict=VerdictKind.CANCELED, reason="the running `emu up` ended")
    return Verdict(verdict=one.verdict, reason=one.reason, services=(one,))


def _send(peer: Peer, answer: Answer | Event) -> None:
    peer.send(to_json(answer))
