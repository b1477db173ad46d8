"""Which stand-in is made for an image of a language, and when."""

import pytest

from emulator.engine.bases import choose_bases, needs_a_look
from emulator.engine.labels import STAND_IN
from emulator.engine.language_stand_ins import language_stand_ins
from emulator.engine.stand_ins import DIFFERS, FROM, dockerfile
from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.lifecycle import Lifecycle, Probes, Shutdown
from emulator.model.plan import Build, BuildKind, Resources, Service, ServiceType
from emulator.world.docker import ImageEntry, ImageFacts

NOT_HERE = HostError(error("build/registry", "no registry answers", fault=Fault.HOST))
DEBIAN_12 = ImageEntry(id="1", tags=("python:3.11-slim",), labels={STAND_IN: "true", FROM: "debian bookworm"})


def _image(ref: str) -> ImageFacts:
    return ImageFacts(
        id=ref, entrypoint=None, cmd=None, env={}, user="", workdir="", exposed=(), labels={}, architecture="amd64",
        stop_signal=None, shell=None,
    )  # fmt: skip


class Engine:
    """Images that are there, what stands in for others, and what a registry gives."""

    def __init__(self, *there: str, registry: tuple[str, ...] = (), stand_ins: tuple[ImageEntry, ...] = ()) -> None:
        self.there, self.registry, self.stand_ins = {*there}, registry, stand_ins
        self.pulled: list[str] = []

    def image(self, ref: str) -> ImageFacts | None:
        return _image(ref) if ref in self.there else None

    def images(self, labels: dict[str, str]) -> tuple[ImageEntry, ...]:
        return self.stand_ins

    def pull(self, ref: str, platform: str) -> ImageFacts:
        self.pulled.append(ref)
        if ref not in self.registry:
            raise NOT_HERE
        return _image(ref)


def _service(*bases: str, kind: BuildKind = BuildKind.DOCKERFILE, fallbacks: tuple[str, ...] = ()) -> Service:
    return Service(
        name="web", type=ServiceType.WEB, origin=None, command=None, port=None, env=(), probes=Probes(), containers=(),
        build=Build(kind=kind, runtime="node", base_images=bases, base_fallbacks=fallbacks),
        lifecycle=Lifecycle(), resources=Resources(), shutdown=Shutdown(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ref", "version", "suite", "differs"),
    [
        ("node:20", "20.20.2", "bookworm", False), ("node:22-slim", "22.23.3", "bookworm", False),
        ("node:20-alpine", "20.20.2", "bookworm", True),
        ("docker.io/library/node:20.11.1-slim", "20.11.1", "bookworm", False),
        ("node:24-trixie-slim", "24.21.0", "trixie", False), ("node:iron", "20.20.2", "bookworm", False),
        ("node", "26.12.1", "bookworm", False), ("node:lts-alpine3.20", "26.12.1", "bookworm", True),
        ("node:alpine", "26.12.1", "bookworm", True), ("golang:1.22-bookworm", "1.24", "trixie", False),
        ("ruby:3.4.4-slim", "3.3", "trixie", False),
    ],
)  # fmt: skip
def test_a_tag_says_which_node(ref: str, version: str, suite: str, differs: bool) -> None:
    """Its version exactly where there is one line of it; that it is no Alpine is on the image itself."""
    best = language_stand_ins(ref)[0]
    assert (best.version, best.suite, bool(best.differs)) == (version, suite, differs)
    assert (DIFFERS in dockerfile(best, "python:3.11-slim")) == differs


@pytest.mark.parametrize("ref", ["python:3.12", "node:99", "octo/node-app:1", "nginx", "scratch", "ghcr.io/x/node:20"])
def test_other_images_have_none(ref: str) -> None:
    """Neither has a Node that does not exist."""
    assert language_stand_ins(ref) == ()


def test_a_full_image_has_what_builds_call_and_a_slim_one_has_not() -> None:
    """A build that works here on the slim one must not need a compiler there."""
    [full, *_], [slim, *_] = language_stand_ins("node:20"), language_stand_ins("node:20-slim")
    assert "g++" in dockerfile(full, "b")
    assert "g++" not in dockerfile(slim, "b")
    assert full.tag != slim.tag


def test_one_is_made_where_no_registry_answers() -> None:
    """From the base that holds its release; the next time it is there."""
    engine = Engine(stand_ins=(DEBIAN_12,))
    bases = choose_bases(_service("node:20-slim"), engine, {})  # type: ignore[arg-type]
    [wanted] = bases.to_make
    assert bases.replaced == {"node:20-slim": wanted.tag}
    assert wanted.dockerfile.startswith("FROM python:3.11-slim\n")
    assert (wanted.what, wanted.instead_of) == ("node 20.20.2", "node:20-slim")
    again = choose_bases(_service("node:20-slim"), Engine(wanted.tag), {})  # type: ignore[arg-type]
    assert (again.replaced, again.to_make, again.missing) == ({"node:20-slim": wanted.tag}, (), None)


def test_a_registry_that_answers_gives_the_real_one() -> None:
    """Without stand-ins at hand a user's own base image is the builder's affair: it is not even asked for."""
    engine = Engine(registry=("node:20",), stand_ins=(DEBIAN_12,))
    assert choose_bases(_service("node:20"), engine, {}) == ({}, (), None)  # type: ignore[arg-type]
    elsewhere = Engine()
    assert choose_bases(_service("node:20"), elsewhere, {}) == ({}, (), None)  # type: ignore[arg-type]
    assert elsewhere.pulled == []


def test_what_the_user_asked_for_comes_first() -> None:
    """No stand-in is made for it."""
    bases = choose_bases(_service("node:20"), Engine(stand_ins=(DEBIAN_12,)), {"node:20": "mine"})  # type: ignore[arg-type]
    assert bases == ({"node:20": "mine"}, (), None)


def test_a_base_of_ours_that_cannot_be_had_is_said() -> None:
    """A native service has no Dockerfile whose build could say it."""
    missing = choose_bases(_service("ruby:3.4.4-slim", kind=BuildKind.NATIVE), Engine(), {}).missing  # type: ignore[arg-type]
    assert missing is not None
    assert missing.fault is Fault.HOST
    assert "--base-image ruby:3.4.4-slim=IMAGE" in (missing.help or "")


def test_each_base_is_looked_for_by_itself() -> None:
    """A Python service whose build calls npm stands on two."""
    service = _service(
        "python:3.14.3-slim", "node:20-slim", kind=BuildKind.NATIVE, fallbacks=("python:3.13-slim", "python:3.11-slim")
    )
    bases = choose_bases(service, Engine("python:3.11-slim", stand_ins=(DEBIAN_12,)), {})  # type: ignore[arg-type]
    assert bases.replaced["python:3.14.3-slim"] == "python:3.11-slim"
    assert [one.instead_of for one in bases.to_make] == ["node:20-slim"]


def test_builds_on_other_images_wait_for_nothing() -> None:
    """The engine is not asked before their build."""
    assert not needs_a_look(_service("python:3.12", "nginx").build)
    assert needs_a_look(_service("nginx", "node:20").build)
