"""What each check of `emu verify` concludes from what was seen."""

import pytest

from emulator.engine.verify import cold_start, logs
from emulator.engine.verify.checks import CHECKS, steps_of, wanted, without_service
from emulator.engine.verify.port import other_number, told_port
from emulator.engine.verify.seen import Boot, Health, Output, Peak
from emulator.explained import EXPLANATIONS
from emulator.model.diagnostic import error
from emulator.model.lifecycle import Lifecycle, PortScan, Probe, Probes, Shutdown
from emulator.model.plan import Container, Disk, EnvKind, EnvVar, Instances, Scaling, ServiceType
from emulator.model.record import replace
from tests.emulator.engine.services import service, variable
from tests.emulator.engine.verify_seen import (
    AGAIN,
    ALL,
    GOOD,
    LEAVING,
    LOAD,
    OTHER,
    PROBE,
    SHOP,
    concluded,
    exchange,
    listener,
    results,
)

HELD = dict.fromkeys(ALL, "held")
DEAD = Boot(
    live=False, seconds=1.0, port=10000, code="crash", reason="it ended with exit status 1", lines=("no cache",)
)  # fmt: skip


def test_what_is_all_right_holds() -> None:
    """Every check, with the numbers it comes down to."""
    assert results() == HELD
    assert concluded("shutdown").message == (
        "it left 0.25 s after SIGTERM, of 30 s, with exit status 0; 2 requests under way were finished"
    )
    assert concluded("memory").message == "at most 100 MiB was used, 20% of 512 MiB"
    assert concluded("cold-start").message == "ready 0.9 s after its start, of the 300 s that Platform waits"


BAD = {
    "port": {"other_port": replace(OTHER, listeners=(listener(port=10000),))},
    "interfaces": {"again": replace(AGAIN, listeners=(listener("127.0.0.1"), listener(port=9000)))},
    "shutdown": {"leaving": replace(LEAVING, exchanges=(exchange(99.5, 100.2, None),))},
    "empty-disk": {"kept": DEAD},
    "memory": {"peaks": (Peak(container=None, mib=400.0, limit_mib=512, killed=True),)},
    "health": {"load": replace(LOAD, health=(Health(ok=False, seconds=5.0, words="gets no answer in time"),))},
    "logs": {"output": Output(before=("GET /",), after=("GET /",), marked_before=3, marked_after=2)},
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_fails_its_check_alone(name: str) -> None:
    """And says one thing to do."""
    assert results(**BAD[name]) == HELD | {name: "failed"}
    assert concluded(name, **BAD[name]).help


def test_nothing_seen_is_not_told() -> None:
    """Never a pass."""
    nothing = dict.fromkeys(("again", "other_port", "leaving", "load", "output"), None)
    assert results(**nothing, peaks=(), first=Boot(live=True, seconds=0.0)) == dict.fromkeys(ALL, "not-told")


def test_where_no_new_container_goes_live_the_rest_is_not_tried() -> None:
    assert results(again=DEAD, leaving=None, load=None, output=None) == HELD | {
        "empty-disk": "failed", "interfaces": "not-tried", "shutdown": "not-tried", "health": "not-tried",
        "logs": "not-tried",
    }  # fmt: skip


def test_what_is_not_asked_for_is_skipped() -> None:
    assert wanted(["port", "logs"], ["logs"]) == {"port"}
    assert wanted([], ["logs"]) == ALL - {"logs"}
    assert results(names=frozenset({"port"})) == dict.fromkeys(ALL, "skipped") | {"port": "held"}
    assert steps_of(SHOP, {"port"}) == {"other-port"}


def test_every_check_is_explained() -> None:
    assert {check.code for check in CHECKS} == {code for code in EXPLANATIONS if code.startswith("verify/")}


# ---- kinds of services


def test_a_worker_takes_no_requests() -> None:
    worker = replace(SHOP, type=ServiceType.WORKER, port=None)
    found = results(worker, load=None)
    assert {name for name, result in found.items() if result == "not-applicable"} == {
        "port", "interfaces", "cold-start", "health",
    }  # fmt: skip
    assert concluded("port", worker).message == "it takes no requests"


def test_of_what_ends_by_itself_the_memory_is_told() -> None:
    job = replace(SHOP, type=ServiceType.JOB, lifecycle=Lifecycle(success_is_exit_zero=True))
    assert results(job) == dict.fromkeys(ALL, "not-applicable") | {"memory": "held"}


def test_of_a_site_nothing_is_tried() -> None:
    site = replace(SHOP, type=ServiceType.STATIC)
    assert set(results(site).values()) == {"not-applicable"}
    assert steps_of(site, ALL) == frozenset()


@pytest.mark.parametrize(
    ("code", "name"), [("loopback", "interfaces"), ("other-port", "port"), ("oom", "memory"), ("crash", None)]
)
def test_a_service_that_does_not_go_live(code: str, name: str | None) -> None:
    """Why it does not is the failure of the check that is about it; the rest is not tried."""
    cause = error("start/some", "it listens on 127.0.0.1:10000 only", help="bind 0.0.0.0")
    found = {one.name: one.result for one in without_service(SHOP, ALL, code, cause)}
    assert found == dict.fromkeys(ALL, "not-tried") | ({name: "failed"} if name else {})


# ---- port


def test_another_port_is_one_that_nobody_has() -> None:
    """Not what listens, not what the platform keeps for itself."""
    scan = PortScan(preferred=10000, http=True, reserved=(10001,))
    assert other_number(replace(SHOP, lifecycle=Lifecycle(port_scan=scan)), {10002}) == 10003
    assert other_number(replace(SHOP, port=replace(SHOP.port, number=65535)), ()) == 1024


def test_a_service_that_is_told_another_port() -> None:
    """Its variable, its probes at that port, and where the platform looks; nothing else."""
    probes = Probes(health=replace(PROBE, port=10000), liveness=replace(PROBE, port=9000))
    own = replace(SHOP, probes=probes, env=(variable("PORT", "10000"), variable("A", "10000")))
    beside = Container(
        name="beside", ingress=False, build=own.build, command=None, port=None, env=own.env, probes=Probes(),
        resources=own.resources,
    )  # fmt: skip
    ingress = replace(beside, name="app", ingress=True, port=own.port, probes=probes)
    told = told_port(replace(own, containers=(ingress, beside)), 10001)
    assert told.port is not None
    assert told.port.number == 10001
    assert [v.value for v in told.env] == ["10001", "10000"]
    assert (told.probes.health.port, told.probes.liveness.port) == (10001, 9000)
    assert told.lifecycle.port_scan.preferred == 10001
    assert told.containers[0].env[0].value == "10001"
    assert told.containers[1] == beside


def test_an_app_that_another_port_kills() -> None:
    found = concluded("port", other_port=replace(DEAD, port=10001))
    assert (found.result, found.message) == (
        "failed", "started with PORT=10001, it does not go live: it ended with exit status 1",
    )  # fmt: skip
    assert found.facts == ("no cache",)


def test_a_port_that_a_variable_of_the_platforms_own_tells() -> None:
    """That is no number in the code: a warning, with what wins over it."""
    own = EnvVar(name="SERVER_ARGS", value="--bind=0.0.0.0:10000", kind=EnvKind.PLATFORM)
    found = concluded("port", replace(SHOP, env=(*SHOP.env, own)), **BAD["port"])
    assert found.result == "warned"
    assert "SERVER_ARGS says so" in found.message
    longer = replace(own, value="100001")
    assert results(replace(SHOP, env=(*SHOP.env, longer)), **BAD["port"])["port"] == "failed"


def test_without_the_variable_there_is_no_port_to_tell() -> None:
    assert results(replace(SHOP, env=()))["port"] == "not-applicable"


# ---- interfaces


def test_one_address_of_its_own_is_a_warning() -> None:
    """It is another one in the next instance."""
    assert results(again=replace(AGAIN, listeners=(listener("172.17.0.3"),)))["interfaces"] == "warned"
    assert results(again=replace(AGAIN, listeners=(listener("::"),)))["interfaces"] == "held"


# ---- shutdown


def test_what_the_signal_does_not_reach() -> None:
    """A shell and a program are told apart; the platform's grace is the number."""
    unheard = replace(LEAVING, heard=False, killed=True, exit_code=137)
    by_shell = concluded("shutdown", leaving=replace(unheard, argv=("/bin/sh", "-c", "python app.py | tee log")))
    assert by_shell.result == "failed"
    assert "exec" in by_shell.help
    assert by_shell.facts == ("PID 1 is `/bin/sh -c python app.py | tee log`",)
    by_program = concluded("shutdown", leaving=unheard)
    assert "handle SIGTERM" in by_program.help
    assert (by_program.measure.value, by_program.measure.limit) == (30, 30)


def test_what_hears_and_stays() -> None:
    found = concluded("shutdown", leaving=replace(LEAVING, killed=True, seconds=3.0, waited_s=3.0, exit_code=137))
    assert found.message == "it hears SIGTERM and does not leave: it is killed after 3 s (30 s on Platform)"


@pytest.mark.parametrize(("code", "result"), [(0, "held"), (143, "held"), (1, "warned"), (None, "held")])
def test_its_exit_status(code: int | None, result: str) -> None:
    """0, or that the signal ended it."""
    assert results(leaving=replace(LEAVING, exit_code=code))["shutdown"] == result


def test_one_that_nearly_needs_its_grace() -> None:
    found = concluded("shutdown", replace(SHOP, shutdown=Shutdown(grace_seconds=10)),
                      leaving=replace(LEAVING, seconds=9.0, waited_s=10))  # fmt: skip
    assert found.result == "warned"


def test_requests_that_came_after_the_signal_are_not_cut() -> None:
    """New connections may be refused: that is told, and no fault."""
    after = (exchange(100.2, 100.3, None, problem="refused"), exchange(100.01, 100.05, None))
    found = concluded("shutdown", leaving=replace(LEAVING, exchanges=(*LEAVING.exchanges, *after)))
    assert found.result == "held"
    assert found.message.endswith("; 2 requests under way were finished")
    assert found.facts == ("new connections are refused from 0.20 s after SIGTERM on",)


def test_no_request_was_under_way() -> None:
    """Said, with what to do about it. One that ended just when the signal came may have ended before."""
    for one in (exchange(90, 91), exchange(99.99, 100.01)):
        found = concluded("shutdown", leaving=replace(LEAVING, exchanges=(one,)))
        assert "whether it finishes requests is not told" in found.message
    assert results(leaving=replace(LEAVING, exchanges=(exchange(99.99, 100.01, None),)))["shutdown"] == "failed"


def test_one_that_was_gone_already() -> None:
    assert results(leaving=replace(LEAVING, was_gone=True, exit_code=1))["shutdown"] == "not-told"


# ---- memory


@pytest.mark.parametrize(("mib", "result"), [(409, "held"), (420, "warned"), (512, "failed")])
def test_memory_against_the_plan(mib: float, result: str) -> None:
    assert results(peaks=(Peak(container=None, mib=mib, limit_mib=512),))["memory"] == result


def test_the_container_that_is_nearest_to_its_limit_counts() -> None:
    peaks = (Peak(container="app", mib=200, limit_mib=1024), Peak(container="proxy", mib=120, limit_mib=128))
    assert concluded("memory", peaks=peaks).message == "proxy: at most 120 MiB was used, 94% of 128 MiB"


def test_without_a_limit_the_number_alone_is_told() -> None:
    found = concluded("memory", peaks=(Peak(container=None, mib=120, limit_mib=None),))
    assert (found.result, found.message) == ("not-told", "at most 120 MiB was used; the plan sets no limit")


# ---- cold start


def test_the_budget_is_the_platforms() -> None:
    """The startup probe's tries, else the port scan's time, else the deploy's."""
    tcp = Probe(kind="tcp", port=8080, timeout_s=240, period_s=240, failure_threshold=1, waits_for_port=True)
    http = Probe(kind="http", path="/", timeout_s=1, period_s=10, failure_threshold=3, initial_delay_s=5)
    assert cold_start.budget_s(replace(SHOP, probes=Probes(startup=tcp))) == 240
    assert cold_start.budget_s(replace(SHOP, probes=Probes(startup=http))) == 26
    assert cold_start.budget_s(SHOP) == 300
    assert cold_start.budget_s(replace(SHOP, lifecycle=Lifecycle(deadline_s=900))) == 900


def test_nearly_too_late_is_a_warning() -> None:
    assert results(again=replace(AGAIN, seconds=250.0))["cold-start"] == "warned"


def test_who_waits_for_a_cold_start() -> None:
    """A visitor of what sleeps or scales to zero; everybody where the old one is stopped first."""
    asleep = replace(SHOP, lifecycle=replace(SHOP.lifecycle, sleep_after_s=900))
    scaled = replace(SHOP, scaling=Scaling(), instances=Instances(min=0, max=5))
    for one in (asleep, scaled):
        assert concluded("cold-start", one).message.endswith("; a request that finds no instance waits 0.9 s for one")
    kept = replace(SHOP, scaling=Scaling(), instances=Instances(min=1, max=5))
    assert "no instance" not in concluded("cold-start", kept).message


# ---- health


def test_requests_of_the_load_that_failed_are_a_warning() -> None:
    failed = replace(LOAD, exchanges=(*LOAD.exchanges, exchange(1, 2, 500), exchange(1, 2, None), exchange(1, 2, 404)))
    found = concluded("health", load=failed)
    assert found.result == "warned"
    assert found.message.startswith("2 of 503 requests (GET /) failed; with 20 requests at once 10 of 10 health")


def test_a_few_late_answers_are_a_warning() -> None:
    """What the platform does about them is told."""
    late = (*LOAD.health, Health(ok=False, seconds=5.1, words="gets no answer in time"))
    found = concluded("health", load=replace(LOAD, health=late))
    assert found.result == "warned"
    assert found.message == (
        "with 20 requests at once 10 of 11 health checks were answered within 5 s, the slowest after 5.10 s"
    )
    assert found.facts[0] == "Platform sends it no requests after 3 failures in a row and starts it anew after 12"


def test_where_nothing_asks_it_the_requests_are_told() -> None:
    unasked = replace(SHOP, probes=Probes())
    assert results(unasked)["health"] == "not-applicable"
    assert results(unasked, load=replace(LOAD, exchanges=(exchange(1, 2, 500),)))["health"] == "warned"


# ---- logs

QUIET = Output()
UNBUFFERED = Output(before=("listening on 8080", "GET /"))


def test_lines_that_come_only_unbuffered_were_held_back() -> None:
    """Also where the process is killed and they never come. Numbers in them do not count."""
    found = concluded("logs", output=QUIET, unbuffered=UNBUFFERED)
    assert (found.result, found.help) == ("failed", "set PYTHONUNBUFFERED=1")
    assert results(output=Output(after=("listening on 8080",)), unbuffered=UNBUFFERED)["logs"] == "failed"
    same = Output(before=("started at 12:01:07",), after=("bye",))
    assert results(output=same, unbuffered=Output(before=("started at 12:03:44",)))["logs"] == "held"


def test_what_writes_nothing_is_not_told() -> None:
    assert results(output=QUIET, unbuffered=QUIET)["logs"] == "not-told"


def test_lines_are_told_apart_by_when_they_came() -> None:
    found = logs.output([(1.0, "up"), (2.0, "GET /?m1"), (9.5, "GET /?m1"), (9.6, "bye")], 9.0, "m1")
    assert (found.before, found.after) == (("up", "GET /?m1"), ("GET /?m1", "bye"))
    assert (found.marked_before, found.marked_after) == (1, 1)


@pytest.mark.parametrize(
    ("output", "doubtful"),
    [
        (Output(before=("up", "GET /"), marked_before=1), False),
        (Output(before=("up",)), False),
        (Output(before=("up",), after=("bye",)), True),
        (QUIET, True),
    ],
)
def test_when_it_is_tried_unbuffered(output: Output, doubtful: bool) -> None:
    """Where no line of a known request came, and something may be held back."""
    assert output.is_doubtful is doubtful


def test_the_disk_is_named_where_it_has_one() -> None:
    with_disk = replace(SHOP, disk=Disk(name="data", mount_path="/data", size_gb=1))
    assert concluded("empty-disk", with_disk, kept=AGAIN).message == (
        "a new container with an empty disk is live again after 0.7 s, and one more on what that one wrote"
    )
    assert service().disk is None
    assert GOOD.kept is None
