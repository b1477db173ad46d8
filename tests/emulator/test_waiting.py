"""What a service waits for between its build and its start."""

import threading

import pytest

from emulator.commands.underway import Underway
from emulator.commands.waiting import gate
from emulator.engine.build_reach import Gate
from emulator.engine.deploys import Decided
from emulator.engine.job import Canceled
from emulator.model.diagnostic import Diagnostic
from emulator.model.event import ServiceVerdict, VerdictKind

LIVE, FAILED = VerdictKind.LIVE, VerdictKind.BOOT_FAILED


class Deploy:
    """One of `web`, which needs the datastore `db` and the service `api`."""

    def __init__(self) -> None:
        self.underway = Underway(1, "up", ["web", "api", "db"])
        self.told: list[Diagnostic] = []
        found = gate("web", {"api", "db"}, self.underway, datastores={"db"}.__contains__, tell=self.told.append)
        assert found is not None
        self.gate: Gate = found

    def decide(self, name: str, kind: VerdictKind) -> None:
        self.underway.decided(Decided(1, ServiceVerdict(name=name, verdict=kind, reason="")))

    def pass_gate(self) -> Diagnostic | None:
        return self.gate(threading.Event())


def test_a_service_without_needs_passes_no_gate() -> None:
    """Nothing is waited for."""
    assert gate("web", (), Underway(1, "up", ["web"]), datastores=lambda _: True, tell=lambda _: None) is None


def test_it_starts_once_all_are_decided() -> None:
    """Not before the last one."""
    deploy = Deploy()
    passed = threading.Event()
    thread = threading.Thread(target=lambda: (deploy.pass_gate(), passed.set()))
    thread.start()
    deploy.decide("db", LIVE)
    assert not passed.wait(0.25)
    deploy.decide("api", LIVE)
    assert passed.wait(5)
    thread.join()
    assert deploy.told == []


def test_without_its_datastore_it_is_not_begun() -> None:
    """It says which one."""
    deploy = Deploy()
    deploy.decide("db", FAILED)
    deploy.decide("api", LIVE)
    found = deploy.pass_gate()
    assert found is not None
    assert (found.code, "db" in found.message) == ("up/datastore-missing", True)


def test_without_another_service_it_starts_and_that_is_told() -> None:
    """The platform does not wait either."""
    deploy = Deploy()
    deploy.decide("db", LIVE)
    deploy.decide("api", FAILED)
    assert deploy.pass_gate() is None
    assert [(one.code, one.facts) for one in deploy.told] == [("up/needed-service-missing", ("api: boot_failed",))]


@pytest.mark.parametrize("how", ["cancel", "abandon"])
def test_whoever_is_called_off_waits_no_more(how: str) -> None:
    """Be it by itself, or with all of the deploy."""
    deploy, cancel = Deploy(), threading.Event()
    cancel.set() if how == "cancel" else deploy.underway.abandon()
    with pytest.raises(Canceled):
        deploy.gate(cancel)
