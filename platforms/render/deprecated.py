"""Names that Render has replaced and still takes, and fields that answer the same question twice."""

from collections.abc import Mapping as Table

from emulator.formats.editing import instead_of
from emulator.formats.yaml import Mapping, Scalar
from emulator.model.diagnostic import Fix, Related, info, warning
from emulator.model.record import replace

from . import rules
from .reading import Notes, is_bool, text_of

SUCCESSORS = {
    "env": "runtime",
    "autoDeploy": "autoDeployTrigger",
    "afterFirstDeployCommand": "initialDeployHook",
    "pullRequestPreviewsEnabled": "previews",
    "previewPlan": "previews",
}
"""Fields of a service, and what stands in their place today (source: blueprint-spec)."""

ROOT_SUCCESSORS = {"previewsEnabled": "previews", "previewsExpireAfterDays": "previews"}

_INSIDE = {
    "pullRequestPreviewsEnabled": "generation",
    "previewPlan": "plan",
    "previewsEnabled": "generation",
    "previewsExpireAfterDays": "expireAfterDays",
}
"""For those whose successor is a mapping, the field in it."""


def tell_deprecated(node: Mapping, successors: Table[str, str], notes: Notes, *, service: str | None = None) -> None:
    """Say which old names a mapping has, and where the new one stands beside it with an answer of its own."""
    is_datastore = (type_ := text_of(node, "type")) is not None and type_.text in ("keyvalue", "redis")
    for key, value in node.pairs:
        new = successors.get(key.text)
        if new is None or (key.text == "previewPlan" and is_datastore):  # still the name of today there
            continue
        rival = _rival(node, key.text, new)
        if rival is not None:
            _twice(key, new, rival, notes, service)
        elif key.text == "env":
            _env(key, notes)
        else:
            _renamed(key, value, _today(key.text, new, value), notes, service)
    if service is not None and type_ is not None and type_.text == "redis":
        message = "`redis` is the deprecated name of the type `keyvalue`"
        notes.found.append(
            info(
                "render/deprecated-field", message, origin=type_.origin, service=service,
                rule=rules.DEPRECATED_FIELDS.id, help="write `type: keyvalue`; both work",
            )
        )  # fmt: skip


def _rival(node: Mapping, old: str, new: str) -> Scalar | None:
    """The key of the new name where it answers the same question."""
    inside, there = _INSIDE.get(old), node.get(new)
    if inside is None:
        return node.key(new)
    return there.key(inside) if isinstance(there, Mapping) else None


def _twice(key: Scalar, new: str, rival: Scalar, notes: Notes, service: str | None) -> None:
    winner = f"; {new} wins" if key.text == "autoDeploy" else ""
    notes.found.append(
        warning(
            "render/contradictory-fields", f"`{key.text}` says what `{rival.text}` says as well{winner}",
            origin=key.origin, service=service, rule=rules.DEPRECATED_FIELDS.id,
            related=(Related(origin=rival.origin, message="the name of today"),), help=f"remove `{key.text}`",
        )
    )  # fmt: skip


def _env(key: Scalar, notes: Notes) -> None:
    notes.found.append(
        warning(
            "render/deprecated-field", "`env` is the deprecated name of `runtime`", origin=key.origin,
            rule=rules.UNKNOWN_FIELD.id, help="write `runtime:`; both work", fix=instead_of(key.origin, "runtime"),
        )
    )  # fmt: skip


def _renamed(key: Scalar, value: object, today: str, notes: Notes, service: str | None) -> None:
    notes.found.append(
        info(
            "render/deprecated-field", f"`{key.text}` is deprecated", origin=key.origin, service=service,
            rule=rules.DEPRECATED_FIELDS.id, help=f"write `{today}`; both work", fix=_rewritten(key, value, today),
        )
    )  # fmt: skip


def _rewritten(key: Scalar, value: object, today: str) -> Fix | None:
    """The key alone, or the key with a value that is on its line."""
    if today.endswith(":"):
        return instead_of(key.origin, today.removesuffix(":"))
    if not isinstance(value, Scalar) or value.style == "block" or value.origin.end_line != key.origin.line:
        return None
    place = replace(key.origin, end_line=value.origin.end_line, end_column=value.origin.end_column)
    return instead_of(place, today)


def _today(old: str, new: str, value: object) -> str:
    """How the same is written today."""
    is_off = isinstance(value, Scalar) and is_bool(value, False)
    if old == "autoDeploy":
        return f"{new}: {'off' if is_off else 'commit'}"
    if old in ("pullRequestPreviewsEnabled", "previewsEnabled"):
        return f"{new}: {{generation: {'off' if is_off else 'automatic'}}}"
    text = value.text if isinstance(value, Scalar) else "…"
    return f"{new}: {{{_INSIDE[old]}: {text}}}" if old in _INSIDE else f"{new}:"
