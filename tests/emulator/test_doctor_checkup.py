"""Facts about a machine → findings, each with its one repair, and the exit code."""

import pytest

from emulator.engine.checkup import Base, Engine, Facts, Machine, Reach, examine
from emulator.model.diagnostic import Severity
from emulator.model.record import replace, to_json
from emulator.show.checkup import checkup_text
from emulator.show.style import Style

ENGINE = Engine(
    url="unix:///var/run/docker.sock", source="default", version="26.1.5", api="1.45", name="Debian", os="linux",
    arch="amd64", root="/var/lib/docker",
)  # fmt: skip
MACHINE = Machine(
    system="Linux", arch="x86_64", distribution="debian", root=True, docker="/usr/bin/docker",
    dockerd="/usr/sbin/dockerd", git="2.39.5", buildx="0.13.1",
    ca_bundle="/etc/ssl/certs/ca-certificates.crt", user="ada",
)  # fmt: skip
GOOD = Facts(
    machine=MACHINE, engine=ENGINE, bases=(Base(ref="python:3.13-slim", present=True),),
    registry=Reach(target="python:3.13-slim"), index=Reach(target="index.example", seconds=0.1),
    index_image="python:3.13-slim", engine_free=50 * 1024**3, tmp_free=50 * 1024**3,
)  # fmt: skip


def finding(facts: Facts, id: str):
    return next(check for check in examine(facts).checks if check.id == id)


def with_engine(**changes) -> Facts:
    return replace(GOOD, engine=replace(ENGINE, **changes))


def with_machine(**changes) -> Facts:
    return replace(GOOD, machine=replace(MACHINE, **changes))


def without_engine(machine: dict | None = None, **changes) -> Facts:
    engine = replace(ENGINE, **{"problem": "nothing-there", **changes})
    return Facts(machine=replace(MACHINE, **(machine or {})), engine=engine)


def test_a_complete_machine_needs_nothing():
    """Everything there: exit code 0, no finding asks for anything."""
    checkup = examine(GOOD)
    assert (checkup.ok, checkup.exit_code) == (True, 0)
    assert [check.id for check in checkup.checks if not check.ok or check.help] == []
    assert checkup_text(checkup, Style()).endswith("Everything `emu up` needs is here.\n")


def test_no_engine_is_exit_code_3_whatever_else_is_missing():
    """Without an engine its absence decides the exit code, and nothing is claimed about images or networks."""
    checkup = examine(without_engine({"git": None}))
    assert checkup.exit_code == 3
    assert {check.id for check in checkup.checks} == {"engine", "disk-tmp", "git"}


@pytest.mark.parametrize(
    ("machine", "engine", "help"),
    [
        ({"dockerd": None}, {}, "`emu doctor --fix` installs and starts one"),
        ({}, {"problem": "refused"}, "`emu doctor --fix` starts the installed engine"),
        ({}, {"problem": "permission"}, "sudo usermod -aG docker ada"),
        ({}, {"chosen": True, "source": "DOCKER_HOST"}, "unset DOCKER_HOST"),
        ({}, {"problem": "context"}, "docker context use default"),
        ({}, {"problem": "ssh", "url": "ssh://box"}, "ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock box"),
        ({"system": "Darwin", "desktop_installed": True}, {}, "open -a Docker"),
        ({"desktop_installed": True}, {}, "systemctl --user start docker-desktop"),
        ({"system": "Darwin"}, {}, "install Docker Desktop"),
        ({"distribution": "fedora", "dockerd": None}, {}, "your distribution's package manager"),
    ],
)
def test_each_way_to_have_no_engine_has_its_own_repair(machine, engine, help):
    """What to do about a silent engine depends on why it is silent and on what is installed."""
    assert help in (finding(without_engine(machine, **engine), "engine").help or "")


def test_a_stopped_docker_desktop_is_not_told_to_install_an_engine():
    """Docker Desktop that merely does not run is started, not joined by a second engine."""
    check = finding(without_engine({"desktop_installed": True, "dockerd": None}), "engine")
    assert "--fix" not in (check.help or "")


def test_arm_says_what_differs():
    """An ARM engine works, with a warning that names the platform's processor and the differences."""
    check = finding(with_engine(arch="arm64"), "platform")
    assert (check.ok, check.severity) == (False, Severity.WARNING)
    assert "linux/arm64" in check.message
    assert "linux/amd64" in check.message
    assert len(check.facts) >= 2
    assert examine(with_engine(arch="aarch64")).exit_code == 0


def test_windows_containers_cannot_be_used():
    """An engine that runs Windows containers is an error: no platform here runs them."""
    assert examine(with_engine(os="windows")).exit_code == 1


def test_missing_buildx_is_a_warning_with_its_package():
    """Builds still work without buildx, so it does not fail the checkup."""
    facts = with_machine(buildx=None)
    assert "installs docker-buildx" in (finding(facts, "buildx").help or "")
    assert examine(facts).exit_code == 0


@pytest.mark.parametrize(
    ("free", "code", "ok"), [(10 * 1024**3, 0, True), (3 * 1024**3, 0, False), (1024**2, 1, False)]
)
def test_disk_warns_before_it_fails(free, code, ok):
    """Below 5 GiB a warning, below 1 GiB an error."""
    facts = replace(GOOD, engine_free=free)
    assert finding(facts, "disk").ok is ok
    assert examine(facts).exit_code == code


def test_a_stand_in_is_named_as_one():
    """A stand-in never passes for the official image: it is said, with what it was made from."""
    facts = replace(GOOD, bases=(Base(ref="python:3.13-slim", present=True, stand_in=True, made_from="debian trixie"),))
    assert "stand-in made from debian trixie" in finding(facts, "base-image:python:3.13-slim").message
    assert "stand-in  python:3.13-slim" in checkup_text(examine(facts), Style())
    assert examine(facts).exit_code == 0


def test_an_absent_base_image_matters_only_without_a_registry():
    """With a registry the first build fetches it; without one `up` cannot work."""
    absent = (Base(ref="python:3.13-slim", present=False),)
    assert examine(replace(GOOD, bases=absent)).exit_code == 0
    alone = replace(GOOD, bases=absent, registry=Reach(target="python:3.13-slim", problem="dns"))
    assert examine(alone).exit_code == 1
    assert "--fix" in (finding(alone, "base-image:python:3.13-slim").help or "")


def test_a_silent_registry_alone_is_only_worth_knowing():
    """Base images at hand are enough."""
    assert examine(replace(GOOD, registry=Reach(target="x", problem="timeout"))).exit_code == 0


def test_untrusted_certificate_is_told_apart_from_no_network():
    """A proxy's own CA gets the advice to give it to the image; a missing name or route gets another."""
    certificate = finding(replace(GOOD, index=Reach(target="index.example", problem="certificate")), "package-index")
    name = finding(replace(GOOD, index=Reach(target="index.example", problem="dns")), "package-index")
    route = finding(replace(GOOD, index=Reach(target="index.example", problem="route")), "package-index")
    assert "certificate is not trusted" in certificate.message
    assert "COPY ca-certificates.crt" in (certificate.help or "")
    assert "name cannot be resolved" in name.message
    assert "no route" in route.message
    assert len({certificate.help, name.help, route.help}) == 3


def test_every_failing_check_has_one_thing_to_do():
    """Whatever is wrong, its finding says how to repair it."""
    worst = replace(
        with_machine(git=None, buildx=None, docker=None), engine=replace(ENGINE, arch="arm64"), engine_free=1,
        tmp_free=1, bases=(Base(ref="python:3.13-slim", present=False),), registry=Reach(target="x", problem="failed"),
        index=Reach(target="x", problem="timeout"),
    )  # fmt: skip
    bad = [check for check in examine(worst).checks if not check.ok]
    assert len(bad) == 9
    assert all(check.help for check in bad)


def test_the_json_has_the_promised_keys():
    """`--format json`: a list of checks, each with all its keys."""
    import json

    document = json.loads(to_json(examine(GOOD)))
    assert document["schema"] == "emu.checkup/1"
    assert all(set(check) == {"id", "ok", "severity", "message", "facts", "help"} for check in document["checks"])


@pytest.mark.parametrize(
    ("problem", "stand_in", "said"),
    [(None, True, None), ("answer", True, None), ("dns", True, "are made from packages"),
     ("dns", False, "cannot be made")],
)  # fmt: skip
def test_images_of_other_languages_are_told_where_no_registry_answers(problem, stand_in, said):
    """They are made when a build first asks; where a registry answers there is nothing to say."""
    bases = (Base(ref="python:3.11-slim", present=stand_in, stand_in=stand_in),)
    facts = replace(GOOD, registry=Reach(target="x", problem=problem), bases=bases)
    found = [check for check in examine(facts).checks if check.id == "language-images"]
    assert len(found) == (said is not None)
    assert all(said in check.message and check.ok == stand_in for check in found)
