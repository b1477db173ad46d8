"""A whole Blueprint with its datastores, really run: the order, the private network, and what outlives a run."""

import json
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.places import Place, Running, answer, tidied, wait_for
from tests.running_emu import CHECKOUT

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

SERVICES = {"shop", "prices", "packer", "queue", "orders-db"}


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """The shop: a web and a private service, a worker, a Key Value and a Postgres."""
    with tidied(tmp_path, engine) as place:
        shutil.copytree(CHECKOUT / "tests" / "blueprints" / "shop", place.root, dirs_exist_ok=True)
        try:
            yield place
        finally:
            assert place.emu("down", "--data").code == 0
            assert engine.volumes.list(filters=place.labels) == []


def _all_live(up: Running) -> str:
    """Wait for every service; the web service's address."""
    verdict = up.until("verdict")
    assert {one["name"]: one["verdict"] for one in verdict["services"]} == dict.fromkeys(SERVICES, "live"), verdict
    return str(next(e["url"] for e in up.events if e["event"] == "live" and e["service"] == "shop"))


def _at(up: Running, kind: str, service: str) -> float:
    return float(next(e["at"] for e in up.events if e["event"] == kind and e["service"] == service))


def test_a_blueprint_comes_up_in_order_and_keeps_its_data(place: Place, engine: "DockerClient") -> None:
    """Each service starts when what it needs takes clients; names resolve inside; a second run finds what the first
    one wrote; the password is in no event and no file that others read."""
    with Running(place) as up:
        url = _all_live(up)
        for service, needed in [("shop", "queue"), ("shop", "orders-db"), ("shop", "prices"), ("packer", "orders-db")]:
            assert _at(up, "container.started", service) > _at(up, "live", needed)
        assert answer(f"{url}/order/tea") == (200, '{"item": "tea", "cents": 300}')
        wait_for(lambda: json.loads(answer(f"{url}/packed")[1])["packed"] == ["tea"])
        listed = {row["service"]: row["role"] for row in place.emu("ps", "--format", "json").document()["containers"]}
        assert listed == dict.fromkeys(SERVICES, "serving")
        assert "ready to accept connections" in place.emu("logs").out
        [password] = json.loads(next(place.state.rglob("passwords.json")).read_text()).values()
        assert up.interrupt()[0] == 130
    assert password not in json.dumps(up.events)
    assert _ended(up, "shop") < _ended(up, "orders-db")
    assert stat.S_IMODE(next(place.state.rglob("passwords.json")).stat().st_mode) == 0o600
    assert len(engine.volumes.list(filters=place.labels)) == 2
    with Running(place) as up:
        url = _all_live(up)
        found = json.loads(answer(f"{url}/packed")[1])
        assert found["packed"] == ["tea"]
        assert found["orders"] > 1  # what the Key Value counted in the first run as well
        assert up.interrupt()[0] == 130


def _ended(up: Running, service: str) -> float:
    return max(float(e["at"]) for e in up.events if e["event"] == "stopped" and e["service"] == service)


def test_a_datastore_that_does_not_come_up_hides_nothing(place: Place) -> None:
    """What needs it is not begun and says so; everything else is live. Nobody blames the user's files."""
    ran = place.emu("up", "--once", "--format", "json", "--base-image", "valkey/valkey:8=python:3.11-slim")
    verdict = ran.lines()[-1]
    found = {one["name"]: (one["verdict"], (one["cause"] or {}).get("code")) for one in verdict["services"]}
    assert found["queue"] == ("boot_failed", "up/datastore-failed")
    assert found["shop"] == found["packer"] == ("canceled", "up/datastore-missing")
    assert found["prices"] == found["orders-db"] == ("live", None)
    assert verdict["verdict"] == "boot_failed"
    assert ran.code == 3
    assert "shop" not in {e["service"] for e in ran.lines() if e["event"] == "container.started"}


def test_data_of_another_password_are_not_taken_for_ours(place: Place) -> None:
    """Where the remembered password is gone, no service is started to fail at a login: what helps is said."""
    arguments = ("up", "--once", "--format", "json", "--service", "orders-db")
    assert place.emu(*arguments).code == 0
    next(place.state.rglob("passwords.json")).unlink()
    ran = place.emu(*arguments)
    assert ran.lines()[-1]["services"][0]["cause"]["code"] == "up/datastore-password-lost"
    assert ran.code == 3
    assert place.emu("down", "--data").out.startswith("removed the data of 1 datastore")
    assert place.emu(*arguments).code == 0


def test_a_cron_run_has_its_datastores(place: Place) -> None:
    """They come up before it, and end after it."""
    blueprint = """\
services:
  - type: cron
    name: tidy
    runtime: docker
    plan: starter
    schedule: "0 3 * * *"
    dockerCommand: python -c "import os,redis;print(redis.Redis.from_url(os.environ['URL']).ping())"
    envVars: [{key: URL, fromService: {type: keyvalue, name: queue, property: connectionString}}]
  - {type: keyvalue, name: queue, plan: free, ipAllowList: []}
  - {type: web, name: other, runtime: docker, plan: starter}
"""
    (place.root / "render.yaml").write_text(blueprint)
    ran = place.emu("cron", "run", "tidy", "--format", "json")
    assert ran.code == 0, ran.lines()[-1]
    assert {e["service"] for e in ran.lines() if e["event"] == "container.started"} == {"queue", "tidy"}
    assert "True" in [e["line"] for e in ran.lines() if e["event"] == "log"]


def test_what_a_killed_run_leaves_is_found_again(place: Place, engine: "DockerClient") -> None:
    """Datastores and the network as well; what was written is there."""
    with Running(place, "--service", "orders-db", "--service", "queue") as up:
        up.until("live")
        up.until("live")
        up.process.kill()
        up.process.wait()
    assert len(engine.containers.list(filters=place.labels)) == 2
    ran = place.emu("up", "--once", "--format", "json", "--service", "orders-db", "--service", "queue")
    assert ran.lines()[-1]["verdict"] == "live"


def _given(port: int) -> tuple[str, ...]:
    url = f"orders-db=postgresql://me:hunter2x@localhost:{port}/mine"
    return ("up", "--once", "--format", "json", "--service", "packer", "--datastore", url)


def test_a_datastore_can_be_one_that_is_there_already(place: Place) -> None:
    """No server is run for it; services are given its address, of this machine as containers reach it."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        ran = place.emu(*_given(port))
    events = ran.lines()
    assert {e["service"] for e in events if e["event"] == "container.started"} == {"packer", "queue"}
    told = [row for e in events if e["event"] == "coverage" for row in e["coverage"] if row["key"] == "orders-db"]
    assert f"host.docker.internal:{port}" in told[0]["note"]
    assert "hunter2x" not in ran.out


def test_one_that_is_there_already_must_take_connections_of_containers(place: Place) -> None:
    """Else it is told at once, before anything is built, and what needs it is not begun; the fault is the machine's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = place.emu(*_given(server.getsockname()[1]))
    events = ran.lines()
    found = next(number for number, e in enumerate(events) if e["event"] == "diagnostic")
    assert events[found]["diagnostic"]["code"] == "up/datastore-unreachable"
    assert "127.0.0.1 alone" in events[found]["diagnostic"]["message"]
    assert "build.started" not in {e["event"] for e in events[:found]}
    verdicts = {one["name"]: one["verdict"] for one in events[-1]["services"]}
    assert verdicts == {"orders-db": "boot_failed", "packer": "canceled", "queue": "live"}
    assert ran.code == 3
    assert "hunter2x" not in ran.out


def test_services_that_fail_do_not_hide_the_others(place: Place) -> None:
    """One does not build, one does not boot, one refers to the latter: each has its own verdict and cause, what has to
    do with none of them is live, and the exit code is the app's."""
    (place.root / "Dockerfile.broken").write_text("FROM python:3.11-slim\nRUN exit 7\n")
    blueprint = """\
services:
  - {type: worker, name: unbuilt, runtime: docker, plan: starter, dockerfilePath: Dockerfile.broken}
  - {type: pserv, name: unbooted, runtime: docker, plan: starter, dockerCommand: python -c "import os;os.nowhere"}
  - type: web
    name: caller
    runtime: docker
    plan: starter
    dockerCommand: python -m http.server 10000
    envVars: [{key: BACK, fromService: {type: pserv, name: unbooted, property: hostport}}]
  - {type: pserv, name: prices, runtime: docker, plan: starter, dockerCommand: python prices.py}
"""
    (place.root / "render.yaml").write_text(blueprint)
    ran = place.emu("up", "--once", "--format", "json", "--build-anyway")
    verdict = ran.lines()[-1]
    found = {one["name"]: one["verdict"] for one in verdict["services"]}
    assert found == {"unbuilt": "build_failed", "unbooted": "boot_failed", "caller": "live", "prices": "live"}
    told = [e["diagnostic"] for e in ran.lines() if e["event"] == "diagnostic"]
    [without] = [one for one in told if one["code"] == "up/needed-service-missing"]
    assert (without["service"], without["facts"]) == ("caller", ["unbooted: boot_failed"])
    assert verdict["verdict"] in ("build_failed", "boot_failed")
    assert ran.code == 1
