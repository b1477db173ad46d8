"""Secret files on their way to the engine: into builds and containers, and nowhere they could be read."""

import io
import tarfile

import pytest

from emulator.engine.docker_args import build_command, container_config, files_archive
from emulator.engine.masking import masked_progress, pieces_of
from emulator.engine.requests import BUILD_ENV_ARG, Surroundings, build_request, conceal, container_spec
from emulator.engine.rollout_steps import Unit
from emulator.model.plan import Build, BuildKind, BuildSecret, Container, Mount, Service
from emulator.model.record import replace
from emulator.world.building import BuildRequest, StepDone, StepLog
from emulator.world.containers import FileInside
from emulator.world.hidden import HiddenFiles
from tests.emulator.engine.services import WEB
from tests.emulator.engine.test_requests import IMAGE

FILES = HiddenFiles({".env": b"PASSWORD='hush-hush-hush'\n"})


def _service(build: Build = WEB.build) -> Service:
    """One that takes `.env`."""
    mount = Mount(path="/etc/secrets/.env", kind="secret", name=".env", read_only=True, group=1000, mode="0440")
    other = Mount(path="/data", kind="volume", name="data")
    build = replace(build, secrets=(BuildSecret(id="_env", name=".env"), BuildSecret(id="gone", name="gone")))
    container = Container(
        name="shop", ingress=True, build=build, command=WEB.command, port=WEB.port, env=(), probes=WEB.probes,
        resources=WEB.resources, mounts=(mount, other),
    )  # fmt: skip
    return replace(WEB, build=build, containers=(container,))


def _built(build: Build = WEB.build, files: HiddenFiles = FILES) -> BuildRequest:
    return build_request(
        _service(build), {}, root="/r", platform="render", context="/r", dockerfile="/r/Dockerfile", base_images={},
        deploy=1, files=files,
    )  # fmt: skip


NATIVE = Build(kind=BuildKind.NATIVE, runtime="python", generated_dockerfile="FROM scratch")


@pytest.mark.parametrize("build", [WEB.build, NATIVE])
def test_a_build_gets_those_that_were_given(build: Build) -> None:
    """By their ids; one that the plan names and nobody gave is left out."""
    assert _built(build).secret_files == {"_env": FILES[".env"]}


def test_a_native_build_begins_anew_with_other_files() -> None:
    """Its steps' results depend on them, and a secret by itself would not tell the builder."""
    digests = {_built(NATIVE, HiddenFiles({".env": text})).args[BUILD_ENV_ARG] for text in (b"a", b"a", b"b")}
    assert len(digests) == 2


def test_a_container_gets_them_with_their_permissions() -> None:
    """Root's, and the group's to read."""
    spec = container_spec(
        _service(), {}, root="/r", platform="render", image=IMAGE, unit=Unit(id=1, deploy=1, slot=1), attempt=1,
        memory=True, cpu=False, publish={}, around=Surroundings(files=FILES),
    )  # fmt: skip
    assert spec.files == (FileInside(path="/etc/secrets/.env", content=FILES[".env"], group=1000, mode=0o440),)
    read_only = container_config(spec)["HostConfig"]["ReadonlyPaths"]
    assert "/etc/secrets/.env" in read_only
    assert "/proc/sys" in read_only  # what the engine protects by itself stays protected


def test_a_container_without_them_is_asked_for_as_ever() -> None:
    """The engine's own list of protected paths then stands."""
    spec = container_spec(
        WEB, {}, root="/r", platform="render", image=IMAGE, unit=Unit(id=1, deploy=1, slot=1), attempt=1,
        memory=True, cpu=False, publish={},
    )  # fmt: skip
    assert "ReadonlyPaths" not in container_config(spec)["HostConfig"]


def test_the_archive() -> None:
    """What is unpacked at the container's root."""
    made = files_archive([FileInside(path="/etc/secrets/.env", content=b"x", group=1000)])
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        [entry] = archive.getmembers()
        assert (entry.name, entry.uid, entry.gid, entry.mode) == ("etc/secrets/.env", 0, 1000, 0o440)


def test_the_builder_reads_them_from_files() -> None:
    """A variable could hold no such content; the command line shows where, and not what."""
    command = build_command(
        _built(), dockerfile="/d", builder="b", metadata="/i", secret_paths={"_env": "/private/secret-0"}
    )
    assert "id=_env,src=/private/secret-0" in command.argv
    assert "hush" not in str(command) + repr(_built()) + repr(FILES) + repr(_built().secret_files)


def test_no_log_shows_them() -> None:
    """Neither a line nor a value of one; a brace that stands everywhere stays."""
    files = {".env": b"PASSWORD='hush-hush-hush'\nA=1\n", "key.json": b'{\n  "key": "0123456789"\n}\n'}
    pieces = pieces_of(files)
    assert conceal("PASSWORD='hush-hush-hush'", pieces) == "‹.env›"
    assert conceal("it is hush-hush-hush, A=1", pieces) == "it is ‹.env›, A=1"
    assert conceal('  "key": "0123456789"', pieces) == "  ‹key.json›"
    assert conceal("{ }", pieces) == "{ }"
    assert pieces_of({"binary": b"\xff\x00"}) == {}


def test_a_builds_log_shows_none_either() -> None:
    """A step that prints the file it mounts."""
    heard: list[StepLog | StepDone] = []
    masked_progress(_built(), heard.append)(StepLog(line="PASSWORD='hush-hush-hush'", step="RUN cat"))
    assert heard == [StepLog(line="‹_env›", step="RUN cat")]
