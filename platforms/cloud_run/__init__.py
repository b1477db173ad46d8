"""Cloud Run: the contract's names and nothing more."""

import re
from typing import TYPE_CHECKING

from emulator.contract import Claim, Inputs, Option, Resolution
from emulator.model.choice import Decision
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable

from .rules import RULES

if TYPE_CHECKING:
    from emulator.model.event import Event
    from emulator.model.plan import Service

NAME = "cloud-run"
TITLE = "Cloud Run"

DEFAULT_CONFIG = "service.yaml"
_KNATIVE = re.compile(r"""^["']?apiVersion["']?:[ \t]*["']?serving\.knative\.dev/""", re.MULTILINE)

OPTIONS: tuple[Option, ...] = (
    Option(
        flag="--config", metavar="FILE", help="the service's YAML (default: service.yaml when it is a Knative Service)"
    ),
    Option(flag="--image", metavar="REF", help="deploy this image instead of building the source"),
)


def claim(repo: Snapshot) -> Claim:
    """A Knative service.yaml says so, or a file that only Google's tools read."""
    if is_knative_service(repo, DEFAULT_CONFIG):
        because = f"{DEFAULT_CONFIG} describes a Knative Service"
        return Claim(claims=True, because=because, origin=Origin(file=DEFAULT_CONFIG))
    for name in (".gcloudignore", "cloudbuild.yaml"):
        if repo.is_file(name):
            return Claim(claims=True, because=f"{name} is there", origin=Origin(file=name))
    return Claim(claims=False, because=f"there is no Knative {DEFAULT_CONFIG}, .gcloudignore or cloudbuild.yaml")


def is_knative_service(repo: Snapshot, path: str) -> bool:
    """Whether the file's apiVersion is Knative's. Looks at the text: reading YAML costs more than a claim may."""
    try:
        return repo.is_file(path) and _KNATIVE.search(repo.text(path)) is not None
    except Unreadable:
        return False


# What reads and words the files is imported where it is used: not at all where another platform is meant.


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """See `resolution.resolve`."""
    from .resolution import resolve

    return resolve(repo, inputs, detected)


def narrate(service: "Service", event: "Event") -> tuple[str, ...]:
    """See `log_lines.narrate`."""
    from .log_lines import narrate

    return narrate(service, event)


__all__ = ["NAME", "OPTIONS", "RULES", "TITLE", "claim", "narrate", "resolve"]
