"""What `emu doctor` says of the servers that datastores are run from, and how --fix makes them."""

import pytest

from emulator.engine.checkup import Base, Engine, Facts, Machine, Reach, Server, server_check
from emulator.engine.repair import Run, repairs
from emulator.engine.stand_ins import FROM, NEWEST, STAND_INS, server
from emulator.model.record import replace
from emulator.world.docker import ImageEntry

SILENT, ANSWERS = Reach(target="x", problem="dns"), Reach(target="x")
BASE = ImageEntry(id="1", tags=("python:3.13-slim",), labels={FROM: "debian trixie"})
BEST = STAND_INS["postgres"][0].tag
FACTS = Facts(
    machine=Machine(
        system="Linux", arch="x86_64", distribution="debian", root=True, git="2", docker="/usr/bin/docker",
        dockerd="/usr/sbin/dockerd", buildx="0.13", debootstrap="/usr/sbin/debootstrap",
    ),
    engine=Engine(url="unix:///x", source="default", version="26", api="1.45", os="linux", arch="amd64"),
    registry=SILENT, bases=(Base(ref="python:3.13-slim", present=True),),
)  # fmt: skip


def _server(*tags: str, base: bool = True, needed: bool = True) -> Server:
    return server("postgres", "18", set(tags).__contains__, [BASE] if base else [], needed=needed)


@pytest.mark.parametrize(
    ("found", "registry", "says", "helps"),
    [
        (_server("postgres:18"), SILENT, "is at hand", None),
        (_server(BEST), SILENT, f"stand-in, {BEST}", None),
        (_server(BEST), ANSWERS, f"stand-in, {BEST}", "docker pull postgres:18"),
        (_server(), ANSWERS, "the first `emu up` that needs it fetches it", None),
        (_server(), SILENT, "makes a stand-in from python:3.13-slim", "`emu doctor --fix`"),
        (_server(needed=False), SILENT, "makes a stand-in", "`emu doctor --fix --datastores`"),
        (_server(base=False), SILENT, "nor made", "--datastore NAME=URL"),
    ],
)
def test_it_says_what_is_at_hand_and_how_to_get_the_rest(
    found: Server, registry: Reach, says: str, helps: str | None
) -> None:
    """The image itself, what stands in for it, what can be fetched or made."""
    check = server_check(found, registry)
    assert says in check.message
    assert (helps is None) == (check.help is None)
    assert helps is None or helps in (check.help or "")


def test_only_a_repository_with_such_a_datastore_lacks_its_server() -> None:
    """For any other it is no more than worth knowing."""
    assert not server_check(_server(base=False), SILENT).ok
    assert server_check(_server(base=False, needed=False), SILENT).ok


def test_what_is_needed_is_built_on_the_base_at_hand() -> None:
    """Under the tag by which `up` finds it, from the same recipe; what nobody needs is not made."""
    cache = server("valkey", NEWEST["valkey"], lambda _: False, [BASE], needed=False)
    (repair,) = repairs(replace(FACTS, servers=(_server(), cache)), (), "/store")
    [step] = repair.all_steps
    assert isinstance(step, Run)
    assert step.argv == ("docker", "build", "--quiet", "--tag", BEST, "-")
    assert (step.input or "").startswith("FROM python:3.13-slim\n")
    assert not step.root


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, servers=(_server("postgres:18"),)),
        replace(FACTS, servers=(_server(BEST),)),
        replace(FACTS, servers=(_server(base=False),)),
        replace(FACTS, servers=(_server(),), registry=ANSWERS),
    ],
)
def test_what_is_here_or_can_be_fetched_or_cannot_be_made_is_not_made(facts: Facts) -> None:
    """Nothing to repair."""
    assert repairs(facts, (), "/store") == ()
