"""A Blueprint as the preview of a pull request has it: fewer services, smaller plans, other values
(rule render/previews).

A preview is the same Blueprint with other declarations, so everything after this reads it as any other.
"""

from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import Rejected, Trace
from emulator.model.diagnostic import Diagnostic, info, warning

from . import fields, rules
from .declarations import Blueprint, Database, EnvEntry, ServiceSpec, Value

WITHHELD = "withheld"
"""The form of a variable with sync: false in a preview, which does not get it; a group that has it gives its own."""

_HAVE_PREVIEW_VALUES = "WPS"
"""Kinds whose previewValue counts: web and private services (source: blueprint-spec)."""


class Preview(NamedTuple):
    blueprint: Blueprint
    diagnostics: tuple[Diagnostic, ...]


def is_preview(inputs: Inputs) -> bool:
    return inputs.options.get("preview") == "True"


def as_preview(blueprint: Blueprint, inputs: Inputs, trace: Trace) -> Preview:
    """The Blueprint of a preview, and what is to be said of it."""
    given = {one.name for one in inputs.env}
    chosen, left = _chosen(blueprint, trace)
    found = [d for spec in chosen for d in _told(spec, given)]
    if left is not None:
        found.append(left)
    services = tuple(_service(spec) for spec in chosen)
    databases = tuple(_database(database) for database in blueprint.databases)
    return Preview(blueprint._replace(services=services, databases=databases), tuple(found))


def _chosen(blueprint: Blueprint, trace: Trace) -> tuple[tuple[ServiceSpec, ...], Diagnostic | None]:
    """The services a preview has. With generation off for the whole, those that have previews of their own."""
    whole = blueprint.previews.get("generation")
    generation = whole.text if whole else "automatic" if _is_true(blueprint.previews.get("previewsEnabled")) else "off"
    own = {spec.name: _own_generation(spec) for spec in blueprint.services}
    if generation == "off":
        names = {n for n, g in own.items() if g in ("manual", "automatic")}
        because = "previews.generation is off; these have previews of their own"
    else:
        names = {spec.name for spec in blueprint.services if own[spec.name] != "off"}
        because = f"previews.generation is {generation}"
    problem = None
    if not names:
        names, because = set(own), "all, though Render would make no preview"
        problem = warning(
            "render/no-previews", "Render makes no previews of this Blueprint: previews.generation is off",
            origin=whole.origin if whole else None, rule=rules.PREVIEWS.id, url=rules.PREVIEWS.url,
            facts=("planned here as if it were manual",),
            help="add `previews:` with `generation: manual` or `automatic`, beside `services`",
        )  # fmt: skip
    chosen = tuple(s for s in blueprint.services if s.name in names or s.kind == "V")
    trace.note(
        "preview", "Which services does a preview have?", ", ".join(s.name for s in chosen) or "none", because,
        rule=rules.PREVIEWS, origin=whole.origin if whole else None,
        rejected=tuple(
            Rejected(answer=s.name, because="it has no previews", origin=s.origin)
            for s in blueprint.services
            if s not in chosen
        ),
    )  # fmt: skip
    return chosen, problem


def _own_generation(spec: ServiceSpec) -> str | None:
    written = spec.previews.get("generation")
    if written is not None:
        return written.text
    return "automatic" if _is_true(spec.get("pullRequestPreviewsEnabled")) else None


def _is_true(value: Value | None) -> bool:
    return value is not None and value.is_true


def _service(spec: ServiceSpec) -> ServiceSpec:
    plan = spec.previews.get("plan") or spec.get("previewPlan")
    least = spec.scaling.get("minInstances") if spec.scaling else None
    count = spec.previews.get("numInstances") or least
    changed = {name: value for name, value in (("plan", plan), ("numInstances", count)) if value is not None}
    return spec._replace(
        texts=spec.texts | changed, scaling=None, disk=_own_disk(spec.disk),
        env=tuple(_entry(entry, spec.kind) for entry in spec.env),
    )  # fmt: skip


def _own_disk(disk: dict[str, Value] | None) -> dict[str, Value] | None:
    """A preview's disk is another one: what it holds is not the service's."""
    name = disk.get("name") if disk else None
    return disk if disk is None or name is None else {**disk, "name": Value(f"{name.text}-preview", name.origin)}


def _entry(entry: EnvEntry, kind: str) -> EnvEntry:
    if entry.preview is not None and kind in _HAVE_PREVIEW_VALUES:
        return entry._replace(
            form="literal", value=entry.preview.text, origin=entry.preview.origin, reference=None, preview=None
        )
    return entry._replace(form=WITHHELD) if entry.form == "prompted" else entry


def _database(database: Database) -> Database:
    texts = database.texts
    renamed = (("plan", "previewPlan"), ("diskSizeGB", "previewDiskSizeGB"))
    return database._replace(texts=texts | {to: texts[by] for to, by in renamed if by in texts})


def _told(spec: ServiceSpec, given: set[str]) -> list[Diagnostic]:
    """Variables that a preview lacks, and values meant for it that it does not take."""
    found: list[Diagnostic] = []
    withheld = [e for e in spec.env if _entry(e, spec.kind).form == WITHHELD and e.key not in given]
    if withheld:
        names = ", ".join(entry.key for entry in withheld)
        found.append(
            warning(
                "render/preview-without-value", f"{spec.name} has no {names} in a preview: sync: false is not copied",
                origin=withheld[0].origin, service=spec.name, rule=rules.PREVIEWS.id, url=rules.PREVIEWS.url,
                help="give it a previewValue, or a value in an env group that the service links",
            )
        )  # fmt: skip
    if spec.kind not in _HAVE_PREVIEW_VALUES:
        found += [_unused(spec, entry, entry.preview) for entry in spec.env if entry.preview is not None]
    return found


def _unused(spec: ServiceSpec, entry: EnvEntry, written: Value) -> Diagnostic:
    return info(
        "render/preview-value-unused", f"{entry.key} keeps its value in a preview: previewValue is documented for web "
        f"and private services, and {spec.name} is {fields.KIND_NAMES[spec.kind]}",
        origin=written.origin, service=spec.name, rule=rules.PREVIEWS.id,
        help="set it in an env group of the preview, if it has to differ",
    )  # fmt: skip
