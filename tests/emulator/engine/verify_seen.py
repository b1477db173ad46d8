"""A service that is all right in every check, to be changed where a test looks."""

from emulator.engine.verify.check import Subject
from emulator.engine.verify.checks import CHECKS, conclusions
from emulator.engine.verify.seen import Boot, Health, Leaving, Load, Output, Peak, Seen
from emulator.model.lifecycle import Probe, Probes
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.model.verification import CheckResult
from emulator.world.asking import Exchange
from emulator.world.containers import Listener
from tests.emulator.engine.services import service, variable

ALL = frozenset(check.name for check in CHECKS)
PROBE = Probe(kind="http", path="/healthz", timeout_s=5, failure_threshold=12, unready_threshold=3)
SHOP = service(env=(variable("PORT", "10000"),), probes=Probes(health=PROBE))


def listener(address: str = "0.0.0.0", port: int = 10000) -> Listener:
    return Listener(address=address, port=port, v6=":" in address, loopback=address.startswith("127."))


def exchange(begun: float, ended: float, status: int | None = 200, **more: object) -> Exchange:
    problem = None if status is not None else "reset"
    return Exchange(**{"kind": "plain", "begun": begun, "ended": ended, "status": status, "problem": problem} | more)


FIRST = Boot(live=True, seconds=0.9, port=10000)
AGAIN = Boot(live=True, seconds=0.7, port=10000, listeners=(listener(),))
OTHER = Boot(live=True, seconds=0.7, port=10001, listeners=(listener(port=10001),))
LEAVING = Leaving(
    told=100.0, reached=100.02, seconds=0.25, waited_s=30, killed=False, exit_code=0, heard=True,
    argv=("python", "app.py"),
    exchanges=(exchange(99.9, 100.1), exchange(99.5, 100.4, kind="upload"), exchange(98.0, 98.1)),
)  # fmt: skip
LOAD = Load(
    at_once=20, path="/", exchanges=(exchange(1, 1.1),) * 500,
    health=(Health(ok=True, seconds=0.02, words="answers 200"),) * 10,
)  # fmt: skip
GOOD = Seen(
    first=FIRST, again=AGAIN, other_port=OTHER, leaving=LEAVING, load=LOAD,
    peaks=(Peak(container=None, mib=100.0, limit_mib=512),), output=Output(before=("GET /",), marked_before=1),
)  # fmt: skip


def results(of: Service = SHOP, *, names: frozenset[str] = ALL, scale: float = 1.0, **seen: object) -> dict[str, str]:
    """What each check comes to, by its name."""
    subject = Subject(service=of, platform="Platform", scale=scale)
    return {one.name: one.result for one in conclusions(subject, replace(GOOD, **seen), names)}


def concluded(name: str, of: Service = SHOP, **seen: object) -> CheckResult:
    """One check's result."""
    subject = Subject(service=of, platform="Platform")
    return next(one for one in conclusions(subject, replace(GOOD, **seen), ALL) if one.name == name)
