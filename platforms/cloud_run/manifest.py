"""The YAML of a service or a job → declarations in Cloud Run's own words, each with its place.

The v2 API's form, as JSON or YAML, is read as the v1 form that says the same (`manifest_v2`).

Reads what it can: whatever has the wrong shape is `shape`'s to say, and is left out here.
"""

from typing import NamedTuple

from emulator.formats.json_nodes import JsonResult, parse_json
from emulator.formats.yaml import Dialect, Mapping, Scalar, YamlResult, parse_yaml
from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.model.plan import Coverage, Traffic

from . import manifest_v2, rules, shape, shape_v2
from .reading import (
    Number,
    Text,
    is_set,
    mapping_of,
    mappings_of,
    number_of,
    numbers_of,
    place_of,
    strings_of,
    text_of,
    texts_of,
)
from .volume_specs import MountSpec, VolumeSpec, read_mount, read_volume

UNKNOWN = "!unknown"
"""The tag of a scalar whose value is not known here; its text is what it is worked out from."""


class EnvEntry(NamedTuple):
    """One variable. secret: name and version of the secret it comes from; value is then None. worked_out: what its
    value is worked out from elsewhere, and then it is None, too. wrong: why the server refuses where it comes from."""

    name: str
    value: str | None
    origin: Origin
    secret: tuple[str, str] | None = None
    worked_out: str = ""
    wrong: str = ""


class ProbeSpec(NamedTuple):
    """A probe as written. actions: httpGet, tcpSocket, grpc, as far as they are there. texts and numbers:
    its fields by their names, the action's among them ("path", "port", "service")."""

    origin: Origin
    actions: tuple[str, ...]
    numbers: dict[str, Number]
    texts: dict[str, Text]
    headers: dict[str, str]


class ContainerSpec(NamedTuple):
    """One container as written. ports: of each entry its number, None where it says none."""

    number: int
    origin: Origin
    name: Text | None = None
    image: Text | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    command_origin: Origin | None = None
    args_origin: Origin | None = None
    env: tuple[EnvEntry, ...] = ()
    ports: tuple[Number | None, ...] = ()
    port_name: Text | None = None
    protocol: Text | None = None
    ports_origin: Origin | None = None
    limits: dict[str, Text] = {}
    probes: dict[str, ProbeSpec] = {}
    mounts: tuple[MountSpec, ...] = ()
    working_dir: Text | None = None


class TaskSpec(NamedTuple):
    """How a job's tasks are run, as written."""

    task_count: Number | None = None
    parallelism: Number | None = None
    max_retries: Number | None = None
    timeout_s: Number | None = None


class TargetSpec(NamedTuple):
    """One entry of the traffic as written. refused: fields that may not be there."""

    percent: Number | None = None
    revision: Text | None = None
    latest: Text | None = None
    tag: Text | None = None
    refused: tuple[Text, ...] = ()


class ServiceSpec(NamedTuple):
    """One service or job as written; without a file, the service that `gcloud run deploy` would create by itself.
    tasks: of a job, None for a service. project: its id or its number. written_in: what its settings are said to come
    from, "" for the file's usual name. is_built: whether gcloud builds it from the source, with buildpacks where there
    is no Dockerfile. is_archive: whether the source is one, in which no Dockerfile counts. is_v2: whether it is written
    in the v2 API's form. build_env: variables of its build; base_image: what a build with buildpacks is run on.
    held_back: where it says that the revision gets no traffic."""

    name: str
    origin: Origin | None = None
    name_origin: Origin | None = None
    revision: Text | None = None
    annotations: dict[str, Text] = {}
    template_annotations: dict[str, Text] = {}
    containers: tuple[ContainerSpec, ...] = ()
    concurrency: Number | None = None
    timeout_s: Number | None = None
    targets: tuple[TargetSpec, ...] = ()
    traffic_origin: Origin | None = None
    held_back: Origin | None = None
    volumes: tuple[VolumeSpec, ...] = ()
    tasks: TaskSpec | None = None
    project: Text | None = None
    region: Text | None = None
    service_account: Text | None = None
    written_in: str = ""
    is_built: bool = False
    is_archive: bool = False
    is_v2: bool = False
    build_env: dict[str, Text] = {}
    base_image: Text | None = None

    @property
    def traffic(self) -> tuple[Traffic, ...]:
        """What goes where, as far as it is said."""
        return tuple(
            Traffic(
                revision=one.revision.text if one.revision else None, percent=one.percent.value if one.percent else 0,
                tag=one.tag.text if one.tag and one.tag.text else None,
            )
            for one in self.targets
        )  # fmt: skip

    @property
    def is_whole(self) -> bool:
        """Whether what it does not say is not so: a file describes the service, a command changes it."""
        return self.origin is not None and self.written_in != "gcloud"

    @property
    def is_job(self) -> bool:
        return self.tasks is not None

    @property
    def containers_path(self) -> str:
        """Where the containers stand, as the server writes it."""
        if self.is_v2:
            return "template.template.containers" if self.is_job else "template.containers"
        return "spec.template.spec.template.spec.containers" if self.is_job else "spec.template.spec.containers"

    @property
    def source(self) -> str:
        """What a value of the file is said to come from: the file's usual name."""
        return self.written_in or ("job.yaml" if self.is_job else "service.yaml")

    @property
    def noun(self) -> str:
        return "job" if self.is_job else "service"

    def word(self, field: str) -> str:
        """What the file calls a field of the v1 form."""
        return _V2_WORDS.get(field, field) if self.is_v2 else field


_V2_WORDS = {
    "containerConcurrency": "maxInstanceRequestConcurrency", "timeoutSeconds": "timeout", "spec.traffic": "traffic",
    "run.googleapis.com/container-dependencies": "dependsOn",
}  # fmt: skip

_LOCATION = "cloud.googleapis.com/location"
"""The label that says in which region it runs."""
_VERSIONS = {"Service": "serving.knative.dev/v1", "Job": "run.googleapis.com/v1"}
"""The kinds of resources that are planned, and the apiVersion of each."""


_UNPLANNED = ("WorkerPool", "Instance")


class Manifest(NamedTuple):
    """A file read. service: None where it describes none."""

    service: ServiceSpec | None
    diagnostics: tuple[Diagnostic, ...]
    coverage: tuple[Coverage, ...] = ()


def read_manifest(text: str, file: str, default_name: str) -> Manifest:
    """The service or job that a file describes; `default_name` where it gives none."""
    parsed = _parsed(text, file)
    document = parsed.document
    if document is None:
        return Manifest(None, parsed.diagnostics)
    if not isinstance(document, Mapping):
        problem = error(
            "cloud-run/wrong-type", f"{file} must be a mapping", origin=document.origin, rule=rules.CONFIG.id,
            url=rules.CONFIG.url, help="begin it with `apiVersion: serving.knative.dev/v1` and `kind: Service`",
        )  # fmt: skip
        return Manifest(None, (*parsed.diagnostics, problem))
    if manifest_v2.is_v2(document):
        read = _read_v2(document, file, default_name)
        return read._replace(diagnostics=(*parsed.diagnostics, *read.diagnostics))
    other = _other_kind(document, file)
    if other is not None:
        return Manifest(None, (*parsed.diagnostics, other))
    kind = text_of(document, "kind")
    is_job = kind is not None and kind.text == "Job"
    seen = shape.examine(document, "Job" if is_job else "Service")
    service = _job(document, file, default_name) if is_job else _service(document, file, default_name)
    return Manifest(service, (*parsed.diagnostics, *_kind(document), *seen.diagnostics), seen.coverage)


def _parsed(text: str, file: str) -> YamlResult | JsonResult:
    """As YAML, which is how gcloud reads a file whatever it is called; as JSON where that is the v2 API's."""
    read = parse_yaml(text, file, dialect=Dialect.YAML_1_1)
    if not file.endswith(".json"):
        return read
    is_v1 = isinstance(read.document, Mapping) and not manifest_v2.is_v2(read.document)
    return read if is_v1 else parse_json(text, file)


def _read_v2(written: Mapping, file: str, default_name: str) -> Manifest:
    other = manifest_v2.other_kind(written, file)
    if other is not None:
        return Manifest(None, (other,))
    kind = manifest_v2.kind_of(written)
    document = manifest_v2.with_json_names(written)
    assert isinstance(document, Mapping)
    seen = shape_v2.examine(document, kind)
    if kind == "Job":
        service = _job(manifest_v2.as_job(document, default_name), file, default_name)
    else:
        service = _service(manifest_v2.as_service(document, default_name), file, default_name)
    service = service._replace(is_v2=True, written_in=file, is_built=manifest_v2.is_built(document))
    return Manifest(service, (*manifest_v2.unnamed(document, default_name), *seen.diagnostics), seen.coverage)


def spec_of(document: Mapping, kind: str, file: str, default_name: str) -> ServiceSpec:
    """The "Service" or "Job" that a document of the v1 form describes."""
    return (_job if kind == "Job" else _service)(document, file, default_name)


def _other_kind(document: Mapping, file: str) -> Diagnostic | None:
    """A kind of resource that is neither a service nor a job."""
    from emulator.model.diagnostic import Fault

    kind = text_of(document, "kind")
    if kind is None or kind.text in _VERSIONS:
        return None
    known = kind.text in _UNPLANNED
    article = "an" if kind.text[:1] in "AEIOU" else "a"
    return error(
        "cloud-run/kind", f"{file} describes {article} {kind.text}, and emu plans services and jobs only",
        origin=kind.origin, fault=Fault.GAP if known else Fault.APP, rule=rules.RESOURCE_KINDS.id,
        url=rules.RESOURCE_KINDS.url, help="name the YAML of a service or a job with --config",
    )  # fmt: skip


def _kind(document: Mapping) -> list[Diagnostic]:
    """What passes the client and is refused by the server."""
    found: list[Diagnostic] = []
    version, kind = text_of(document, "apiVersion"), text_of(document, "kind")
    what = kind.text if kind else "Service"
    if version is None or version.text != _VERSIONS[what]:
        said = f"is {version.text}" if version else "is missing"
        found.append(
            error(
                "cloud-run/api-version", f"apiVersion {said}; a {what.lower()}'s is {_VERSIONS[what]}",
                origin=version.origin if version else document.origin, rule=rules.CONFIG.id, url=rules.CONFIG.url,
                help=f"write `apiVersion: {_VERSIONS[what]}`",
            )
        )  # fmt: skip
    if kind is None:
        found.append(
            error(
                "cloud-run/kind", "kind is missing; a service's is Service", origin=document.origin,
                rule=rules.CONFIG.id, url=rules.CONFIG.url, help="write `kind: Service`",
            )
        )  # fmt: skip
    return found


def _service(document: Mapping, file: str, default_name: str) -> ServiceSpec:
    meta = mapping_of(document, "metadata")
    spec = mapping_of(document, "spec")
    template = mapping_of(spec, "template")
    template_meta = mapping_of(template, "metadata")
    revision = mapping_of(template, "spec")
    name = text_of(meta, "name")
    traffic = spec.get("traffic") if spec else None
    return ServiceSpec(
        name=name.text if name and name.text else default_name,
        origin=Origin(file=file),
        name_origin=name.origin if name and name.text else None,
        revision=text_of(template_meta, "name"),
        annotations=texts_of(mapping_of(meta, "annotations")),
        template_annotations=texts_of(mapping_of(template_meta, "annotations")),
        containers=tuple(_container(n, node) for n, node in enumerate(mappings_of(revision, "containers"))),
        concurrency=number_of(revision, "containerConcurrency"),
        timeout_s=number_of(revision, "timeoutSeconds"),
        targets=tuple(_target(node) for node in mappings_of(spec, "traffic")),
        traffic_origin=traffic.origin if traffic else None,
        project=text_of(meta, "namespace"),
        region=text_of(mapping_of(meta, "labels"), _LOCATION),
        service_account=text_of(revision, "serviceAccountName"),
        volumes=tuple(read_volume(node) for node in mappings_of(revision, "volumes")),
    )


def _job(document: Mapping, file: str, default_name: str) -> ServiceSpec:
    meta = mapping_of(document, "metadata")
    template = mapping_of(mapping_of(document, "spec"), "template")
    execution = mapping_of(template, "spec")
    task = mapping_of(mapping_of(execution, "template"), "spec")
    name = text_of(meta, "name")
    return ServiceSpec(
        name=name.text if name and name.text else default_name,
        origin=Origin(file=file),
        name_origin=name.origin if name and name.text else None,
        annotations=texts_of(mapping_of(meta, "annotations")),
        template_annotations=texts_of(mapping_of(mapping_of(template, "metadata"), "annotations")),
        containers=tuple(_container(n, node) for n, node in enumerate(mappings_of(task, "containers"))),
        volumes=tuple(read_volume(node) for node in mappings_of(task, "volumes")),
        tasks=TaskSpec(
            task_count=number_of(execution, "taskCount"),
            parallelism=number_of(execution, "parallelism"),
            max_retries=number_of(task, "maxRetries"),
            timeout_s=number_of(task, "timeoutSeconds"),
        ),
        project=text_of(meta, "namespace"),
        region=text_of(mapping_of(meta, "labels"), _LOCATION),
        service_account=text_of(task, "serviceAccountName"),
    )


def _container(number: int, node: Mapping) -> ContainerSpec:
    ports = mappings_of(node, "ports")
    first = ports[0] if ports else None
    return ContainerSpec(
        number=number,
        origin=node.origin,
        name=text_of(node, "name"),
        image=text_of(node, "image"),
        command=strings_of(node, "command"),
        args=strings_of(node, "args"),
        command_origin=place_of(node, "command"),
        args_origin=place_of(node, "args"),
        env=tuple(entry for item in mappings_of(node, "env") if (entry := _env(item)) is not None),
        ports=tuple(number_of(port, "containerPort") for port in ports),
        port_name=text_of(first, "name"),
        protocol=text_of(first, "protocol"),
        ports_origin=place_of(node, "ports"),
        limits=texts_of(mapping_of(mapping_of(node, "resources"), "limits")),
        probes={
            kind: _probe(found, key.origin)
            for kind in ("startup", "liveness", "readiness")
            if (found := mapping_of(node, f"{kind}Probe")) is not None and (key := node.key(f"{kind}Probe")) is not None
        },
        mounts=tuple(read_mount(item) for item in mappings_of(node, "volumeMounts")),
        working_dir=text_of(node, "workingDir"),
    )


def _env(item: Mapping) -> EnvEntry | None:
    """A variable; None where it has no name, which is told with the container's other problems."""
    name = text_of(item, "name")
    source = mapping_of(item, "valueFrom")
    secret = mapping_of(source, "secretKeyRef")
    if name is None:
        return EnvEntry("", None, item.origin)
    if secret is not None:
        secret_name, key = text_of(secret, "name"), text_of(secret, "key")
        missing = [field for field, text in (("name", secret_name), ("key", key)) if text is None or not text.text]
        wrong = f"has a secretKeyRef without {' and '.join(missing)}" if missing else ""
        wrong = "has both a value and a valueFrom" if text_of(item, "value") is not None else wrong
        named = (secret_name.text if secret_name else "", key.text if key else "latest")
        return EnvEntry(name.text, None, item.origin, named, wrong=wrong)
    if source is not None:
        return EnvEntry(name.text, "", source.origin, wrong="has a valueFrom without secretKeyRef")
    value = item.get("value")
    if isinstance(value, Scalar) and value.tag == UNKNOWN:
        return EnvEntry(name.text, None, value.origin, worked_out=value.text)
    written = text_of(item, "value")
    return EnvEntry(name.text, written.text if written else "", item.origin)


def _probe(node: Mapping, origin: Origin) -> ProbeSpec:
    actions = tuple(
        key.text for key, value in node.pairs if key.text in ("httpGet", "tcpSocket", "grpc") and is_set(value)
    )
    action = mapping_of(node, actions[0]) if actions else None
    numbers = numbers_of(node)
    port = number_of(action, "port")
    return ProbeSpec(
        origin=origin,
        actions=actions,
        numbers=numbers | ({"port": port} if port else {}),
        texts=texts_of(action),
        headers=_headers(action),
    )


def _headers(action: Mapping | None) -> dict[str, str]:
    """The headers of a probe. One that is there twice has both values, as HTTP joins them."""
    found: dict[str, list[str]] = {}
    for item in mappings_of(action, "httpHeaders"):
        name, value = text_of(item, "name"), text_of(item, "value")
        if name is not None:
            found.setdefault(name.text, []).append(value.text if value is not None else "")
    return {name: ", ".join(values) for name, values in found.items()}


def _target(node: Mapping) -> TargetSpec:
    revision = text_of(node, "revisionName")
    refused = tuple(
        Text(key.text, key.origin) for key, value in node.pairs
        if key.text in ("configurationName", "url") and isinstance(value, Scalar) and value.text
    )  # fmt: skip
    return TargetSpec(
        percent=number_of(node, "percent"), revision=revision if revision and revision.text else None,
        latest=text_of(node, "latestRevision"), tag=text_of(node, "tag"), refused=refused,
    )  # fmt: skip
