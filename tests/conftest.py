"""Shared by all tests: the real engine, and that tests which need it never pass for run when they did not."""

import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from docker import DockerClient

# Tests are kept compiled, as what they start is (running_emu), whatever the environment says: each process that
# compiles them anew needs 9 s of a processor for it.
sys.dont_write_bytecode = False

# One run of the suite decides the same thing twice: the examples are the same in every CI run. To look for new
# ones, say HYPOTHESIS_PROFILE=search (or a test's own settings) on a machine with time.
settings.register_profile("ci", derandomize=True)
settings.register_profile("search", max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))

ADVICE = pytest.StashKey[str | None]()


@pytest.fixture(scope="session")
def engine() -> Iterator["DockerClient"]:
    """The real engine, the one `emu` itself would use. For tests marked `docker`."""
    from docker import DockerClient
    from docker.tls import TLSConfig

    from emulator.edge.host import resolve_endpoint

    found = resolve_endpoint(os.environ)
    pair = (found.cert, found.key) if found.cert and found.key else None
    tls = TLSConfig(client_cert=pair, ca_cert=found.ca, verify=found.verify) if found.tls else False
    client = DockerClient(base_url=found.url, tls=tls, timeout=120)
    yield client
    client.close()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Of several workers one that is done takes over what another has left, so that all end at once."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """What `-n auto` means, unless its variable says: half of the fast suite's time is waiting."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else 2 * cores


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite tests/golden from what emu prints now")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays to the end: nothing of it is looked through for garbage, then or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Written into the JUnit report, where .ci/run counts the tests that ran on the engine."""
    if item.get_closest_marker("docker"):
        item.user_properties.append(("needs", "docker"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without an engine a test that needs it fails with the one thing to do; it is not skipped."""
    if item.get_closest_marker("docker"):
        if ADVICE not in item.config.stash:
            item.config.stash[ADVICE] = _engine_advice()
        if advice := item.config.stash[ADVICE]:
            pytest.fail(advice, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """With EMU_REQUIRE_ENGINE set, a skipped engine test is a failed one."""
    report = yield
    required = os.environ.get("EMU_REQUIRE_ENGINE") and item.get_closest_marker("docker")
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though EMU_REQUIRE_ENGINE is set: {report.longrepr}"
    return report


def _engine_advice() -> str | None:
    """What is wrong with the engine and how to repair it, in one line; None when it answers."""
    from emulator.edge.host import resolve_endpoint
    from emulator.edge.provision_facts import knock, look
    from emulator.engine.checkup import engine_check
    from emulator.model.diagnostic import HostError

    try:
        if knock(resolve_endpoint(os.environ))[0] is None:
            return None
    except HostError:
        pass  # told below, in the doctor's words
    facts = look(os.environ)
    check = engine_check(facts.engine, facts.machine)
    return None if check.ok else f"{check.message}: {check.help} (without an engine: pytest -m 'not docker')"
