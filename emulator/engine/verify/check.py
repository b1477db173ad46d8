"""What a check is: which services it is for, what it needs to be tried, and what it concludes."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from emulator.model.plan import Service
from emulator.model.record import Record
from emulator.model.verification import CheckResult, Measure, Result

from .seen import Seen

Step = Literal["boot", "load", "requests", "leave", "kept", "other-port"]
"""What is done with a service. boot: a new container. load: many requests at once. requests: a few that its log may
speak of. leave: it is told to end, with requests under way. kept: once more on the disk that it wrote. other-port: a
container that is told another port."""

NEARLY = 0.8
"""Above this share of a limit it is said that little is left."""


class Subject(Record, frozen=True, kw_only=True):
    """A service, and the name of the platform that runs it, as people say it. scale: what the platform's waits were
    multiplied by."""

    service: Service
    platform: str
    scale: float = 1.0


class Conclusion(NamedTuple):
    """What follows from what was seen; the parts of a `CheckResult`."""

    result: Result
    message: str
    facts: tuple[str, ...] = ()
    help: str | None = None
    measure: Measure | None = None


class Check(NamedTuple):
    """name: as it is typed. excuse: why a service has no such thing; None where it has. conclude: asked only where the
    service went live. broken_by: codes of deploys that did not go live for what this check is about."""

    name: str
    title: str
    code: str
    steps: frozenset[Step]
    excuse: Callable[[Service], str | None]
    conclude: Callable[[Subject, Seen], Conclusion]
    broken_by: frozenset[str] = frozenset()

    def result(self, conclusion: Conclusion) -> CheckResult:
        return CheckResult(name=self.name, title=self.title, code=self.code, **conclusion._asdict())


def not_told(message: str, *facts: str, help: str | None = None) -> Conclusion:
    return Conclusion("not-told", message, facts, help)
