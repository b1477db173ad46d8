"""What is wrong with a service as a whole: its name, its containers, which of them takes the requests."""

import re

from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.rule import Rule

from . import annotations, rules
from .manifest import ContainerSpec, ServiceSpec

MOST_CONTAINERS = 10
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOCUMENTED_LENGTH = 49
_RFC_1123 = "Must conform to RFC 1123: lower-case letters, digits and dashes"


def container_name(service: ServiceSpec, container: ContainerSpec) -> str:
    """A container without a name is reported as SERVICE-1, by its place."""
    named = container.name is not None and container.name.text
    return container.name.text if container.name and named else f"{service.name}-{container.number + 1}"


def ingress_of(service: ServiceSpec) -> ContainerSpec | None:
    """The container that takes the requests: the only one, or the first that has ports. Of a job, which takes none, the
    first."""
    if len(service.containers) == 1 or (service.is_job and service.containers):
        return service.containers[0]
    return next((c for c in service.containers if c.ports), None) or next(iter(service.containers), None)


def service_problems(service: ServiceSpec) -> list[Diagnostic]:
    """Everything the client or the server refuses in a service or job, apart from its limits, probes and variables."""
    return [
        *_service_name(service),
        *_revision_name(service),
        *_container_count(service),
        *(_one_ingress(service) if not service.is_job else _no_ingress(service)),
        *(problem for container in service.containers for problem in _container(service, container)),
        *_same_names(service),
    ]


def _said(service: ServiceSpec, code: str, words: str, rule: Rule, origin: Origin | None, help_: str) -> Diagnostic:  # noqa: PLR0917
    return error(
        f"cloud-run/{code}", words, origin=origin or service.origin, service=service.name, rule=rule.id, url=rule.url,
        help=help_,
    )  # fmt: skip


def _service_name(service: ServiceSpec) -> list[Diagnostic]:
    if _NAME.fullmatch(service.name) is None:
        words = (
            f"Invalid resource name [{service.name}]. The name must use only lowercase alphanumeric characters and "
            "dashes, cannot begin or end with a dash, and cannot be longer than 63 characters"
        )
        return [_said(service, "resource-name", words, rules.RESOURCE_NAME, service.name_origin, "choose another name")]
    if service.origin is not None and service.name_origin is None:
        words = f"the command names no {service.noun}" if service.written_in == "gcloud" else "metadata.name is missing"
        return [_said(service, "resource-name", words, rules.RESOURCE_NAME, None, f"name the {service.noun}")]
    if len(service.name) <= _DOCUMENTED_LENGTH or service.is_job:
        return []
    return [
        warning(
            "cloud-run/resource-name", f"the name has {len(service.name)} characters; the documentation allows 49",
            origin=service.name_origin, service=service.name, rule=rules.RESOURCE_NAME.id, help="choose a shorter one",
        )
    ]  # fmt: skip


def _revision_name(service: ServiceSpec) -> list[Diagnostic]:
    revision = service.revision
    if revision is None or (revision.text.startswith(f"{service.name}-") and _NAME.fullmatch(revision.text)):
        return []
    words = (
        f"the revision's name {revision.text} must begin with {service.name}- and be a name of 63 characters at most"
    )
    return [_said(service, "revision-name", words, rules.RESOURCE_NAME, revision.origin, "rename it, or leave it out")]


def _container_count(service: ServiceSpec) -> list[Diagnostic]:
    count = len(service.containers)
    if count > MOST_CONTAINERS:
        words = f"{service.noun.capitalize()}s may include at most {MOST_CONTAINERS} containers"
        origin = service.containers[MOST_CONTAINERS].origin
        return [_said(service, "container-count", words, rules.CONTAINER_COUNT, origin, "remove some")]
    if count == 0:
        words = f"{service.containers_path} is missing or empty"
        return [_said(service, "container-count", words, rules.CONTAINER_COUNT, None, "add a container with an image")]
    return []


def _one_ingress(service: ServiceSpec) -> list[Diagnostic]:
    with_ports = [c for c in service.containers if c.ports]
    if len(service.containers) < 2 or len(with_ports) == 1:
        return []
    if service.written_in == "gcloud":
        words = "Exactly one container must specify --port or --use-http2"
        origin = with_ports[1].ports_origin if with_ports else service.containers[0].origin
        help_ = "leave --port out of the others" if with_ports else "give it to the container that takes the requests"
        return [_said(service, "one-ingress-container", words, rules.ONE_INGRESS, origin, help_)]
    words = f"{service.containers_path}: Revision template should contain exactly one container with an exposed port"
    origin = with_ports[1].ports_origin if with_ports else service.containers[0].origin
    help_ = (
        "keep `ports` in the container that takes the requests alone" if with_ports else "give that container `ports`"
    )
    return [_said(service, "one-ingress-container", words, rules.ONE_INGRESS, origin, help_)]


def _no_ingress(service: ServiceSpec) -> list[Diagnostic]:
    """Ports, and probes of a container that serves, in a job."""
    found: list[Diagnostic] = []
    for container in service.containers:
        written = [("ports", container.ports_origin)] if container.ports else []
        written += [(f"{role}Probe", probe.origin) for role, probe in container.probes.items() if role != "startup"]
        found += [
            warning(
                "cloud-run/job-serves", f"containers[{container.number}] of a job has {field}, and nothing asks a job",
                origin=origin, service=service.name, rule=rules.JOB_CONTAINER.id, url=rules.JOB_CONTAINER.url,
                help=f"remove {field}; the server may refuse it",
            )
            for field, origin in written
        ]  # fmt: skip
    return found


def _container(service: ServiceSpec, container: ContainerSpec) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    where = f"containers[{container.number}]"
    if container.name is not None and _NAME.fullmatch(container.name.text) is None:
        words = f"Invalid container name '{container.name.text}'. {_RFC_1123}"
        found.append(_said(service, "container-name", words, rules.CONTAINER_COUNT, container.name.origin, "rename it"))
    if not service.is_built and not (container.image and container.image.text):
        words = f"{where} has no image"
        words += "" if service.is_v2 else f", and `gcloud run {service.noun}s replace` builds none"
        found.append(
            _said(service, "image-missing", words, rules.REPLACE_NEVER_BUILDS, container.origin, "add `image:`")
        )
    if len(container.ports) > 1:
        words = f"{where} has {len(container.ports)} ports; it may have one"
        found.append(_said(service, "ports", words, rules.PORT, container.ports_origin, "keep the one for requests"))
    for port in container.ports:
        if port is not None and not 0 < port.value < 65536:
            words = f"{where}: containerPort {port.value} is no port number"
            found.append(_said(service, "ports", words, rules.PORT, port.origin, "write a number from 1 to 65535"))
    for text, allowed in ((container.port_name, ("http1", "h2c")), (container.protocol, ("TCP",))):
        if text is not None and text.text not in ("", *allowed):
            words = f"{where}: {text.text} is none of {', '.join(allowed)}"
            found.append(
                _said(service, "ports", words, rules.PORT, text.origin, f"write {allowed[0]}, or leave it out")
            )
    return found


def _same_names(service: ServiceSpec) -> list[Diagnostic]:
    names = [container_name(service, c) for c in service.containers]
    twice = next((c for n, c in enumerate(service.containers) if names[n] in names[:n]), None)
    if twice is None:
        return []
    words = f"two containers are called {container_name(service, twice)}"
    return [_said(service, "container-name", words, rules.CONTAINER_COUNT, twice.origin, "rename one of them")]


# ---- dependencies -------------------------------------------------------------------------------------


def dependencies_of(service: ServiceSpec) -> tuple[dict[str, tuple[str, ...]], list[Diagnostic]]:
    """Container → those that start before it, and what is wrong with the annotation that says so."""
    import msgspec

    text = service.template_annotations.get(annotations.DEPENDENCIES)
    if text is None or not text.text:
        return {}, []
    try:
        needs = msgspec.json.decode(_QUOTED.sub(_quote, text.text), type=dict[str, tuple[str, ...]])
    except msgspec.DecodeError:
        words = f"{annotations.DEPENDENCIES} is no JSON object of lists of names"
        help_ = 'write it like {"app": ["proxy"]}, in single quotes'
        return {}, [_said(service, "dependencies", words, rules.DEPENDENCIES, text.origin, help_)]
    found = _dependency_problems(service, needs, text.origin)
    return ({} if found else needs), found


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.-]+')
"""A quoted text, or a word without quotes, which Google's own samples have and the server takes: {nginx: [hello]}."""


def _quote(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else f'"{found[0]}"'


def _dependency_problems(service: ServiceSpec, needs: dict[str, tuple[str, ...]], origin: Origin) -> list[Diagnostic]:
    containers = {container_name(service, c): c for c in service.containers}
    found: list[Diagnostic] = []
    for name in dict.fromkeys((*needs, *(n for names in needs.values() for n in names))):
        if _NAME.fullmatch(name) is None:
            help_ = f"use the name it is given: {next(iter(containers), service.name + '-1')}"
            words = f"Invalid container name '{name}'. {_RFC_1123}"
            found.append(_said(service, "container-name", words, rules.DEPENDENCIES, origin, help_))
        elif name not in containers:
            words = f"{service.word(annotations.DEPENDENCIES)} names {name}, which is no container"
            found.append(
                _said(service, "dependencies", words, rules.DEPENDENCIES, origin, f"known are {', '.join(containers)}")
            )
    numbers = {name: c.number for name, c in containers.items()}
    for dependant, names in needs.items():
        for name in names:
            needed = containers.get(name)
            if needed is not None and dependant in numbers and not _has_startup_probe(service, needed):
                words = (
                    f"{service.containers_path}[{numbers[dependant]}].depends_on: "
                    f"Dependent container '{name}' must have startup probe specified"
                )
                help_ = f"add a startupProbe to {name}"
                found.append(_said(service, "dependency-probe", words, rules.DEPENDENCY_PROBE, needed.origin, help_))
    if not found and (circle := _circle(needs)) is not None:
        words = f"the containers {', '.join(circle)} wait for each other"
        words = f"the container {circle[0]} waits for itself" if len(circle) == 1 else words
        found.append(_said(service, "dependencies", words, rules.DEPENDENCIES, origin, "break the circle"))
    return found


def _has_startup_probe(service: ServiceSpec, container: ContainerSpec) -> bool:
    """Its own, or the one that the ingress container is given."""
    return "startup" in container.probes or container is ingress_of(service)


def _circle(needs: dict[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """Containers none of which can start first; None when all can be put in an order."""
    waiting = {name: set(names) for name, names in needs.items()}
    while True:
        free = [name for name, names in waiting.items() if not names & set(waiting)]
        if not free:
            return tuple(sorted(waiting)) or None
        for name in free:
            del waiting[name]
