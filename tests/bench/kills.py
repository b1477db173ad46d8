"""`kill -9` at random moments: after the next command nothing of the killed one is left, and nothing of the user's is
touched.

Killed are a first `emu up`, an `emu up` that serves while another deploys, one that watches and deploys a save, one
that stops, and the commands that talk to it. The next command is in turn `up --once`, `down`, and `ps` with `down`. The
moments come from a seeded generator.
"""

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from emulator.engine.labels import PROJECT
from tests.bench.engine import connected
from tests.places import Place, Running, left_behind, tidied, wait_for

if TYPE_CHECKING:
    from docker import DockerClient

LONGEST_S = 4.0
BUILD_S = 0.6
BOOT_S = 0.5
END_S = 0.8
APP = f"""\
import http.server, os, signal, time

def end(*_):
    time.sleep({END_S})
    os._exit(0)

signal.signal(signal.SIGTERM, end)
time.sleep({BOOT_S})
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
PHASES = {
    "plan": "planning",
    "deploy.started": "planning",
    "build.started": "building",
    "build.finished": "starting",
    "container.started": "booting",
    "traffic": "switching",
    "verdict": "serving",
}
"""The last of these that was told → what a killed command was doing."""


class Kill(NamedTuple):
    """what: the command that was killed. phase: what it was doing. ended: it was over before the moment came."""

    what: str
    phase: str
    ended: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    done: list[Kill] = []
    with tempfile.TemporaryDirectory() as folder, connected() as engine, tidied(Path(folder), engine) as place:
        for kill in kills(place, engine, given.kills, given.seed):
            done.append(kill)
            print(f"{len(done):4}  {kill.what:8}  {kill.phase}{'  (over already)' if kill.ended else ''}", flush=True)
    for title, counted in (("killed", Counter(k.what for k in done)), ("while", Counter(k.phase for k in done))):
        print(f"{title}: {', '.join(f'{count} {what}' for what, count in counted.most_common())}")
    sys.exit(len(done) != given.kills)


def kills(place: Place, engine: "DockerClient", count: int, seed: int) -> Iterator[Kill]:
    """Kill one command after the other in one project. Fails when anything is left, or missing."""
    moments = random.Random(seed)
    with bystanders(engine) as untouched:
        for number in range(count):
            place.write(APP, run=f"echo {seed}-{number} && sleep {BUILD_S}")
            files = place.files()
            kill = moments.choice((first_up, first_up, serving_up, watching_up, stopping_up, second_up, restart, down))
            done = kill(place, moments.uniform(0, LONGEST_S))
            clean_up(place, ("down", "up", "ps")[number % 3])
            settle(place, engine)
            assert place.files() == files
            assert untouched()
            yield done


# ---- what is killed ---------------------------------------------------------------------------------


def first_up(place: Place, delay_s: float) -> Kill:
    """Nothing runs; from its first moment on."""
    with Running(place) as up:
        return killed("up", up, delay_s)


def serving_up(place: Place, delay_s: float) -> Kill:
    """It serves, and makes a second deploy."""
    with Running(place) as up:
        up.until("verdict")
        with Running(place) as second:
            done = killed("serving", up, delay_s)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it came too late to ask, and serves by itself
                second.process.wait(3)
        return done


def watching_up(place: Place, delay_s: float) -> Kill:
    """It serves, and deploys what was saved."""
    with Running(place, "--watch") as up:
        up.until("verdict")
        file = place.root / "Dockerfile"
        before = file.read_text()
        file.write_text(before.replace("RUN echo", "RUN echo saved"))
        done = killed("watching", up, delay_s)
        file.write_text(before)
        return done


def stopping_up(place: Place, delay_s: float) -> Kill:
    """It was interrupted, and is stopping its service."""
    with Running(place) as up:
        up.until("verdict")
        up.process.terminate()
        done = killed("stopping", up, delay_s * END_S / LONGEST_S)
        return Kill("stopping", "stopping", done.ended)


def second_up(place: Place, delay_s: float) -> Kill:
    return asker(place, "up", delay_s)


def restart(place: Place, delay_s: float) -> Kill:
    return asker(place, "restart", delay_s / 2)


def down(place: Place, delay_s: float) -> Kill:
    return asker(place, "down", delay_s / 4)


def asker(place: Place, verb: str, delay_s: float) -> Kill:
    """A command that talks to the running one, which goes on; `down` may have ended it."""
    with Running(place) as up:
        up.until("verdict")
        with Running(place, verb=verb) as second:
            done = killed(verb if verb != "up" else "second", second, delay_s)
        if up.process.poll() is None:
            clean_up(place, "down")
            up.process.wait(20)
        return done


def killed(what: str, victim: Running, delay_s: float) -> Kill:
    time.sleep(delay_s)
    ended = victim.process.poll() is not None
    victim.process.kill()
    victim.process.wait()
    told = [event["event"] for event in victim.so_far()]
    known = [kind for kind in told if kind in PHASES]
    return Kill(what, PHASES[known[-1]] if known else "beginning", ended)


# ---- afterwards -------------------------------------------------------------------------------------


def clean_up(place: Place, how: str) -> None:
    """The next command."""
    if how == "up":
        ran = place.emu("up", "--once")
    else:
        if how == "ps":
            assert place.emu("ps").code == 0
        ran = place.emu("down")
    assert ran.code == 0, (how, ran.out, ran.err)


def settle(place: Place, engine: "DockerClient") -> None:
    """Nothing is left; what was told to end may take a moment."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: left_behind(place, engine) == [], 5)
    assert left_behind(place, engine) == []
    assert half_written(place.state) == []


def half_written(state: Path) -> list[str]:
    """Sockets and files that are not whole, among what is remembered of the project."""
    found = [path for path in state.rglob("*") if path.is_socket() or path.suffix == ".new"]
    return [path.name for path in found]


@contextlib.contextmanager
def bystanders(engine: "DockerClient") -> Iterator[Callable[[], bool]]:
    """A container and an image of another project, and a container that is nobody's; whether they are as they were."""
    image = "python:3.11-slim"
    labels = {PROJECT: "somebody-elses", "emu.service": "shop"}
    made: list[Any] = []
    try:
        made += [engine.containers.run(image, ["sleep", "infinity"], labels=labels, detach=True, init=True)]
        made += [engine.containers.run(image, ["sleep", "infinity"], detach=True, init=True)]
        kept = made[0].commit("somebody-elses", "1", changes=f"LABEL {PROJECT}=somebody-elses")

        def untouched() -> bool:
            for one in made:
                one.reload()
            return {one.status for one in made} == {"running"} and engine.images.get(kept.id).tags == kept.tags

        yield untouched
    finally:
        for one in made:
            one.remove(force=True)
        for left in engine.images.list("somebody-elses"):
            engine.images.remove(left.id, force=True)


if __name__ == "__main__":
    main()
