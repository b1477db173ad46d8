"""How long the phases of a deploy took, told from its events alone."""

from emulator.engine.ledger import Ledger
from emulator.model.event import (
    BuildFinished,
    BuildStarted,
    BuildStep,
    ContainerStarted,
    DeployStarted,
    Event,
    FilesSaved,
    Live,
    PortDetected,
    ProbeAttempt,
    Stopped,
)
from emulator.model.phases import Phases


def stopped(at: float, deploy: int) -> Stopped:
    return Stopped(
        at=at, service="shop", deploy=deploy, exit_code=0, signal="SIGTERM", oom=False, graceful=True, seconds=0.1
    )


def a_deploy(number: int, at: float) -> list[Event]:
    """One that takes five seconds."""
    who = {"service": "shop", "deploy": number}
    probe = ProbeAttempt(at=at + 4.5, kind="health", attempt=1, ok=True, detail="", due=0, seconds=0.01, **who)  # type: ignore[arg-type]
    return [
        DeployStarted(at=at, deploy=number, trigger="up"),
        BuildStarted(at=at + 0.5, **who),  # type: ignore[arg-type]
        BuildStep(at=at + 1, name="[internal] load build context", seconds=0.25, cached=False, **who),  # type: ignore[arg-type]
        BuildFinished(at=at + 2, image="sha256:1", seconds=1.5, **who),  # type: ignore[arg-type]
        ContainerStarted(at=at + 3, argv=(), port=80, url=None, **who),  # type: ignore[arg-type]
        PortDetected(at=at + 4, port=80, address="0.0.0.0", **who),  # type: ignore[arg-type]
        probe,
        Live(at=at + 5, url=None, seconds=2.0, **who),  # type: ignore[arg-type]
    ]


def heard(*events: Event) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.heard(event)
    return ledger


def test_every_phase_of_a_deploy() -> None:
    """They add up to the whole, which ends when it is live, not when it is asked for."""
    ledger = heard(*a_deploy(1, 10.0))
    phases = ledger.phases(1, "shop", 99.0)
    assert phases == Phases(
        queued_s=0.5, context_s=0.25, build_s=1.25, create_s=1.0, boot_s=1.0, health_s=0.5, switch_s=0.5, total_s=5.0
    )
    ledger.forget(1)
    assert ledger.phases(1, "shop", 99.0) == Phases()


def test_a_build_that_does_not_end() -> None:
    """What did not end has no duration; the whole goes on until it is given up."""
    ledger = heard(*a_deploy(1, 10.0)[:3])
    assert ledger.phases(1, "shop", 18.0) == Phases(queued_s=0.5, context_s=0.25, total_s=8.0)
    assert ledger.phases(1, "other", 18.0) == Phases(total_s=8.0)


def test_an_image_that_is_used_again() -> None:
    """Nothing is built: all before its container is its creation."""
    events = [one for one in a_deploy(2, 0.0) if not isinstance(one, BuildStarted | BuildStep | BuildFinished)]
    assert heard(*events).phases(2, "shop", 9.0).create_s == 3.0


def test_the_one_before_leaves_before_the_deploy_is_written_down() -> None:
    """Then it is a phase like the others."""
    ledger = heard(*a_deploy(1, 0.0), *a_deploy(2, 10.0), stopped(15.75, 1))
    assert ledger.phases(2, "shop", 20.0).drain_s == 0.75
    assert ledger.take_drains() == {}


def test_the_one_before_leaves_after_the_deploy_is_written_down() -> None:
    """It is told once, of the last instance that left; the end of the live one is no drain."""
    ledger = heard(*a_deploy(1, 0.0), *a_deploy(2, 10.0))
    ledger.forget(2)
    for event in (stopped(15.5, 1), stopped(15.75, 1), stopped(30.0, 2)):
        ledger.heard(event)
    assert ledger.take_drains() == {(2, "shop"): 0.75}
    assert ledger.take_drains() == {}


def test_what_was_saved_for_a_deploy() -> None:
    """A save for which none is made is nobody's."""
    saved = FilesSaved(deploy=3, paths=("app.py",), count=1)
    ledger = heard(saved, FilesSaved(paths=("README.md",), count=1))
    assert ledger.saved(3) == saved
    assert ledger.saved(4) is None
