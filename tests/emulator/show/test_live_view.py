"""What the live view shows of each moment of a service, by its events alone."""

import pytest

from emulator.model.event import (
    BuildFinished,
    BuildRunning,
    BuildStarted,
    BuildStep,
    ContainerStarted,
    CronEvent,
    DeployCanceled,
    DeployFailed,
    DeployStarted,
    EngineSilent,
    Event,
    FilesSaved,
    Live,
    Log,
    OutOfMemory,
    PortDetected,
    ProbeAttempt,
    RequestRefused,
    Restarted,
    Rotation,
    Sleep,
    TrafficMoved,
    TrafficShare,
)
from emulator.show.live_keys import Wish, pressed
from emulator.show.live_panel import Room, panel, room_of
from emulator.show.live_view import ServiceView, View, knows, measured, noticed, paused, seen
from emulator.show.style import Style, columns
from tests.emulator.engine.services import service

PLAIN = Style(width=100, colour=False)
WEB = service(name="web")


def of(event: type[Event], at: float, deploy: int | None = 1, /, **more: object) -> Event:
    return event(at=at, service="web", deploy=deploy, **more)


def boots(at: float, deploy: int, trigger: str = "up") -> list[Event]:
    """A deploy from its beginning to its being live."""
    share = TrafficShare(deploy=deploy, percent=100, instances=1)
    return [
        DeployStarted(at=at, deploy=deploy, trigger=trigger),  # type: ignore[arg-type]
        of(BuildStarted, at, deploy),
        of(BuildStep, at + 1, deploy, name="[internal] load build context", seconds=0.1, cached=False),
        of(BuildStep, at + 2, deploy, name="[2/3] RUN pip install flask", seconds=1.0, cached=False),
        of(BuildFinished, at + 3, deploy, image="sha256:1", seconds=3.0),
        of(ContainerStarted, at + 3, deploy, argv=("app",), port=80, url="http://127.0.0.1:8000"),
        of(PortDetected, at + 4, deploy, port=80, address="0.0.0.0"),
        of(ProbeAttempt, at + 5, deploy, kind="health", attempt=1, ok=True, detail="answers 200", due=1.0, seconds=0.1),
        of(TrafficMoved, at + 5, deploy, split=(share,)),
        of(Live, at + 5, deploy, url="http://127.0.0.1:8000", seconds=2.0),
    ]


def failed(at: float, deploy: int, live: int | None, phase: str = "boot", reason: str = "it exited with 1") -> Event:
    return of(DeployFailed, at, deploy, phase=phase, reason=reason, still_live=live)


def after(*events: Event, view: View | None = None) -> View:
    view = view or knows(View(), [WEB])
    for event in events:
        view = seen(view, event)
    return view


def shown(view: View, now: float = 100.0, wide: int = 100, high: int = 40) -> list[str]:
    lines = panel(view, PLAIN, room_of(wide, high), now)
    assert max(columns(line) for line in lines) < wide
    assert len(lines) <= room_of(wide, high).rows
    return lines


def test_the_last_probe_is_the_newest_deploys_until_that_one_ends() -> None:
    """What serves is never shown with the answers of one that failed."""

    def asked(at: float, deploy: int, detail: str) -> Event:
        ok = detail == "answers 200"
        return of(ProbeAttempt, at, deploy, kind="health", attempt=2, ok=ok, detail=detail, due=1.0, seconds=0.1)

    comes = of(ContainerStarted, 21, 2, argv=("app",), port=80, url="http://127.0.0.1:8000")
    begun = (DeployStarted(at=20, deploy=2, trigger="save"), comes)
    view = after(*boots(0, 1), *begun, asked(22, 2, "answers 404"), asked(23, 1, "answers 200"))
    assert "answers 404" in shown(view, 24)[1]
    view = after(failed(25, 2, 1, "health"), view=view)
    assert "answers" not in shown(view, 26)[1]
    assert "answers 200" in shown(after(asked(27, 1, "answers 200"), view=view), 28)[1]


def test_the_life_of_a_first_deploy() -> None:
    """Each moment has its word, a build its steps and time, a live service its address and last probe."""
    events = boots(10.0, 1)
    stages = [after(*events[:count]).services[0].stage for count in range(1, len(events) + 1)]
    assert stages == ["waiting", *["building"] * 3, *["starting"] * 5, "live"]
    assert shown(after(*events[:4]), now=14.0)[1:-1] == [
        "web  building 1/3 4 s  deploy 1 (up)",
        "      all steps 4 s",
    ]
    live = measured(after(*events), {"web": (48, 512)})
    assert shown(live, now=18.0)[:2] == [
        "── live",
        "web  live  deploy 1 (up)  http://127.0.0.1:8000  health answers 200 3 s ago  48/512 MiB",
    ]


def test_a_build_is_told_against_the_last_one() -> None:
    view = after(*boots(10.0, 1), *boots(50.0, 2, "save")[:3])
    assert shown(view, now=60.0)[1:-1] == [
        "web  building 10 s  deploy 2 (save), 1 serves  http://127.0.0.1:8000  health answers 200 45 s ago",
        "      all steps 10 s (last time 3 s)",
    ]


def test_a_long_step_is_told_against_its_last_time() -> None:
    """While it goes on; of several the one that began first, and how many others there are."""

    def runs(at: float, name: str, elapsed_s: float, last_time_s: float | None) -> Event:
        return of(BuildRunning, at, name=name, step=2, steps=3, elapsed_s=elapsed_s, last_time_s=last_time_s)

    name = "[2/3] RUN pip install --requirement requirements.txt"
    view = after(of(BuildStarted, 10.0), runs(12.0, name, 1.0, 38.0), runs(13.0, name, 2.0, 38.0))
    assert shown(view, now=23.0)[2] == f"      {name}  12 s (last time 38 s)"
    assert shown(view, now=23.0, wide=50)[2] == "      [2/3] RUN pip insta…  12 s (last time 38 s)"
    both = after(runs(14.0, "[assets 1/2] RUN npm ci", 1.0, None), view=view)
    assert "building 0/5 13 s" in shown(both, now=23.0)[1]
    assert shown(both, now=23.0)[2] == f"      {name}  12 s (last time 38 s), and 1 more"
    done = after(of(BuildStep, 20.0, 1, name=name, seconds=9.0, cached=False), view=both)
    assert shown(done, now=23.0)[2] == "      [assets 1/2] RUN npm ci  10 s"


def test_steps_of_all_stages_are_counted_together() -> None:
    names = ("[assets 1/2] FROM node", "[stage-1 1/4] FROM python", "[assets 2/2] RUN npm ci", "[ 9/10] COPY . .")
    steps = [of(BuildStep, 11.0, 1, name=name, seconds=None, cached=True) for name in names]
    assert "building 3/6 1 s" in shown(after(of(BuildStarted, 10.0), *steps[:3]), now=11.0)[1]
    assert "building 4/16 1 s" in shown(after(of(BuildStarted, 10.0), *steps), now=11.0)[1]


def test_what_failed_stands_at_the_top_until_a_good_deploy_takes_its_place() -> None:
    """It says which deploy serves instead. Restarting that one repairs nothing; the next good save does."""
    broken = after(*boots(10.0, 1), *boots(20.0, 2, "save")[:6], failed(27.0, 2, 1))
    top = "── deploy 2 failed (it exited with 1); deploy 1 serves"
    assert shown(broken)[0] == top
    assert shown(broken)[1].startswith("web  live  deploy 1 (up), 2 failed  http")
    restarted = after(*boots(30.0, 3, "restart"), view=broken)
    assert shown(restarted)[0] == top.replace("deploy 1", "deploy 3")
    assert shown(after(*boots(40.0, 4, "save"), view=restarted))[0] == "── live"


def test_what_the_check_refused_can_be_built_anyway() -> None:
    refused = after(*boots(10.0, 1), failed(20.0, 2, 1, phase="check", reason="COPY finds no x.py"))
    assert shown(refused)[0] == (
        "── deploy 2 was refused (COPY finds no x.py); deploy 1 serves; b builds it anyway"
    )
    assert refused.services[0].is_refused


def test_a_pause_stands_before_whatever_is_wrong() -> None:
    """With how many saves wait; its key says what it does now. It is offered only where saves are deployed."""
    view = after(*boots(10.0, 1), failed(20.0, 2, 1), view=knows(View(watches=True), [WEB]))
    held = FilesSaved(at=21.0, paths=("app.py",), count=1, held=True)
    view = after(held, held, view=paused(view, paused=True))
    assert shown(view)[0] == "── paused, 2 saves wait; deploy 2 failed (it exited with 1); deploy 1 serves"
    assert shown(view, wide=60)[0] == "── paused, 2 saves wait; deploy 2 failed (it exited w…); d…"
    assert "p go on" in shown(view)[-1]
    assert shown(after(*boots(30.0, 3), view=view))[0] == "── paused, 2 saves wait; live"
    assert "p pause" in shown(paused(view, paused=False))[-1]
    assert "p pause" not in shown(after(*boots(10.0, 1)))[-1]
    assert pressed(view, "p")[1] == Wish("pause")
    assert pressed(after(*boots(10.0, 1)), "p")[1] is None


def test_an_engine_that_hangs_is_told_before_all_else() -> None:
    """For how long, until it answers again; what serves is still told."""
    silent = EngineSilent(at=20.0, silent=True, seconds=4.0)
    view = after(*boots(10.0, 1), silent, view=paused(knows(View(watches=True), [WEB]), paused=True))
    assert shown(view, now=28.0)[0] == "── the engine has not answered for 12 s; paused; live"
    assert shown(view, now=28.0, wide=30)[0] == "── the engine has not answer…"
    serves = after(*boots(10.0, 1), silent, view=knows(View(watches=True), [WEB]))
    assert shown(serves, now=28.0)[0] == "── the engine has not answered for 12 s; live"
    again = EngineSilent(at=30.0, silent=False, seconds=14.0)
    assert shown(after(again, view=paused(view, paused=False)))[0] == "── live; saves are deployed"


def test_a_save_without_a_plan_is_told_until_there_is_one() -> None:
    """No key helps; and where the mended plan deploys nothing it is not told any more all the same."""
    gone = of(DeployFailed, 20.0, 2, phase="check", reason="no setting 'x'", code="no-plan", still_live=1)
    view = after(*boots(10.0, 1), FilesSaved(at=20.0, deploy=2, paths=("emu.toml",), count=1), gone)
    assert shown(view)[0] == "── deploy 2 was refused (no setting 'x'); deploy 1 serves"
    assert "deploy 1 (up), 2 refused" in shown(view)[1]
    idle = FilesSaved(at=21.0, paths=("debug.log",), count=1)
    assert shown(after(idle, view=view))[0] == shown(view)[0]
    mended = FilesSaved(at=22.0, paths=("emu.toml",), count=1, has_plan=True)
    assert shown(after(mended, view=view))[0] == "── live"


def test_a_long_reason_is_cut_before_what_follows_from_it() -> None:
    view = after(*boots(10.0, 1), failed(20.0, 2, 1, phase="check", reason="COPY " + "x" * 200))
    assert shown(view, wide=90)[0] == (
        "── deploy 2 was refused (COPY xxxxxxxxxxxxxxxxxxxx…); deploy 1 serves; b builds it anyway"
    )


def test_a_service_that_is_lost_serves_no_more() -> None:
    lost = after(*boots(10.0, 1), failed(20.0, 1, None))
    assert shown(lost)[0] == "── deploy 1 ended (it exited with 1); nothing serves"
    assert lost.services[0].stage == "failed"


def test_the_worst_comes_first() -> None:
    """Of several services the one that nothing serves of, before one whose older deploy still does."""
    view = knows(View(), [WEB, service(name="api")])
    view = after(*boots(10.0, 1), failed(20.0, 2, 1), view=view)
    nothing = DeployFailed(at=21.0, service="api", deploy=2, phase="boot", reason="no port")
    assert shown(seen(view, nothing))[0] == "── api: deploy 2 failed (no port); nothing serves (and 1 more)"


def test_what_happens_to_a_live_service() -> None:
    """Out of rotation and back, asleep and woken, restarted, short of memory."""
    live = after(*boots(10.0, 1))
    out = seen(live, of(Rotation, 20.0, ready=False, because="its health check failed 3 times in a row"))
    assert shown(out, now=90.0)[:2] == [
        "── its health check failed 3 times in a row",
        "web  out of rotation  deploy 1 (up)  http://127.0.0.1:8000  health answers 200 1 min ago",
    ]
    assert seen(out, of(Rotation, 30.0, ready=True, because="it succeeds again")).services[0].stage == "live"
    asleep = seen(live, of(Sleep, 20.0, asleep=True, after_s=60.0))
    woken = after(of(Sleep, 30.0, asleep=False), view=asleep)
    share = TrafficShare(deploy=1, percent=100, instances=1)
    assert [v.services[0].stage for v in (asleep, woken, seen(woken, of(TrafficMoved, 31.0, split=(share,))))] == [
        "asleep", "waking", "live",
    ]  # fmt: skip
    again = seen(live, of(Restarted, 20.0, because="it exited with status 1", back_off_s=1.0))
    assert shown(again, now=21.0)[0] == "── it exited with status 1; started again"
    assert shown(after(*boots(10.0, 1)[5:7], view=again), now=200.0)[0] == "── live"
    assert "lack of memory" in shown(seen(live, of(OutOfMemory, 20.0, limit_mib=512)), now=21.0)[0]


def test_a_canceled_deploy_leaves_what_serves() -> None:
    view = after(*boots(10.0, 1), *boots(20.0, 2, "save")[:3], of(DeployCanceled, 22.0, 2, by=3, still_live=1))
    assert (view.services[0].stage, view.services[0].problem) == ("live", "")


def test_events_of_an_older_deploy_change_nothing_of_the_newer() -> None:
    """The old instance is asked, stops and is told of while the new one is being built."""
    coming = after(*boots(10.0, 1), *boots(20.0, 2)[:2])
    old = of(ContainerStarted, 21.0, 1, argv=("app",), port=80, url="http://127.0.0.1:8000")
    probe = of(ProbeAttempt, 22.0, 1, kind="health", attempt=9, ok=True, detail="answers 200", due=1.0, seconds=0.1)
    assert after(old, probe, failed(23.0, 1, None), view=coming).services[0].stage in ("building", "failed")
    assert after(old, probe, view=coming).services[0].stage == "building"


def test_a_save_names_who_is_deployed_and_a_log_line_changes_nothing() -> None:
    live = after(*boots(10.0, 1))
    saved = FilesSaved(at=20.0, deploy=2, paths=("a",), count=1, deploys=("web",))
    assert after(saved, view=live).services[0].deploy == 2
    assert after(Log(at=21.0, service="web", deploy=1, stream="stdout", line="x"), view=live) is live
    refused = of(RequestRefused, 21.0, reason="no_instance", status=502, method="GET", path="/")
    assert after(refused, view=live) is live


def test_work_that_ends() -> None:
    due = of(CronEvent, 10.0, state="scheduled", due="2026-01-01T10:00:00Z", in_s=60.0)
    assert "next run 2026-01-01T10:00:00Z" in shown(after(due))[1]
    assert after(due, of(CronEvent, 70.0, state="started")).services[0].stage == "running"


@pytest.mark.parametrize(("wide", "high"), [(60, 10), (80, 24), (120, 30), (200, 60), (30, 6), (12, 4)])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_it_fits_any_screen(wide: int, high: int, count: int) -> None:
    """Never wider, never more than a third of the screen or four rows; what is wrong is always among it."""
    names = [f"日本-{n}" for n in range(count - 1)] + ["broken\x1b[2J"]
    one = after(*boots(10.0, 1)).services[0]
    many = [
        ServiceView(**{f: getattr(one, f) for f in one.__struct_fields__ if f != "name"}, name=name) for name in names
    ]
    view = View(services=tuple(many), triggers={1: "up"}, watches=True)
    view = seen(view, DeployFailed(at=20.0, service=names[-1], deploy=2, phase="boot", reason="x" * 300, still_live=1))
    for now in (view, pressed(view, "?")[0], noticed(view, "y" * 300, 100.0)):
        lines = panel(now, PLAIN, room_of(wide, high), 100.0)
        assert max(columns(line) for line in lines) < wide
        assert len(lines) <= max(4, high // 3)
        assert len(lines) <= high - 2
        assert "\x1b" not in "".join(lines)
    if high >= 24 and count == 30:
        slow = after(*(BuildStarted(at=10.0, service=names[0], deploy=3),), view=view)
        for one in (view, slow):
            assert any(line.startswith("  broken") for line in panel(one, PLAIN, room_of(wide, high), 100.0))
        assert any("all steps" in line for line in panel(slow, PLAIN, room_of(wide, high), 100.0))
        assert any("more: " in line for line in panel(view, PLAIN, room_of(wide, high), 100.0))


def test_a_panel_of_one_line_says_the_worst() -> None:
    view = after(*boots(10.0, 1), failed(20.0, 2, 1))
    assert panel(view, PLAIN, Room(60, 1), 100.0)[0].startswith("── deploy 2 failed")


def test_keys() -> None:
    """Those of one service are about the chosen one; capitals about all."""
    view = knows(View(watches=True), [WEB, service(name="api")])
    assert pressed(view, "r")[1] == Wish("restart", "web")
    down, _ = pressed(view, "down")
    assert pressed(down, "b")[1] == Wish("rebuild", "api")
    assert pressed(down, "B")[1] == Wish("rebuild")
    assert pressed(pressed(view, "2")[0], "o")[1] == Wish("open", "api")
    assert pressed(pressed(down, "down")[0], "o")[1] == Wish("open", "web")
    only, _ = pressed(down, "l")
    assert only.only == "api"
    assert pressed(only, "l")[0].only is None
    assert pressed(view, "q")[1] == Wish("quit")
    assert pressed(view, "x") == (view, None)
    assert pressed(view, "9") == (view, None)
    assert pressed(View(), "r") == (View(), None)
    alone = knows(View(), [WEB])
    assert pressed(alone, "l") == (alone, None)


def test_what_ends_with_the_verdict_is_not_deployed_again() -> None:
    """Of the keys those are left that change nothing."""
    view = knows(View(is_once=True), [WEB])
    assert not any(pressed(view, key)[1] for key in "rRbB")
    assert pressed(view, "q")[1] == Wish("quit")
    assert shown(view)[-1] == "c clear  ? help  q quit"


def test_a_start_that_takes_long_says_what_is_missing() -> None:
    """Until something listens, or a probe says more."""
    before, opened = boots(0, 1)[:6], boots(0, 1)[:7]
    assert "starting 6 s, no port yet" in shown(after(*before), now=9.0)[1]
    assert "no port" not in shown(after(*opened), now=9.0)[1]


def test_another_plan_keeps_what_is_known() -> None:
    """The chosen service stays chosen; one that was deployed and is not in the plan any more is still shown."""
    view = knows(View(), [WEB, service(name="api")])
    view = pressed(after(*boots(10.0, 1), view=view), "2")[0]
    view = knows(view, [service(name="new"), service(name="api")])
    assert [one.name for one in view.services] == ["new", "api", "web"]
    assert view.chosen_service is not None
    assert view.chosen_service.name == "api"
