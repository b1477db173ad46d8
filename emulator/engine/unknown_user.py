"""An image whose user it does not know, on a platform that runs it as root. Pure."""

import re

from emulator.model.diagnostic import Diagnostic, warning
from emulator.model.record import replace
from emulator.world.containers import ContainerSpec, StartFailure

_UNKNOWN = re.compile(r"unable to find user (?P<name>[^\s:]*): no matching entries in passwd file")


def as_root(spec: ContainerSpec, failure: StartFailure | None) -> ContainerSpec | None:
    """The same container as root, where the engine did not start it for its image's user and the platform would. A
    group that is not known, or a user that the spec itself names, is another matter."""
    if failure is None or not spec.unknown_user_is_root or spec.user is not None:
        return None
    return replace(spec, user="0:0") if _UNKNOWN.search(failure.message) else None


def runs_as_root(service: str, failure: StartFailure) -> Diagnostic:
    """What is told about it."""
    found = _UNKNOWN.search(failure.message)
    name = found["name"] if found else "its user"
    return warning(
        "start/user-unknown", f"it runs as root: the image's user {name} is not in its /etc/passwd", service=service,
        facts=("the platform does the same; elsewhere such an image does not start",),
        help=f"create the user in the image (RUN useradd {name}), or leave USER out",
    )  # fmt: skip
