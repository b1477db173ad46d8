"""What is deployed: an image that was given, the Dockerfile in the root, or what buildpacks make of the source."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from emulator.formats.gitignore import Upload
from emulator.model.choice import ABSENT, Candidate, Rejected, Setting, choose
from emulator.model.diagnostic import Diagnostic, Fault, error, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, UploadRule
from emulator.snapshot import Snapshot
from platforms.common import read_dockerfile

from . import rules
from .commands import Own, own_command
from .given import Given
from .manifest import ContainerSpec
from .reading import Text
from .upload import upload_rules

DOCKERFILE = "Dockerfile"
_LOOKS_LIKE = re.compile(r"(?:docker|container)file.*|.*\.(?:docker|container)file", re.IGNORECASE)
_ELSEWHERE = ("docker/Dockerfile", "build/Dockerfile", "deploy/Dockerfile")


class Built(NamedTuple):
    """How a container's image comes about. own: its command; None where there will be no image. image_port: the PORT
    that its Dockerfile sets."""

    build: Build
    own: Own | None
    image_port: Candidate[str] | None = None


def ingress_build(given: Given, container: ContainerSpec) -> Built:
    """The build of the container that takes the requests."""
    repo, service = given.repo, given.spec
    there = not service.is_archive and _dockerfile(given)
    written = container.image if container.image and container.image.text else None
    flag = given.inputs.options.get("image") or None
    setting: Setting[str] | None = choose(
        given.trace, f"{service.name}.builder", "What is deployed?",
        Candidate(flag or ABSENT, source="flag", shown=f"the image {flag}", because="--image names it",
                  rule=rules.IMAGE),
        Candidate(DOCKERFILE if there else ABSENT, source=DOCKERFILE, shown="what the Dockerfile builds",
                  because=_why_dockerfile(written), origin=Origin(file=DOCKERFILE) if there else None,
                  rule=rules.DOCKERFILE,
                  absent="an archive is not looked into" if service.is_archive else _no_dockerfile(repo)),
        Candidate(written.text if written else ABSENT, source=service.source,
                  shown=f"the image {written.text}" if written else None,
                  because=f"{'the command' if service.written_in else 'the file'} names it, and nothing is built",
                  origin=written.origin if written else None, rule=rules.REPLACE_NEVER_BUILDS,
                  loses="the Dockerfile beside it is taken to be what it is built from" if not flag else None),
        *([Candidate("buildpacks", source="buildpack", because="a source without a Dockerfile is built by buildpacks",
                     rule=rules.BUILDPACKS_OTHERWISE)] if service.is_built else []),
    )  # fmt: skip
    if not there and not flag:
        by_buildpacks = setting is not None and setting.source == "buildpack"
        given.found.extend(_tell_look_alikes(given, by_buildpacks=by_buildpacks))
    if setting is None:
        return ready_made(None, given.name)
    if setting.source == DOCKERFILE:
        given.found.extend(_no_base_image(given))
        return _docker(given)
    if setting.source == "buildpack":
        from .buildpacks import buildpack_build

        return Built(*buildpack_build(given, container))
    return ready_made(setting.value, given.name)


def ready_made(ref: str | None, service: str) -> Built:
    """A ready-made image; without a host it is Docker Hub's, as the engine has it."""
    build = Build(kind=BuildKind.IMAGE, runtime="image", image=ref, base_images=(ref,) if ref else ())
    return Built(build, own_command(None, service))


def _docker(given: Given) -> Built:
    repo = given.repo
    reading = read_dockerfile(repo, DOCKERFILE, {}, given.name) if repo.is_file(DOCKERFILE) else None
    if reading is not None:
        given.found.extend(reading.diagnostics)
    build = Build(
        kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile=DOCKERFILE, context=".",
        base_images=reading.base_images if reading else (),
        upload_rules=upload_rules(given) if given.spec.is_built else None,
    )  # fmt: skip
    given.found.extend(_without_dockerfile(given, build.upload_rules or ()))
    return Built(build, own_command(reading, given.name), reading.port if reading else None)


def _without_dockerfile(given: Given, rules_: tuple[UploadRule, ...]) -> Iterator[Diagnostic]:
    """That the Dockerfile, which selects the build, is not uploaded."""
    rule = Upload(rules_).left_out_by(DOCKERFILE, is_directory=False)
    if rule is not None:
        yield _unusable(given.name, rule.origin, f"the pattern {rule.written} keeps it out of the upload")


def _no_base_image(given: Given) -> Iterator[Diagnostic]:
    """--base-image is for buildpacks alone."""
    base, rule = given.spec.base_image, rules.BASE_IMAGE
    if base is not None and given.spec.is_built:
        words = "Base image is not supported for services built from Dockerfile."
        yield error("cloud-run/base-image", words, origin=base.origin, service=given.name, rule=rule.id, url=rule.url,
                    help="leave --base-image out, or the Dockerfile")  # fmt: skip


def _dockerfile(given: Given) -> bool:
    """Whether a Dockerfile lies in the local root; one that is not uploaded selects the Docker build all the same."""
    look = given.repo.look(DOCKERFILE)
    if look.is_file:
        return True
    facts = {
        "ignored": f"git ignores it ({look.detail}), so that it is not uploaded",
        "outside": look.detail,
        "not-a-file": "it is no file",
    }
    fact = facts.get(look.why, f"it is a {look.kind}" if look.kind else "")
    if not fact:
        return False
    given.found.append(_unusable(given.name, Origin(file=DOCKERFILE) if look.kind == "file" else None, fact))
    return True


def _unusable(service: str, origin: Origin | None, fact: str) -> Diagnostic:
    return error(
        "cloud-run/dockerfile-unusable", "the Dockerfile selects a Docker build, which then does not find it",
        origin=origin, service=service, facts=(fact,), rule=rules.DOCKERFILE_ON_DISK.id,
        help="upload it: name it in no ignore file",
    )  # fmt: skip


def _why_dockerfile(written: Text | None) -> str:
    if written is None:
        return "a Dockerfile lies in the source's root"
    return f"a Dockerfile lies in the root: {written.text} is taken to be built from it; --image runs the one pushed"


def _no_dockerfile(repo: Snapshot) -> str:
    look = repo.look(DOCKERFILE)
    if look.kind is not None:
        return f"{DOCKERFILE} is no file"
    return look.detail or f"there is no {DOCKERFILE} in the source's root"


def _look_alikes(repo: Snapshot) -> list[str]:
    """Files that look like a Dockerfile and are none to Cloud Run."""
    names = [name for name in repo.entries() if name != DOCKERFILE and _LOOKS_LIKE.fullmatch(name)]
    return names + [path for path in _ELSEWHERE if repo.is_file(path)]


def _tell_look_alikes(given: Given, *, by_buildpacks: bool) -> list[Diagnostic]:
    """A warning where something else is built in its place."""
    names = _look_alikes(given.repo)
    if not names:
        return []
    because = "only a file called exactly Dockerfile in the source's root counts, and no flag names another"
    given.trace.note(
        f"{given.name}.dockerfile", "Which Dockerfile is used?", "none", because, rule=rules.DOCKERFILE,
        rejected=tuple(Rejected(answer=name, because=because) for name in names),
    )  # fmt: skip
    make = warning if by_buildpacks else info
    return [
        make(
            "cloud-run/dockerfile-name",
            f"{names[0]} is not used: only a file called exactly Dockerfile in the root is",
            origin=Origin(file=names[0]), service=given.name, rule=rules.DOCKERFILE.id, url=rules.DOCKERFILE.url,
            fault=Fault.APP, help="rename it to Dockerfile, or build the image yourself and give it with --image",
        )
    ]  # fmt: skip
