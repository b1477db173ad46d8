"""One item of `services:` → a ServiceSpec."""

from emulator.formats.yaml import Mapping, Node, Scalar, Sequence
from emulator.model.diagnostic import Diagnostic, info

from . import fields, rules
from .declarations import ServiceSpec, Value
from .deprecated import SUCCESSORS, tell_deprecated
from .manifest_env import read_env
from .parts import SERVICE_PARTS, check_choice, check_parts
from .reading import Notes, fits, near, text_of, texts_of


def read_service(number: int, node: Mapping, notes: Notes) -> ServiceSpec | None:
    """The service, or None when its type or name is missing, or for a workflow; `notes` says why."""
    type_, name = text_of(node, "type"), text_of(node, "name")
    for field, value in (("type", type_), ("name", name)):
        if value is None:
            notes.say("render/missing-field", f"services[{number}] has no {field}", node.origin, help=f"add `{field}:`")
    runtime = _runtime(node)
    kind = fields.kind_of(type_.text, runtime.text if runtime else None) if type_ else None
    if type_ and type_.text == fields.WORKFLOW:
        notes.found.append(_workflow(type_, name.text if name else None))
    elif type_ and kind is None:
        _unknown_type(type_, notes)
    _check_runtime(number, node, kind, runtime, notes)
    _check_keys(node, name.text if name else None, notes)
    tell_deprecated(node, SUCCESSORS, notes, service=name.text if name else None)
    if kind is None or name is None:
        return None
    env = read_env(node, notes, service=name.text)
    return ServiceSpec(
        number=number, name=name.text, kind=kind, runtime=runtime, origin=node.origin, texts=texts_of(node),
        image=_image(node), env=env, domains=_domains(node), disk=_texts_or_none(node.get("disk")),
        scaling=_texts_or_none(node.get("scaling")), routes=_rows(node.get("routes")),
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


def _unknown_type(type_: Value, notes: Notes) -> None:
    notes.say(
        "render/invalid-type", f"{type_.text!r} is no service type", type_.origin, rule=rules.SERVICE_TYPES.id,
        help=fields.NOT_A_TYPE.get(type_.text) or near(type_.text, tuple(fields.TYPES)),
    )  # fmt: skip


def _workflow(type_: Value, name: str | None) -> Diagnostic:
    return info(
        "render/workflow-not-run", f"the workflow {name or ''} is not planned: workflows are not imitated yet",
        origin=type_.origin, rule=rules.WORKFLOWS.id, help="its tasks run on Render alone",
    )  # fmt: skip


def _check_keys(node: Mapping, name: str | None, notes: Notes) -> None:
    """Fields that no service has, and values of another type; a strict decoder refuses both on any kind of service."""
    for key, value in node.pairs:
        field = fields.SERVICE_FIELDS.get(key.text)
        if field is None:
            hint = fields.NOT_A_FIELD.get(key.text)
            known = tuple(fields.SERVICE_FIELDS)
            notes.unknown(key, known, "a service", hint=hint, service=name, type_="file.Service")
        elif not fits(value, field.type):
            notes.wrong_type(value, key.text, fields.A_TYPE[field.type], service=name)
        else:
            _check_value(key, value, name, notes)


def _check_value(key: Scalar, value: Node, name: str | None, notes: Notes) -> None:
    """A word that is none of the field's, or what is wrong inside it."""
    if key.text in fields.CHOICES:
        check_choice(key.text, value, fields.CHOICES[key.text], notes, service=name)
    check_parts(key.text, value, SERVICE_PARTS.get(key.text), notes, service=name)


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


def _rows(node: Node | None) -> tuple[dict[str, Value], ...]:
    return tuple(texts_of(item) for item in node.items) if isinstance(node, Sequence) else ()
