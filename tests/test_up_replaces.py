"""One deploy takes another's place: nobody who asks notices, and what fails leaves what served serving. The real `emu`,
on the real engine."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench.load import APP, DEAF, Load
from tests.bench.replace import RENDER, SERVICE, replaced
from tests.places import Place, Running, answer, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

BROKEN = 'raise SystemExit("no database")\n'


@pytest.fixture
def place(tmp_path: Path, engine: "DockerClient") -> Iterator[Place]:
    """A project that answers "one"; after the test nothing of it may be left."""
    with tidied(tmp_path, engine) as place:
        place.write(saying("one"), render_yaml=RENDER)
        yield place


def saying(text: str, *, first: str = "") -> str:
    """An app that answers `text`; `first` is done before it listens."""
    return APP.replace('os.environ.get("TEXT", "ok")', repr(text)).replace("TEXT =", f"{first}\nTEXT =", 1)


def slow(text: str, seconds: float) -> str:
    return saying(text, first=f"print('booting', flush=True); time.sleep({seconds})")


def verdicts(events: list[Any]) -> list[tuple[int, str]]:
    return [(e["deploy"], e["verdict"]) for e in events if e["event"] == "verdict"]


def of(events: list[Any], kind: str) -> list[Any]:
    return [e for e in events if e["event"] == kind]


def roles(place: Place) -> list[tuple[int, str]]:
    listed = place.emu("ps", "--format", "json").document()["containers"]
    return sorted((entry["deploy"], entry["role"]) for entry in listed)


# ---- under load -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "app"), [("render", APP), ("render", DEAF), ("cloud-run", APP)], ids=["render", "deaf", "cloud-run"]
)
def test_replacements_lose_no_request(tmp_path: Path, engine: "DockerClient", platform: str, app: str) -> None:
    """Ten replacements under load, bodies, slow answers and WebSockets among it: every request gets its whole answer,
    also where the app hears of no SIGTERM and has to be killed."""
    with tidied(tmp_path, engine) as place:
        found = replaced(place, platform, deploys=10, clients=4, app=app)
    assert found.load.lost == []
    kinds = ("plain", "new connection", "body", "slow", "tunnel", "WebSocket")
    assert all(found.load.answered[kind] > 3 for kind in kinds)


def test_a_failed_deploy_leaves_the_one_before_serving(place: Place) -> None:
    """The second terminal is told why, and exits with 1; requests go on being answered by the first deploy."""
    with Running(place) as up:
        url = up.until("live")["url"]
        with Load(url, clients=2) as load:
            place.write(BROKEN)
            with Running(place) as second:
                code, _ = second.ends()
            assert roles(place) == [(1, "serving")]
        up.interrupt()
    assert (code, verdicts(second.events)) == (1, [(2, "boot_failed")])
    failed = of(second.events, "deploy.failed")[0]
    assert (failed["deploy"], failed["still_live"], failed["code"]) == (2, 1, "crash")
    assert of(up.events, "deploy.failed") == [{**failed, "at": of(up.events, "deploy.failed")[0]["at"]}]
    assert (load.lost, set(load.texts)) == ([], {"one"})


# ---- two at once ------------------------------------------------------------------------------------


def test_a_deploy_waits_for_the_one_under_way(place: Place) -> None:
    """Where the platform lets a deploy finish first, a second `up` during the first one's boot comes after it."""
    place.write(slow("one", 3))
    with Running(place, "--platform", "render") as up:
        up.until("log", lambda event: event["line"] == "booting")
        place.write(saying("two"))
        with Running(place, "--platform", "render") as second:
            assert second.ends()[0] == 0
        assert answer(of(second.events, "live")[0]["url"]) == (200, "two")
        assert up.interrupt()[0] == 130
    assert sorted(verdicts(up.events)) == [(1, "live"), (2, "live")]
    built = [e["deploy"] for e in up.events if e["event"] in ("build.started", "live")]
    assert built == [1, 1, 2, 2]


def test_a_newer_deploy_overrides_the_one_under_way(place: Place) -> None:
    """Where the platform drops the older one, the first `up` serves the second one's deploy."""
    place.write(slow("one", 20), service_yaml=SERVICE)
    with Running(place, "--platform", "cloud-run") as up:
        up.until("log", lambda event: event["line"] == "booting")
        place.write(saying("two"))
        with Running(place, "--platform", "cloud-run") as second:
            assert second.ends()[0] == 0
        assert answer(of(second.events, "live")[0]["url"]) == (200, "two")
        assert up.interrupt()[0] == 130
    assert sorted(verdicts(up.events)) == [(1, "canceled"), (2, "live")]
    assert [(e["deploy"], e["by"]) for e in of(up.events, "deploy.canceled")] == [(1, 2)]


def test_nothing_is_left_to_serve_when_the_overriding_deploy_fails(place: Place) -> None:
    """The first was dropped for a second one that does not boot: `up` ends with 1."""
    place.write(slow("one", 20), service_yaml=SERVICE)
    with Running(place, "--platform", "cloud-run") as up:
        up.until("log", lambda event: event["line"] == "booting")
        place.write(BROKEN)
        with Running(place, "--platform", "cloud-run") as second:
            assert second.ends()[0] == 1
        assert up.ends()[0] == 1
    assert sorted(verdicts(up.events)) == [(1, "canceled"), (2, "boot_failed")]


def test_ctrl_c_in_the_second_terminal_cancels_its_deploy_alone(place: Place) -> None:
    """The first terminal is told so, and goes on serving."""
    with Running(place) as up:
        url = up.until("live")["url"]
        with Load(url, clients=2) as load:
            place.write(slow("two", 20))
            with Running(place) as second:
                second.until("log", lambda event: event["line"] == "booting")
                assert second.interrupt()[0] == 130
            assert up.until("verdict", lambda event: event["deploy"] == 2)["verdict"] == "canceled"
            wait_for(lambda: roles(place) == [(1, "serving")])
        assert up.interrupt()[0] == 130
    assert of(up.events, "deploy.canceled")[0]["still_live"] == 1
    assert (load.lost, set(load.texts)) == ([], {"one"})


def test_another_platform_is_refused_beside_a_running_up(place: Place) -> None:
    """The second one says what to do, with exit code 2, and the first goes on."""
    place.write(saying("one"), service_yaml=SERVICE)
    with Running(place, "--platform", "render") as up:
        url = up.until("live")["url"]
        ran = place.emu("up", "--platform", "cloud-run")
        assert (ran.code, "as Render" in ran.err, "end it with Ctrl-C" in ran.err) == (2, True, True)
        assert answer(url) == (200, "one")
        up.interrupt()
    assert verdicts(up.events) == [(1, "live")]


# ---- the same again, and back -----------------------------------------------------------------------


def test_a_restart_keeps_every_value(place: Place) -> None:
    """What the platform generated, and what was given on the command line, are the same after `restart`; another `up`
    keeps the first and takes the new second."""
    variables = (
        "    envVars:\n      - key: SECRET\n        generateValue: true\n      - key: COLOUR\n        value: grey\n"
    )
    place.write(
        APP.replace('"TEXT", "ok"', '"SECRET"').replace(".encode()", '.encode() + os.environ["COLOUR"].encode()')
    )
    (place.root / "render.yaml").write_text(RENDER + variables)
    with Running(place, "--env", "COLOUR=red") as up:
        url = up.until("live")["url"]
        said = answer(url)[1]
        assert re.fullmatch(r"[A-Za-z0-9+/=]{44}red", said)
        assert place.emu("restart").code == 0
        assert answer(url) == (200, said)
        assert place.emu("up", "--env", "COLOUR=blue").code == 0
        assert answer(url) == (200, said.removesuffix("red") + "blue")
        up.interrupt()
    assert [e["trigger"] for e in of(up.events, "deploy.started")] == ["up", "restart", "up"]


def test_a_rollback_goes_to_the_image_before(place: Place) -> None:
    """`rollback` answers as the deploy before did; a deploy that never was is refused with exit code 2."""
    with Running(place) as up:
        url = up.until("live")["url"]
        place.write(saying("two"))
        assert place.emu("up").code == 0
        assert answer(url) == (200, "two")
        back = place.emu("rollback")
        assert (back.code, answer(url)) == (0, (200, "one")), back.err
        refused = place.emu("rollback", "99")
        assert (refused.code, "there is no deploy 99" in refused.err) == (2, True)
        assert place.emu("rollback", "2").code == 0
        assert answer(url) == (200, "two")
        listed = place.emu("deploys", "--format", "json").document()["deploys"]
        up.interrupt()
    assert [(e["record"]["trigger"], e["record"]["image_of"], e["serving"]) for e in listed] == [
        ("rollback", 2, True), ("rollback", 1, False), ("up", None, False), ("up", None, False),
    ]  # fmt: skip


def test_what_was_restarted_can_be_rolled_back_to(place: Place) -> None:
    """The image that restarts used again is kept as long as they are."""
    with Running(place) as up:
        url = up.until("live")["url"]
        for _ in range(4):
            assert place.emu("restart").code == 0
        for text in ("two", "three"):
            place.write(saying(text))
            assert place.emu("up").code == 0
        back = place.emu("rollback", "5")
        assert (back.code, answer(url)) == (0, (200, "one")), back.err
        up.interrupt()


def test_commands_beside_a_running_up_need_no_platform(place: Place) -> None:
    """The project has files of two platforms, and `up` was told which: the others follow it."""
    place.write(saying("one"), service_yaml=SERVICE)
    with Running(place, "--platform", "cloud-run") as up:
        up.until("live")
        ran = place.emu("restart")
        assert ran.code == 0, ran.err
        assert roles(place)[-1] == (2, "serving")
        up.interrupt()


# ---- instances --------------------------------------------------------------------------------------

DISK = RENDER + "    disk:\n      name: data\n      mountPath: /data\n"


def test_a_service_with_a_disk_is_stopped_first(place: Place) -> None:
    """Two may not have the disk: the old one has ended when the new one starts."""
    (place.root / "render.yaml").write_text(DISK)
    with Running(place) as up:
        url = up.until("live")["url"]
        place.write(saying("two"))
        assert place.emu("up").code == 0
        assert answer(url) == (200, "two")
        up.interrupt()
    order = [(e["event"], e["deploy"]) for e in up.events if e["event"] in ("container.started", "stopped")]
    assert order[:3] == [("container.started", 1), ("stopped", 1), ("container.started", 2)]


def test_a_stopped_one_comes_back_when_the_new_one_does_not_boot(place: Place) -> None:
    """The old deploy was stopped for a new one that exits: it is started again and serves."""
    (place.root / "render.yaml").write_text(DISK)
    with Running(place) as up:
        url = up.until("live")["url"]
        place.write(BROKEN)
        failed = place.emu("up", "--format", "json")
        assert (failed.code, failed.lines()[-1]["verdict"]) == (1, "boot_failed")
        wait_for(lambda: answer(url) == (200, "one"))
        assert roles(place) == [(1, "serving")]
        up.interrupt()


def test_several_instances_serve_and_are_replaced_one_at_a_time(place: Place) -> None:
    """numInstances: 3: three containers answer, and a new deploy takes over by thirds."""
    (place.root / "render.yaml").write_text(RENDER + "    numInstances: 3\n")
    named = APP.replace('os.environ.get("TEXT", "ok")', "__import__('socket').gethostname()")
    place.write(named)
    with Running(place) as up:
        url = up.until("live")["url"]
        assert roles(place) == [(1, "serving")] * 3
        assert len({answer(url)[1] for _ in range(12)}) == 3
        with Load(url, clients=2) as load:
            place.write(f"{named}# another\n")
            assert place.emu("up").code == 0
        wait_for(lambda: roles(place) == [(2, "serving")] * 3)
        up.interrupt()
    assert load.lost == []
    splits = [{share["deploy"]: share["instances"] for share in e["split"]} for e in of(up.events, "traffic")]
    assert splits[splits.index({1: 3}) :][:4] == [{1: 3}, {1: 2, 2: 1}, {1: 1, 2: 2}, {2: 3}]


def test_an_instance_that_does_not_end_is_killed_after_its_grace(place: Place) -> None:
    """It hears the signal and goes on: after maxShutdownDelaySeconds it is killed."""
    (place.root / "render.yaml").write_text(RENDER + "    maxShutdownDelaySeconds: 1\n")
    place.write(saying("one").replace("os._exit(0)", "None"))
    with Running(place) as up:
        up.until("live")
        assert place.emu("restart").code == 0
        stopped = up.until("stopped")
        up.interrupt()
    assert (stopped["deploy"], stopped["signal"], stopped["graceful"]) == (1, "SIGTERM", False)
    assert 1 <= stopped["seconds"] < 3


# ---- killed -----------------------------------------------------------------------------------------


def test_a_killed_emu_leaves_what_down_removes(place: Place, engine: "DockerClient") -> None:
    """kill -9 while one deploy takes another's place: whoever waits for it is told, `ps` shows what is left over, and
    `down` removes it."""
    with Running(place) as up:
        up.until("live")
        place.write(slow("two", 30))
        with Running(place) as second:
            second.until("log", lambda event: event["line"] == "booting")
            up.process.kill()
            assert (second.ends()[0], second.diagnostics()) == (1, ["up/ended"])
    assert roles(place) == [(1, "left over"), (2, "left over")]
    assert place.emu("down").code == 0
    assert engine.containers.list(all=True, filters=place.labels) == []


def test_serving_goes_on_while_a_deploy_is_made(place: Place) -> None:
    """`ps` tells who serves, and who is coming."""
    with Running(place) as up:
        up.until("live")
        place.write(slow("two", 3))
        with Running(place) as second:
            second.until("log", lambda event: event["line"] == "booting")
            began = time.monotonic()
            assert roles(place) == [(1, "serving"), (2, "coming")]
            assert second.ends()[0] == 0
            assert time.monotonic() - began < 10
        up.interrupt()
    moved = [tuple(share["deploy"] for share in e["split"]) for e in of(up.events, "traffic")]
    assert moved == [(1,), (2,), ()]
