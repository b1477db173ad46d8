"""What gcloud itself refuses in a deploy command before it sends anything: words that are none of its own, an image
that its source cannot be built to, containers that are not there."""

import re
from typing import TYPE_CHECKING

from emulator.model.diagnostic import Diagnostic, Fault, error, warning
from emulator.model.origin import Origin

from . import rules
from .gcloud_flags import OF_JOBS, OF_SERVICES
from .gcloud_words import BUILD_FILES, WORKFLOWS, Word

if TYPE_CHECKING:
    from .gcloud import Reader, _Given, _Group

_PLAIN = re.compile(r"[\w./:@,-]+", re.ASCII)
_REPOSITORY = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev/[^/]+/[^/]+(?:/([^/:@]+)(?:[:@].*)?)?")
_ARCHIVES = (".zip", ".tgz", ".gz")


def worker_pools(origin: Origin) -> Diagnostic:
    rule = rules.RESOURCE_KINDS
    return error(
        "cloud-run/kind", "the command deploys a worker pool, and emu plans services and jobs only", origin=origin,
        fault=Fault.GAP, rule=rule.id, url=rule.url, help='plan what it runs as a job: --gcloud "run jobs deploy …"',
    )  # fmt: skip


def refuse_words(reader: "Reader", names: list[Word]) -> None:
    """names: what follows the command that is no flag's. The first is the service's name."""
    more = [word for word in names[1:] if word.is_known and _PLAIN.fullmatch(word.text)]
    if more and len(more) == len(names) - 1:
        said = " ".join(word.text for word in more)
        help_ = "put a value with spaces into quotes" if any(g.given for g in (reader.whole, *reader.groups)) else ""
        reader.refuse("gcloud-flag", f"unrecognized arguments: {said}", more[0].origin, help_ or "leave them out")


def refuse_flags(reader: "Reader", given: "list[_Given]") -> None:
    """Flags that services have and jobs have not, or the other way round."""
    noun, others, command = ("services", OF_SERVICES, "jobs deploy") if reader.is_job else ("jobs", OF_JOBS, "deploy")
    rule = rules.DEPLOY_COMMAND
    for one in given:
        if one.name in others:
            reader.found.append(
                warning(
                    "cloud-run/gcloud-flag", f"{one.name} is a flag of {noun}: gcloud run {command} does not know it",
                    origin=one.origin, rule=rule.id, url=rule.url, help="leave it out",
                )
            )  # fmt: skip


def refuse_images(reader: "Reader", groups: "list[_Group]", service: str) -> None:
    """What is built goes to a repository of Artifact Registry; what is not built needs an image."""
    for group in groups:
        image, source = group.text("--image"), group.last("--source")
        if image is None or source is None:
            continue
        found = _REPOSITORY.fullmatch(image.text)
        if found is None:
            words = f"argument --image: {image.text} is no place for what is built from source"
            help_ = f"write REGION-docker.pkg.dev/PROJECT/REPOSITORY/{service}, or leave --image out"
            reader.refuse("gcloud-flag", words, image.origin, help_)
        elif found[1] not in (None, service):
            words = f"argument --image: what is built from source for {service} cannot be called {found[1]}"
            reader.refuse("gcloud-flag", words, image.origin, f"end it with /{service}")
    if not any(group.last(flag) for group in groups for flag in ("--image", "--source")):
        _nothing_to_deploy(reader)


def _nothing_to_deploy(reader: "Reader") -> None:
    """A terminal asks for the source's folder; where nobody can be asked it ends there."""
    verbs = [word.text for word in reader.names]
    if "update" in verbs or not all(word.is_known for word in reader.call.words):
        return
    file, rule = reader.call.origin.file, rules.NO_SOURCE
    make = error if file.startswith(f"{WORKFLOWS}/") or file in BUILD_FILES else warning
    words = (
        "Missing required argument [--image]: Requires a container image to deploy (e.g. "
        "`gcr.io/cloudrun/hello:latest`) if no build source is provided."
    )
    reader.found.append(
        make(
            "cloud-run/gcloud-no-source", words, origin=reader.call.origin, rule=rule.id, url=rule.url,
            facts=("in a terminal gcloud asks for the folder instead: the plan is of this one",),
            help="add --source . or --image",
        )
    )  # fmt: skip


def refuse_archive(reader: "Reader", one: "_Given", path: str) -> None:
    if reader.repo.is_file(path) and not path.endswith(_ARCHIVES):
        words = f"argument --source: {path} is a file, and no archive: its name must end with .zip, .tgz or .gz"
        reader.refuse("gcloud-flag", words, one.origin, "name a folder")


def refuse_dependencies(reader: "Reader", groups: "list[_Group]", needs: dict[str, list[str]]) -> dict[str, list[str]]:
    """Containers that are waited for and not there; what is left without them."""
    known = [group.name.text for group in groups if group.name is not None]
    for group in groups:
        name = group.name.text if group.name is not None else ""
        lacking = [one for one in needs.get(name, ()) if one not in known]
        given = group.last("--depends-on")
        if lacking and given is not None:
            words = f"--depends_on for container {name} references nonexistent containers: {','.join(lacking)}."
            words = words if name else "--depends-on stands outside of the flags of a --container"
            help_ = f"known are {', '.join(known)}" if known else "begin each container's flags with --container NAME"
            reader.refuse("gcloud-flag", words, given.origin, help_)
    left = {name: [one for one in those if one in known] for name, those in needs.items() if name in known}
    return {name: those for name, those in left.items() if those}
