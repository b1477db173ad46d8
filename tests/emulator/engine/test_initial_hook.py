"""The command that runs once, after the first deploy that is live: on a fake engine."""

from collections.abc import Callable, Iterator

import pytest

from emulator.model.event import ContainerStarted, DiagnosticFound, InitialHookFinished, InitialHookStarted, Live, Log
from emulator.model.origin import Origin
from tests.emulator.engine.fake_docker import FakeContainer
from tests.emulator.engine.test_service_run import Bench, serve, wait_for

HOOK = {
    "initial_deploy_hook": "./seed $N", "initial_hook_argv": ("./seed", "1"),
    "initial_hook_origin": Origin(file="render.yaml", line=7),
}  # fmt: skip


@pytest.fixture
def make() -> Iterator[Callable[[Callable[[FakeContainer], None]], Bench]]:
    """Makes a bench whose hooks behave so; it is ended after the test, and leaves nothing."""
    made: list[Bench] = []

    def bench(hook: Callable[[FakeContainer], None]) -> Bench:
        def behave(container: FakeContainer) -> None:
            (hook if container.spec.name.endswith("-initial-hook") else serve)(container)

        made.append(Bench(of_1=behave, of_2=behave))
        return made[0]

    yield bench
    made[0].end()
    assert made[0].problems == []


def seeds(container: FakeContainer) -> None:
    container.write("seeded")
    container.end(0)


def fails(container: FakeContainer) -> None:
    container.write("no such table")
    container.end(3)


def test_it_runs_after_the_first_deploy_is_live_and_never_again(make) -> None:
    """In a container of its own, without the service's port and names; the deploy is decided when it has ended."""
    bench = make(seeds)
    assert bench.made(1, first=True, **HOOK).verdict.verdict == "live"
    kinds = [type(event) for event in bench.told]
    assert kinds[kinds.index(Live) :] == [Live, InitialHookStarted, Log, InitialHookFinished]
    [started], [finished] = bench.of(InitialHookStarted), bench.of(InitialHookFinished)
    assert (started.command, started.service, started.deploy) == ("./seed $N", "shop", 1)
    assert (finished.ok, finished.exit_code) == (True, 0)
    hook = bench.docker.started[1].spec
    assert (hook.argv, hook.publish, hook.aliases) == (("./seed", "1"), {}, ())
    wait_for(lambda: len(bench.docker.left) == 1)
    assert bench.made(2, first=False, **HOOK).verdict.verdict == "live"
    assert len(bench.of(InitialHookStarted)) == 1


def test_one_that_fails_leaves_the_deploy_live_and_is_told(make) -> None:
    """A warning at the hook's place, with its last words."""
    bench = make(fails)
    assert bench.made(1, first=True, **HOOK).verdict.verdict == "live"
    [told] = bench.of(DiagnosticFound)
    found = told.diagnostic
    assert (found.code, found.severity, found.service) == ("initial-hook/failed", "warning", "shop")
    assert (found.origin.file, found.origin.line) == ("render.yaml", 7)
    assert found.message.startswith("the initial deploy hook failed: ")
    assert any("no such table" in fact for fact in found.facts)
    assert bench.run.live == 1


def test_a_deploy_that_is_not_live_has_none(make) -> None:
    """The hook waits for one that is."""
    bench = make(seeds)
    bench.docker.behave = lambda container: container.end(1)
    assert bench.made(1, first=True, **HOOK).verdict.verdict == "boot_failed"
    assert bench.of(InitialHookStarted) == []
    assert bench.of(ContainerStarted)


def test_the_end_of_all_ends_it(make) -> None:
    """Nobody waits for its half an hour; it is told to end, and nothing is left."""
    bench = make(lambda container: container.write("long"))
    bench.deploy(1, first=True, **HOOK)
    wait_for(lambda: bool(bench.of(InitialHookStarted)))
    bench.run.end(at_once=True)
    wait_for(lambda: bool(bench.of(InitialHookFinished)))
    [finished] = bench.of(InitialHookFinished)
    assert not finished.ok
