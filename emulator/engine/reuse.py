"""Whether what an image was built of is the same again: then it need not be built, and what the platform would build
is what there is. Pure.

A build argument that the Dockerfile does not name has no part in it. A base image is the same while its name stands
for the same image here; of one that only a registry has, the name. What a build reads from the private network is never
known to be the same.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from emulator.model.record import replace
from emulator.world import BuildRequest, Hidden

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BUILDERS_OWN = re.compile(r"BUILDKIT_.*|SOURCE_DATE_EPOCH|(?i:(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY)")
"""Arguments that every build has, without being named."""
_OTHER_SYNTAX = re.compile(r"\s*(?:#|//)\s*syntax\s*=\s*(?!docker/dockerfile(?:-upstream)?[:@\s])", re.IGNORECASE)
_NAMED_BY_VALUE = re.compile(r"(?im)^\s*(?:ONBUILD\s+)?ARG\s[^#\n]*\$|onbuild")
"""An argument whose name is made up of others; a base image that may name some itself."""


class Sent(Protocol):
    """What is sent to the builder, as the file system had it when it was looked at."""

    @property
    def dockerfile(self) -> str:
        """What it says."""
        ...

    def same_as(self, earlier: "Sent") -> bool:
        """Whether surely the same was sent then."""
        ...


class MadeOf(NamedTuple):
    """All that decides what a build makes. request: but for places and names; bases: the ids of the base images here,
    None of those that only a registry has."""

    request: BuildRequest
    sent: Sent
    bases: Mapping[str, str | None]

    def same_as(self, earlier: "MadeOf") -> bool:
        return (self.request, self.bases) == (earlier.request, earlier.bases) and self.sent.same_as(earlier.sent)


class Earlier(NamedTuple):
    """The image of a service's live deploy, and what it is made of. deploy: the one it was built for."""

    image: str
    deploy: int
    made_of: MadeOf


def made_of(request: BuildRequest, sent: Sent | None, bases: Mapping[str, str | None]) -> MadeOf | None:
    """None where it cannot be known to be the same another time."""
    if sent is None or request.hosts:
        return None
    args = Hidden({name: request.args[name] for name in named_arguments(request.args, sent.dockerfile)})
    told = replace(request, context="", dockerfile="", tag=None, labels={}, args=args, masked=frozenset())
    return MadeOf(told, sent, bases)


def named_arguments(args: Mapping[str, str], dockerfile: str) -> list[str]:
    """Those of the arguments that the Dockerfile may use."""
    if _OTHER_SYNTAX.match(dockerfile) or _NAMED_BY_VALUE.search(dockerfile):
        return list(args)
    words = frozenset(_WORD.findall(dockerfile))
    return [name for name in args if name in words or _BUILDERS_OWN.fullmatch(name)]
