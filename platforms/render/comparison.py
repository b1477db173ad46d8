"""The two ways of creation side by side: what the other one would run, and a warning where they disagree."""

from collections.abc import Sequence

from emulator.model.diagnostic import Diagnostic, Related, warning
from emulator.model.plan import Alternative, Build, Command, Shadowed

from . import rules
from .declarations import ServiceSpec
from .way import Way

_HOW_TO_TELL = (
    "the service's Settings page shows its Runtime and whether a Blueprint manages it; "
    "make the files agree and it no longer matters"
)


def alternative_to(way: Way, other: Way, when: str) -> Alternative | None:
    """What the other way of creation would run; None when it is the same."""
    if other.refusal is not None:
        if way.refusal is not None:
            return None
        return Alternative(
            when=f"created-from {when}: refused, {other.refusal}", source="render.yaml", text=None, argv=None
        )
    theirs = other.command
    if theirs is None or (way.refusal is None and _same(way.command, theirs)):
        return None
    return Alternative(when=f"created-from {when}", source=theirs.source, text=theirs.text, argv=theirs.argv)


def _same(mine: Command | None, theirs: Command) -> bool:
    return mine is not None and (mine.argv, mine.source, mine.form) == (theirs.argv, theirs.source, theirs.form)


def disagreement(
    spec: ServiceSpec, way: Way, other: Way, alternative: Alternative | None, created_from: str
) -> list[Diagnostic]:
    """One warning when commands disagree: across the two ways, or with what the winner shadows."""
    command = way.command
    others = [s for s in command.shadowed if s.text != command.text] if command else []
    related = tuple(Related(origin=s.origin, message=f"not used: {s.because}") for s in others if s.origin)
    origin = command.origin if command and command.origin else spec.origin
    if alternative is not None:
        when = "blueprint" if created_from == "repository" else "repository"
        ways = {"repository": "set up from the repository", "blueprint": f"synced from {spec.origin.file}"}
        mine, theirs, both = _told(way), _told(other), ""
        if _reads_alike(way, other):
            assert command is not None
            mine, theirs, both = _built(way.build), _built(other.build), f"; either runs `{command.text}`"
        return [
            warning(
                "config/commands-disagree",
                f"{ways[created_from]}, {spec.name} {mine}; {ways[when]}, it {theirs}{both}",
                service=spec.name, origin=origin, related=related, rule=rules.REPOSITORY_PRECEDENCE.id,
                help=_HOW_TO_TELL,
            )
        ]  # fmt: skip
    unread = [s for s in others if s.source != "dockerfile"]
    if not unread or created_from == "blueprint":
        return []
    return [
        warning(
            "config/command-shadowed", f"{spec.name} {_told(way)}; {_lost(unread)}",
            service=spec.name, origin=origin, related=related, rule=rules.REPOSITORY_PRECEDENCE.id,
            help="make the files agree, or remove the one that is not used",
        )
    ]  # fmt: skip


def _lost(unread: Sequence[Shadowed]) -> str:
    named = " and ".join(f"`{one.text.strip()}` ({one.origin.file if one.origin else one.source})" for one in unread)
    return f"{named} {'are' if len(unread) > 1 else 'is'} not used"


def _reads_alike(way: Way, other: Way) -> bool:
    """Whether both are built and run the same words, so that what differs is the image they run in."""
    texts = [one.command.text for one in (way, other) if one.command is not None and one.refusal is None]
    return len(texts) == 2 and texts[0] is not None and len({" ".join((text or "").split()) for text in texts}) == 1


def _built(build: Build) -> str:
    if build.dockerfile is not None:
        return f"is built from {build.dockerfile}"
    return f"is built for {build.runtime} by `{build.command}`" if build.command else f"is built for {build.runtime}"


def _told(way: Way) -> str:
    if way.refusal is not None:
        return f"is refused ({way.refusal})"
    if way.command is None:
        return "has nothing to run"
    if not way.command.text:
        return "runs the base image's own command"
    return f"runs `{way.command.text}` ({way.command.source})"
