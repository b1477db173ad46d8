"""`emu context`: what reaches the builder, and who left out the rest."""

import argparse

from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.formats.gitignore import Upload
from emulator.image.context import ignore_file_of, open_context
from emulator.image.findings import bad_ignore_file
from emulator.image.listing import list_context
from emulator.model.context_listing import ContextDocument, ContextListing
from emulator.model.diagnostic import Diagnostic, UsageError
from emulator.model.plan import UploadRule
from emulator.model.record import replace, to_json
from emulator.model.spelling import did_you_mean
from emulator.request import Request, World
from emulator.show.context_text import context_text
from emulator.show.style import Style
from emulator.show.text import diagnostics_text
from emulator.snapshot import Snapshot

EXAMPLES = (
    ("emu context", "what reaches the builder, by size"),
    ("emu context api --left-out", "all that is kept away from one service"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    parser.add_argument("name", nargs="?", metavar="SERVICE", help="the service (default: all that are built)")
    parser.add_argument("--all", action="store_true", help="list every path with its size")
    parser.add_argument("--left-out", action="store_true", help="list all that was left out, not the first few")
    configure_planning(parser, world, with_path=False)


def run(request: Request, world: World) -> int:
    """Print the contexts of the services; 1 when one of them cannot be built in."""
    planned = plan_repository(request, world)
    listings, problems = _listed(planned.repo, _places(planned, request.name))
    document = ContextDocument(snapshot=planned.repo.info, contexts=listings, diagnostics=problems)
    as_json = request.format == "json"
    printed = to_json(document).decode() + "\n" if as_json else _text(document, planned, request, world)
    world.terminal.out(printed)
    return 1 if document.diagnostics else 0


Place = tuple[str, str | None, tuple[UploadRule, ...] | None]
"""A context's directory, the Dockerfile that is built in it (None for one of ours), and what the upload leaves out."""


def _listed(
    repo: Snapshot, places: dict[Place, list[str]]
) -> tuple[tuple[ContextListing, ...], tuple[Diagnostic, ...]]:
    """The contexts, and what is wrong with their ignore files. Builds in one directory with one ignore file get the
    same, which is worked out once."""
    known: dict[Place, ContextListing] = {}
    listings: list[ContextListing] = []
    problems: list[Diagnostic] = []
    for (directory, dockerfile, upload_rules), services in places.items():
        upload = Upload(upload_rules) if upload_rules is not None else None
        which = directory, ignore_file_of(repo, directory, dockerfile, upload), upload_rules
        if which not in known:
            context = open_context(repo, directory, dockerfile, upload_rules)
            problems += bad_ignore_file(context)
            known[which] = list_context(context, (), None)
        listings.append(replace(known[which], services=tuple(services), dockerfile=dockerfile))
    return tuple(listings), tuple(dict.fromkeys(problems))


def _places(planned: Planned, name: str | None) -> dict[Place, list[str]]:
    """Where builds happen, each with the services that share it. Raises UsageError for a service nobody has."""
    services = planned.resolution.plan.services
    if name is not None and name not in {service.name for service in services}:
        raise UsageError(f"there is no service {name!r}", help=did_you_mean(name, (s.name for s in services)))
    found: dict[Place, list[str]] = {}
    for service in services:
        if name not in (None, service.name):
            continue
        for build in (service.build, *(container.build for container in service.containers)):
            if build.image is not None or (build.dockerfile is None and build.generated_dockerfile is None):
                continue
            directory = build.context or "."
            if planned.repo.look(directory).kind != "directory":
                continue
            dockerfile = None if build.generated_dockerfile is not None else build.dockerfile
            names = found.setdefault((directory, dockerfile, build.upload_rules), [])
            names += [] if service.name in names else [service.name]
    return found


def _text(document: ContextDocument, planned: Planned, request: Request, world: World) -> str:
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    blocks = [
        context_text(listing, style, every_path=request.all, every_left_out=request.left_out)
        for listing in document.contexts
    ] or ["nothing is built here: no service has a build context"]
    if document.diagnostics:
        blocks.append(diagnostics_text(document.diagnostics, style, line_reader(planned)))
    return "\n\n".join(blocks) + "\n"
