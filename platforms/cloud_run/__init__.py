"""Cloud Run: the contract's names and nothing more."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

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
DIALECT = "yaml-1.1"

SERVICE_CONFIG, JOB_CONFIG = "service.yaml", "job.yaml"
_VERSIONS = {
    SERVICE_CONFIG: re.compile(r"""^["']?apiVersion["']?:[ \t]*["']?serving\.knative\.dev/""", re.MULTILINE),
    JOB_CONFIG: re.compile(r"""^["']?apiVersion["']?:[ \t]*["']?run\.googleapis\.com/""", re.MULTILINE),
}
"""File → what its apiVersion begins with."""

_WORKFLOWS = ".github/workflows"
_MOST_WORKFLOWS = 20
"""How many are looked through: every plan does it, whichever platform it is for."""
_SCRIPTS = ("deploy.sh", "Makefile", "package.json")
_DEPLOYS = re.compile(
    r"google-github-actions/deploy-cloudrun\b|"
    r"^[^#\n]*\bgcloud\s+(?:(?:alpha|beta)\s+)?run\s+(?:deploy|(?:services|jobs)\s+(?:deploy|create|update|replace))\b",
    re.MULTILINE,
)
"""A command, or the step of a workflow, that deploys to Cloud Run."""

OPTIONS: tuple[Option, ...] = (
    Option(
        flag="--config", metavar="FILE",
        help="the service's or job's YAML, what the v2 API has for it as JSON or YAML, or a Terraform file, main.tf or "
        "main.tf:NAME (default: service.yaml or job.yaml when it is a Knative Service or a Job)",
    ),
    Option(
        flag="--gcloud", metavar="COMMAND",
        help='plan what this command deploys: "run deploy NAME --source .", or FILE[:LINE] of the script, build file '
        "or workflow that holds it",
    ),
    Option(
        flag="--var-file", metavar="FILE", is_files=True,
        help="values of the variables of a Terraform file that --config names, as Terraform takes them (repeatable)",
    ),
    Option(flag="--image", metavar="REF", help="deploy this image instead of building the source"),
    Option(
        flag="--google-project", metavar="ID",
        help="the project that the metadata server tells (default: the file's or command's, else one made up)",
    ),
    Option(flag="--google-project-number", metavar="NUMBER", help="its number (default: likewise)"),
    Option(flag="--google-region", metavar="REGION", help="the region that it tells (default: likewise)"),
    Option(
        flag="--google-service-account", metavar="EMAIL",
        help="the account that it tells (default: the file's or command's, else the project's default one)",
    ),
    Option(
        flag="--google-credentials", is_switch=True,
        help="let the metadata server hand out your own access token, which gcloud prints (default: a fake)",
    ),
)


def claim(repo: Snapshot) -> Claim:
    """A Knative service.yaml or the YAML of a job says so, a file that only Google's tools read, or a command in a
    workflow or script."""
    config = default_config(repo)
    if config is not None:
        what = "a Knative Service" if config == SERVICE_CONFIG else "a Cloud Run Job"
        return Claim(claims=True, because=f"{config} describes {what}", origin=Origin(file=config))
    for name in (".gcloudignore", "cloudbuild.yaml", "cloudbuild.yml"):
        if repo.is_file(name):
            return Claim(claims=True, because=f"{name} is there", origin=Origin(file=name))
    for path in _scripts(repo):
        if (found := _DEPLOYS.search(_text(repo, path))) is not None:
            what = "google-github-actions/deploy-cloudrun" if "deploy-" in found[0] else "gcloud run"
            return Claim(claims=True, because=f"{path} deploys with {what}", origin=Origin(file=path))
    because = f"there is no Knative {SERVICE_CONFIG}, job's {JOB_CONFIG}, .gcloudignore or cloudbuild.yaml"
    return Claim(claims=False, because=f"{because}, and no script or workflow that deploys with gcloud run")


def _scripts(repo: Snapshot) -> Iterator[str]:
    """Where commands that deploy are usually kept: workflows, the first by name, and a few files of the root."""
    if repo.look(_WORKFLOWS).is_directory:
        names = [name for name in repo.entries(_WORKFLOWS) if name.endswith((".yml", ".yaml"))]
        yield from (f"{_WORKFLOWS}/{name}" for name in names[:_MOST_WORKFLOWS])
    yield from (name for name in _SCRIPTS if repo.is_file(name))


def _text(repo: Snapshot, path: str) -> str:
    try:
        return repo.text(path)
    except Unreadable:
        return ""


def default_config(repo: Snapshot) -> str | None:
    """The file that describes what is deployed where --config names none."""
    return next((path for path in _VERSIONS if is_config(repo, path)), None)


def is_config(repo: Snapshot, path: str) -> bool:
    """Whether a file of a usual name is Cloud Run's by its apiVersion. Looks at the text: reading YAML costs more than
    a claim may."""
    try:
        return repo.is_file(path) and _VERSIONS[path].search(repo.text(path)) is not None
    except Unreadable:
        return False


# What reads and words the files is imported where it is used: not at all where another platform is meant.


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """See `resolution.resolve`."""
    from .resolution import resolve

    return resolve(repo, inputs, detected)


def field_path(file: str, text: str, field: tuple[str, ...]) -> tuple[str, ...]:
    """See `field_paths.field_path`."""
    from .field_paths import field_path

    return field_path(file, text, field)


def schemas() -> dict[str, dict[str, Any]]:
    """None: Google publishes those of its own files."""
    return {}


def narrate(service: "Service", event: "Event") -> tuple[str, ...]:
    """See `log_lines.narrate`."""
    from .log_lines import narrate

    return narrate(service, event)


def explanations() -> Mapping[str, str]:
    """See `codes.EXPLANATIONS`."""
    from .codes import EXPLANATIONS

    return EXPLANATIONS


def next_run(service: "Service", after: float) -> float | None:
    """Nothing runs by the clock here: another product of Google's does that."""
    del service, after
    return None


__all__ = [
    "DIALECT", "NAME", "OPTIONS", "RULES", "TITLE", "claim", "explanations", "field_path", "narrate", "next_run",
    "resolve", "schemas",
]  # fmt: skip
