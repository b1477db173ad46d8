"""One item of `services:` → a ServiceSpec."""

from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.diagnostic import Fault, info, warning

from . import fields, parts, rules
from .addresses import check_addresses
from .checking import check_fields
from .declarations import ServiceSpec, Value
from .deprecated import SUCCESSORS, tell_deprecated
from .manifest_env import read_env
from .reading import Notes, near, text_of, texts_of


def read_service(number: int, node: Mapping, notes: Notes) -> ServiceSpec | None:
    """The service, or None when its type or name is missing, or for a workflow; `notes` says why."""
    type_, name = text_of(node, "type"), text_of(node, "name")
    for field, value in (("type", type_), ("name", name)):
        if value is None or not value.text.strip():
            notes.say("render/missing-field", f"services[{number}] has no {field}", node.origin, help=f"add `{field}:`")
    runtime = _runtime(node)
    kind = fields.kind_of(type_.text, runtime.text if runtime else None) if type_ else None
    if type_ and type_.text == fields.WORKFLOW:
        _workflow(node, type_, name.text if name else None, notes)
    elif type_ and type_.text.strip() and kind is None:
        _unknown_type(type_, notes)
    _check_runtime(number, node, kind, runtime, notes)
    if kind in ("P", "K", "C") and runtime and runtime.text == "static":
        _not_static(number, kind, runtime, notes)
        kind = None
    check_addresses(node, notes, service=name.text if name else None)
    check_fields(
        "a service", node, parts.SERVICE, notes, service=name.text if name else None, hints=fields.NOT_A_FIELD,
        type_="file.Service",
    )  # fmt: skip
    tell_deprecated(node, SUCCESSORS, notes, service=name.text if name else None)
    if kind is None or name is None or not name.text.strip():
        return None
    env = read_env(node, notes, f"services[{number}]", service=name.text)
    return ServiceSpec(
        number=number, name=name.text, kind=kind, runtime=runtime, origin=node.origin, texts=texts_of(node),
        image=_image(node), env=env, domains=_domains(node), disk=_texts_or_none(node.get("disk")),
        scaling=_texts_or_none(node.get("scaling")), maintenance=_texts_or_none(node.get("maintenanceMode")),
        filter_paths=_listed(node.get("buildFilter"), "paths"),
        filter_ignored=_listed(node.get("buildFilter"), "ignoredPaths"), routes=_rows(node.get("routes")),
        headers=_rows(node.get("headers")), previews=texts_of(node.get("previews")),
        keys={key.text: key.origin for key, _ in node.pairs},
    )  # fmt: skip


def _runtime(node: Mapping) -> Value | None:
    return text_of(node, "runtime") or text_of(node, "env")


def _check_runtime(number: int, node: Mapping, kind: str | None, runtime: Value | None, notes: Notes) -> None:
    if runtime is not None and runtime.text not in fields.RUNTIMES:
        notes.say(
            "render/invalid-runtime", f"services[{number}] invalid runtime {runtime.text}", runtime.origin,
            rule=rules.INVALID_RUNTIME.id, help=near(runtime.text, fields.RUNTIMES),
        )  # fmt: skip
    elif runtime is None and kind in ("W", "P", "K", "C"):
        notes.say(
            "render/invalid-runtime", f"services[{number}] invalid runtime", node.origin, facts=("none is given",),
            rule=rules.INVALID_RUNTIME.id, help=f"add `runtime:`, one of {', '.join(fields.RUNTIMES)}",
        )  # fmt: skip


def _not_static(number: int, kind: str, runtime: Value, notes: Notes) -> None:
    """The schema has the runtime static on every type; it means something on a web service alone."""
    notes.say(
        "render/invalid-runtime", f"services[{number}] invalid runtime static: {fields.KIND_NAMES[kind]} is no site",
        runtime.origin, rule=rules.INVALID_RUNTIME.id, help="a static site is `type: web` with `runtime: static`",
    )  # fmt: skip


def _unknown_type(type_: Value, notes: Notes) -> None:
    notes.say(
        "render/invalid-type", f'unknown type "{type_.text}"', type_.origin, rule=rules.UNKNOWN_TYPE.id,
        help=fields.NOT_A_TYPE.get(type_.text) or near(type_.text, tuple(fields.TYPES)),
    )  # fmt: skip


def _workflow(node: Mapping, type_: Value, name: str | None, notes: Notes) -> None:
    notes.found.append(
        info(
            "render/workflow-not-run", f"the workflow {name or ''} is not planned: workflows are not imitated yet",
            origin=type_.origin, fault=Fault.GAP, rule=rules.WORKFLOWS.id, help="its tasks run on Render alone",
        )
    )  # fmt: skip
    runtime = text_of(node, "runtime")
    for field, words in (
        ("buildCommand", "buildCommand is required for non-docker workflows"),
        ("repo", "repo is required for git-based services"),
    ):
        is_needed = runtime is not None and runtime.text in fields.NATIVE_RUNTIMES
        if is_needed and text_of(node, field) is None:
            notes.found.append(
                warning(
                    "render/workflow-field", f"the workflow {name or ''} has no {field}", origin=node.origin,
                    service=name, rule=rules.WORKFLOWS.id, facts=(f"Render says: {words}",), help=f"add `{field}:`",
                )
            )  # fmt: skip


def _image(node: Mapping) -> Value | None:
    image = node.get("image")
    url = text_of(image, "url") if isinstance(image, Mapping) else None
    return url if url and url.text.strip() else None


def _domains(node: Mapping) -> tuple[str, ...]:
    listed = node.get("domains")
    names = [item.text for item in listed.items if isinstance(item, Scalar)] if isinstance(listed, Sequence) else []
    single = text_of(node, "domain")
    return tuple(names + ([single.text] if single else []))


def _texts_or_none(node: Node | None) -> dict[str, Value] | None:
    return texts_of(node) if isinstance(node, Mapping) else None


def _listed(node: Node | None, key: str) -> tuple[Value, ...]:
    listed = node.get(key) if isinstance(node, Mapping) else None
    items = listed.items if isinstance(listed, Sequence) else ()
    return tuple(Value(item.text, item.origin) for item in items if isinstance(item, Scalar) and item.text.strip())


def _rows(node: Node | None) -> tuple[dict[str, Value], ...]:
    return tuple(texts_of(item) for item in node.items) if isinstance(node, Sequence) else ()
