"""The v2 API's form of a service or a job → the same in the v1 form, every value with its place.

What `manifest` reads of the v1 form is written here from what v2 has for it; the rest is left out. Whatever has the
wrong shape is `shape_v2`'s to say.
"""

import json
import re
from collections.abc import Callable, Iterable

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, value_of
from emulator.model.diagnostic import Diagnostic, Fault, error, info
from emulator.model.origin import Origin

from . import annotations, rules
from .fields_v2 import TYPES

_FULL_NAME = re.compile(r"projects/([^/]+)/locations/([^/]+)/([A-Za-z]+)/([^/]+)((?:/[^/]+)*)")
_SECONDS = re.compile(r"(-?[0-9]{1,12})(\.0*[1-9][0-9]*)?(?:\.0+)?s")
_MAPS = ("annotations", "labels", "limits", "environmentVariables")
"""Fields whose keys are the user's."""
_NAMES = frozenset(name for fields in TYPES.values() for name in fields)

_INGRESS = {
    "INGRESS_TRAFFIC_ALL": "all", "INGRESS_TRAFFIC_INTERNAL_ONLY": "internal",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_NONE": "none",
}  # fmt: skip
_ENVIRONMENT = {"EXECUTION_ENVIRONMENT_GEN1": "gen1", "EXECUTION_ENVIRONMENT_GEN2": "gen2"}
_MODES = {"AUTOMATIC": "automatic", "MANUAL": "manual"}
_MEDIA = {"MEMORY": "Memory", "DISK": "Disk"}


def is_v2(document: Node | None) -> bool:
    """Whether it is the v2 API's: with a template or a full name at the top, and without apiVersion and kind."""
    if not isinstance(document, Mapping) or document.get("apiVersion") or document.get("kind"):
        return False
    if isinstance(document.get("template"), Mapping):
        return document.get("spec") is None
    return _full_name(document) is not None


def kind_of(document: Mapping) -> str:
    """ "Service" or "Job", by its full name, else by what its template holds; of other resources their plural."""
    full = _full_name(document)
    if full is not None and full[5]:
        return full[5].split("/")[1]
    if full is not None:
        return {"services": "Service", "jobs": "Job"}.get(full[3], full[3])
    template = _mapping(document, "template")
    return "Job" if template is not None and template.get("template") is not None else "Service"


def other_kind(document: Mapping, file: str) -> Diagnostic | None:
    """A resource that is neither a service nor a job."""
    kind, name = kind_of(document), document.get("name")
    if kind in ("Service", "Job"):
        return None
    known = kind in ("workerPools", "instances")
    return error(
        "cloud-run/kind", f"{file} is one of the {kind} of the v2 API, and emu plans services and jobs only",
        origin=name.origin if name else document.origin, fault=Fault.GAP if known else Fault.APP,
        rule=rules.RESOURCE_KINDS.id, url=rules.RESOURCE_KINDS.url, help="name the file of a service or a job",
    )  # fmt: skip


def unnamed(document: Mapping, name: str) -> list[Diagnostic]:
    """A file without a name: the request that sends it has one."""
    if isinstance(document.get("name"), Scalar):
        return []
    what = kind_of(document).lower()
    return [
        info(
            "cloud-run/v2-name", f"the {what} has no name here: a request gives it as {what}Id. It is called {name}",
            origin=document.origin, fault=Fault.APP, rule=rules.V2_FORM.id, url=rules.V2_FORM.url,
            help=f"add `name: {name}`",
        )
    ]  # fmt: skip


def with_json_names(node: Node) -> Node:
    """Its fields by their names in JSON: those of the API's own definitions, max_retries for maxRetries, are taken
    there as well."""
    if isinstance(node, Sequence):
        return Sequence(items=tuple(with_json_names(item) for item in node.items), origin=node.origin)
    if not isinstance(node, Mapping):
        return node
    pairs: dict[str, tuple[Scalar, Node]] = {}
    for key, value in node.pairs:
        name = re.sub("_([a-z])", lambda found: found[1].upper(), key.text)
        named = _text(name, key.origin) if name in _NAMES else key
        pairs.setdefault(named.text, (named, value if named.text in _MAPS else with_json_names(value)))
    return Mapping(pairs=tuple(pairs.values()), origin=node.origin)


def as_service(document: Mapping, default_name: str) -> Mapping:
    """A v2 Service as a Knative Service."""
    template = _mapping(document, "template")
    scaling, revision = _mapping(document, "scaling"), _mapping(template, "scaling")
    name = _name(document, default_name)
    of_service = _object(
        document.origin,
        (annotations.RUN + "ingress", _word(document, "ingress", _INGRESS)),
        (annotations.RUN + "launch-stage", _get(document, "launchStage")),
        (annotations.RUN + "minScale", _get(scaling, "minInstanceCount")),
        (annotations.RUN + "maxScale", _get(scaling, "maxInstanceCount")),
        (annotations.RUN + "manualInstanceCount", _get(scaling, "manualInstanceCount")),
        (annotations.RUN + "scalingMode", _word(scaling, "scalingMode", _MODES)),
    )
    containers = _mappings(template, "containers")
    of_revision = _object(
        document.origin,
        (annotations.SCALE + "minScale", _get(revision, "minInstanceCount")),
        (annotations.SCALE + "maxScale", _get(revision, "maxInstanceCount")),
        (annotations.RUN + "sessionAffinity", _get(template, "sessionAffinity")),
        (annotations.RUN + "health-check-disabled", _get(template, "healthCheckDisabled")),
        (annotations.THROTTLING, _throttling(containers)),
        (annotations.RUN + "startup-cpu-boost", _boost(containers)),
        *_of_instance(template, containers, name.text),
    )
    instance = _object(
        document.origin, *_instance(template), ("containerConcurrency", _get(template, "maxInstanceRequestConcurrency"))
    )
    inner = _object(
        document.origin,
        ("metadata", _object(document.origin, ("name", _get(template, "revision")), ("annotations", of_revision))),
        ("spec", instance),
    )
    spec = _object(document.origin, ("template", inner), ("traffic", _each(document, "traffic", _traffic)))
    return _object(
        document.origin,
        ("metadata", _meta(document, name, of_service)), ("spec", spec),
    )  # fmt: skip


def as_job(document: Mapping, default_name: str) -> Mapping:
    """A v2 Job as a v1 Job."""
    execution = _mapping(document, "template")
    task = _mapping(execution, "template")
    name = _name(document, default_name)
    of_job = _object(document.origin, (annotations.RUN + "launch-stage", _get(document, "launchStage")))
    containers = _mappings(task, "containers")
    of_execution = _object(document.origin, *_of_instance(task, containers, name.text))
    inner = _object(document.origin, *_instance(task), ("maxRetries", _get(task, "maxRetries")))
    spec = _object(
        document.origin,
        ("taskCount", _get(execution, "taskCount")),
        ("parallelism", _get(execution, "parallelism")),
        ("template", _object(document.origin, ("spec", inner))),
    )
    template = _object(
        document.origin, ("metadata", _object(document.origin, ("annotations", of_execution))), ("spec", spec)
    )
    return _object(
        document.origin,
        ("metadata", _meta(document, name, of_job)),
        ("spec", _object(document.origin, ("template", template))),
    )


def _meta(document: Mapping, name: Scalar, annotations_: Mapping) -> Mapping:
    """The name, and what of project and region a full name says."""
    full, node = _full_name(document), document.get("name")
    if full is None or node is None:
        return _object(document.origin, ("name", name), ("annotations", annotations_))
    labels = _object(node.origin, ("cloud.googleapis.com/location", _text(full[2], node.origin)))
    return _object(
        document.origin, ("name", name), ("namespace", _text(full[1], node.origin)), ("labels", labels),
        ("annotations", annotations_),
    )  # fmt: skip


def is_built(document: Mapping) -> bool:
    """Whether Cloud Run builds an image of its source: a container has its source instead of an image."""
    containers = _mappings(_mapping(document, "template"), "containers")
    return any(c.get("image") is None and (c.get("sourceCode") or c.get("buildConfig")) for c in containers)


def _instance(holder: Mapping | None) -> tuple[tuple[str, Node | None], ...]:
    """The fields that a revision and a task have alike."""
    return (
        ("containers", _each(holder, "containers", _container)),
        ("timeoutSeconds", _seconds(_get(holder, "timeout"))),
        ("serviceAccountName", _get(holder, "serviceAccount")),
        ("volumes", _each(holder, "volumes", _volume)),
    )


def _of_instance(
    holder: Mapping | None, containers: tuple[Mapping, ...], name: str
) -> tuple[tuple[str, Node | None], ...]:
    """The annotations of the template of either."""
    return (
        (annotations.EXECUTION, _word(holder, "executionEnvironment", _ENVIRONMENT)),
        (annotations.DEPENDENCIES, _dependencies(containers, name)),
    )


def _container(node: Mapping) -> Mapping:
    """Its fields have v1's names, but for what is in a variable."""
    env = _each(node, "env", _variable)
    pairs = tuple((key, env if key.text == "env" and env is not None else value) for key, value in node.pairs)
    return Mapping(pairs=pairs, origin=node.origin)


def _variable(node: Mapping) -> Mapping:
    source = _mapping(_mapping(node, "valueSource"), "secretKeyRef")
    reference = source and _object(
        source.origin, ("name", _get(source, "secret")),
        ("key", _get(source, "version") or _text("latest", source.origin)),
    )  # fmt: skip
    return _object(
        node.origin, ("name", _get(node, "name")), ("value", _get(node, "value")),
        ("valueFrom", _object(node.origin, ("secretKeyRef", reference)) if reference else None),
    )  # fmt: skip


def _volume(node: Mapping) -> Mapping:
    secret, memory, bucket = (_mapping(node, name) for name in ("secret", "emptyDir", "gcs"))
    return _object(
        node.origin, ("name", _get(node, "name")), ("nfs", _get(node, "nfs")),
        ("filestore", _get(node, "filestore")), ("cloudSqlInstance", _get(node, "cloudSqlInstance")),
        ("secret", secret and _object(
            secret.origin, ("secretName", _get(secret, "secret")), ("items", _each(secret, "items", _item)),
            ("defaultMode", _get(secret, "defaultMode")))),
        ("emptyDir", memory and _object(
            memory.origin, ("medium", _word(memory, "medium", _MEDIA)), ("sizeLimit", _get(memory, "sizeLimit")))),
        ("csi", bucket and _object(
            bucket.origin, ("driver", _text("gcsfuse.run.googleapis.com", bucket.origin)),
            ("readOnly", _get(bucket, "readOnly")),
            ("volumeAttributes", _object(bucket.origin, ("bucketName", _get(bucket, "bucket")))))),
    )  # fmt: skip


def _item(node: Mapping) -> Mapping:
    return _object(
        node.origin, ("key", _get(node, "version")), ("path", _get(node, "path")), ("mode", _get(node, "mode"))
    )


def _traffic(node: Mapping) -> Mapping:
    return _object(
        node.origin, ("revisionName", _get(node, "revision")), ("percent", _get(node, "percent")),
        ("tag", _get(node, "tag")),
    )  # fmt: skip


# ---- what v1 writes otherwise -------------------------------------------------------------------------


def _full_name(document: Mapping) -> re.Match[str] | None:
    name = document.get("name")
    return _FULL_NAME.fullmatch(name.text) if isinstance(name, Scalar) else None


def _name(document: Mapping, default: str) -> Scalar:
    """The last part of the full name, or the name as it is."""
    name = document.get("name")
    if not isinstance(name, Scalar):
        return _text(default, document.origin)
    return _text(name.text.rpartition("/")[2], name.origin)


def _throttling(containers: tuple[Mapping, ...]) -> Scalar | None:
    """Of the container that takes the requests (rule cloud-run/v2-cpu-idle)."""
    ingress = next((c for c in containers if _get(c, "ports") is not None), containers[0] if containers else None)
    resources = _mapping(ingress, "resources")
    if resources is None:
        return None
    idle = _get(resources, "cpuIdle")
    return _text("true" if _is_true(idle) else "false", idle.origin if idle else resources.origin)


def _boost(containers: tuple[Mapping, ...]) -> Node | None:
    boosts = (_get(_mapping(container, "resources"), "startupCpuBoost") for container in containers)
    return next((boost for boost in boosts if _is_true(boost)), None)


def _dependencies(containers: tuple[Mapping, ...], name: str) -> Scalar | None:
    """What `dependsOn` of all containers says, as JSON."""
    needs: dict[str, list[str]] = {}
    origins: list[Origin] = []
    for number, container in enumerate(containers):
        own, written = _get(container, "name"), _get(container, "dependsOn")
        if isinstance(written, Sequence) and written.items:
            called = own.text if isinstance(own, Scalar) and own.text else f"{name}-{number + 1}"
            needs[called] = [item.text for item in written.items if isinstance(item, Scalar)]
            origins.append(written.origin)
    return _text(json.dumps(needs), origins[0]) if needs else None


def _seconds(node: Node | None) -> Scalar | None:
    """ "300s" → 300; a fraction of a second counts as one."""
    found = _SECONDS.fullmatch(node.text) if isinstance(node, Scalar) else None
    if node is None or found is None:
        return None
    return _text(str(int(found[1]) + (found[2] is not None)), node.origin)


def _word(holder: Mapping | None, key: str, words: dict[str, str]) -> Scalar | None:
    """v1's word for one of v2's; None for one that says nothing."""
    node = _get(holder, key)
    return _text(words[node.text], node.origin) if isinstance(node, Scalar) and node.text in words else None


# ---- trees --------------------------------------------------------------------------------------------


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.text.lower() == "true"


def _text(text: str, origin: Origin) -> Scalar:
    return Scalar(text=text, style="plain", tag="", origin=origin)


def _object(origin: Origin, *fields: tuple[str, Node | None]) -> Mapping:
    return Mapping(
        pairs=tuple((_text(name, node.origin), node) for name, node in fields if node is not None), origin=origin
    )


def _get(holder: Mapping | None, key: str) -> Node | None:
    """A field that is there and is not null."""
    node = holder.get(key) if holder is not None else None
    is_null = isinstance(node, Scalar) and value_of(node, Dialect.YAML_1_1) is None
    return None if is_null else node


def _mapping(holder: Mapping | None, key: str) -> Mapping | None:
    node = _get(holder, key)
    return node if isinstance(node, Mapping) else None


def _mappings(holder: Mapping | None, key: str) -> tuple[Mapping, ...]:
    node = _get(holder, key)
    return tuple(item for item in node.items if isinstance(item, Mapping)) if isinstance(node, Sequence) else ()


def _each(holder: Mapping | None, key: str, change: Callable[[Mapping], Mapping]) -> Node | None:
    """A list with each of its mappings changed; the key's place is that of the list."""
    node = _get(holder, key)
    if not isinstance(node, Sequence):
        return None
    items: Iterable[Node] = (change(item) if isinstance(item, Mapping) else item for item in node.items)
    return Sequence(items=tuple(items), origin=node.origin)
