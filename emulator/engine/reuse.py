"""Whether what an image was built of is the same again: then it need not be built, and what the platform would build
is what there is. Pure.

A build argument that the Dockerfile does not name has no part in it. A base image is the same while its name stands
for the same image here. What a build reads from the private network is never known to be the same.

A builder with a warm cache gives the same image for the same of all this, unless it asks something that lies elsewhere:
a registry, a URL. `is_sure` says where it does not.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple, Protocol

from emulator.formats.dockerfile.parsing import parse_dockerfile
from emulator.formats.dockerfile.records import Dockerfile
from emulator.formats.dockerfile.stages import SCRATCH, Stage, read_stages
from emulator.model.diagnostic import Severity
from emulator.world.building import BuilderFacts, BuildRequest
from emulator.world.docker import ImageFacts

from .labels import DEPLOY

RULES = 1
"""Counts up when the same of what is compared here comes to be built otherwise."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BUILDERS_OWN = re.compile(r"BUILDKIT_.*|SOURCE_DATE_EPOCH|(?i:(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY)")
"""Arguments that every build has, without being named."""
_OTHER_SYNTAX = re.compile(r"\s*(?:#|//)\s*syntax\s*=\s*(?!docker/dockerfile(?:-upstream)?[:@\s])", re.IGNORECASE)
_NAMED_BY_VALUE = re.compile(r"(?im)^\s*(?:ONBUILD\s+)?ARG\s[^#\n]*\$|onbuild")
"""An argument whose name is made up of others; a base image that may name some itself."""
_FRONTEND = re.compile(r"syntax[\"']?\s*[=:]", re.IGNORECASE)
"""What may name a frontend, as a comment or as JSON: the builder asks a registry for it each time."""
_PROXY = re.compile(r"(?:http|https|ftp|no|all)_proxy", re.IGNORECASE)
"""The user's own settings give each build the values."""
_ELSEWHERE = re.compile(r"://|@|\$|^github\.com/|\.git$")
"""In a source of ADD: it may be no file of the context."""
_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")


class Sent(Protocol):
    """What is sent to the builder, as it was when it was looked at."""

    @property
    def dockerfile(self) -> str:
        """What it says."""
        ...

    @property
    def files(self) -> str:
        """Differs once anything does that the builder gets of the context, and tells nothing of it."""
        ...

    def is_still_so(self) -> bool:
        """Whether surely nothing has been changed since, not even there and back."""
        ...


class Reuse(Enum):
    """Which images a deploy may use again."""

    NO = auto()
    SURE = auto()
    """What a build would surely come to."""
    SAVED = auto()
    """Also what was built in this run: of a save it is known what has changed, and nobody's registry counts."""


class MadeOf(NamedTuple):
    """All that decides what a build makes. digest: differs where any of it does, and tells nothing of it. sure: whether
    the builder would come to the same without asking anything elsewhere."""

    digest: str
    sure: bool


class Earlier(NamedTuple):
    """An image that was built here. deploy: the one it was built for."""

    image: str
    deploy: int


class Images(Protocol):
    """The images that were built of a project, by what they are made of."""

    def key(self) -> bytes:
        """What digests are made with: a secret of this project."""
        ...

    def digest_of(self, file: str, stamp: tuple[int, int, int, int, int]) -> str | None:
        """Of a file, a link or a folder, by its whole path and what the file system says of it; None where that cannot
        be said."""
        ...

    def has_any(self, service: str) -> bool: ...

    def find(self, service: str, made_of: MadeOf, reuse: Reuse) -> Earlier | None: ...

    def keep(self, service: str, made_of: MadeOf, image: Earlier) -> None:
        """Remember what an image is made of, beyond this run where that is sure."""
        ...


def made_of(
    request: BuildRequest,
    sent: Sent | None,
    bases: Mapping[str, ImageFacts | None],
    builder: BuilderFacts | None,
    key: bytes,
) -> MadeOf | None:
    """bases: what the base images are here, None for those that only a registry has. builder: None for one of which
    nothing is known. None where it cannot be known to be the same another time."""
    if sent is None or request.hosts:
        return None
    told = (
        RULES, request.target, {name: request.args[name] for name in named_arguments(request.args, sent.dockerfile)},
        dict(request.secrets), {name: content.hex() for name, content in request.secret_files.items()},
        request.base_images, request.platform, {name: v for name, v in request.labels.items() if name != DEPLOY},
        request.syntax_line, sent.dockerfile, sent.files,
        {name: image.id if image is not None else None for name, image in bases.items()},
        builder.identity if builder is not None else None,
    )  # fmt: skip
    digest = hmac.new(key, json.dumps(told, sort_keys=True).encode(), hashlib.sha256).hexdigest()
    return MadeOf(digest, is_sure(request, sent.dockerfile, bases, builder))


def named_arguments(args: Mapping[str, str], dockerfile: str) -> list[str]:
    """Those of the arguments that the Dockerfile may use."""
    if _OTHER_SYNTAX.match(dockerfile) or _NAMED_BY_VALUE.search(dockerfile):
        return list(args)
    words = frozenset(_WORD.findall(dockerfile))
    return [name for name in args if name in words or _BUILDERS_OWN.fullmatch(name)]


def is_sure(
    request: BuildRequest, dockerfile: str, bases: Mapping[str, ImageFacts | None], builder: BuilderFacts | None
) -> bool:
    """Whether a builder with a warm cache makes this of nothing but what is here."""
    if builder is None or request.no_cache or request.pull or "BUILDKIT_SYNTAX" in request.args:
        return False
    if (_FRONTEND.search(dockerfile) and request.syntax_line == "honour") or _PROXY.search(dockerfile):
        return False
    parsed = parse_dockerfile(dockerfile, "Dockerfile")
    stages = read_stages(parsed, build_args=request.args, target=request.target, platform=request.platform)
    if any(one.severity is Severity.ERROR for one in (*parsed.diagnostics, *stages.diagnostics)):
        return False
    if any(_ELSEWHERE.search(source) for source in _added(parsed)):
        return False
    named = [name for name in stages.base_images if name != SCRATCH]
    return all(_is_at_hand(name, bases.get(name), request, builder) for name in named) and all(
        _is_for(stages.stages[index], request.platform, builder) for index in stages.reached
    )


def _added(dockerfile: Dockerfile) -> Iterator[str]:
    for instruction in dockerfile.instructions:
        inner = instruction.trigger or instruction
        if inner.keyword == "ADD":
            yield from (word.text for word in inner.words[:-1])


def _is_at_hand(name: str, image: ImageFacts | None, request: BuildRequest, builder: BuilderFacts) -> bool:
    """Whether the builder takes the base image that is here, which has no instructions of its own for it."""
    if image is None or image.has_triggers or image.architecture != _architecture(request.platform):
        return False
    used = request.base_images.get(name, name)
    return not builder.asks_registries or _PINNED.search(used) is not None


def _is_for(stage: Stage, platform: str, builder: BuilderFacts) -> bool:
    """Whether a stage is built for the platform that its base image here is for."""
    if stage.platform is None:
        return True
    return stage.platform == platform and builder.architecture == _architecture(platform)


def _architecture(platform: str) -> str:
    return platform.split("/")[1] if "/" in platform else platform
