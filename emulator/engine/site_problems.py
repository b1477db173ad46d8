"""Why a site of files has nothing to serve."""

import posixpath

from emulator.model.diagnostic import Diagnostic, error
from emulator.model.plan import Service

_USUAL = ("dist", "build", "public", "out", "_site", "www", "site", "docs", ".output/public", "dist/public", "html")
"""Where tools that build sites put them."""


def guesses(service: Service) -> tuple[str, ...]:
    """Folders of the built image that may be the one that is meant."""
    return tuple(posixpath.join(_top(service), path) for path in _candidates(service))


def _candidates(service: Service) -> list[str]:
    """As paths of the repository: usual names at the service's root, below what is published's first word, and where
    a path that repeats the root leads to."""
    build = service.build
    wanted = build.publish or "."
    inside = posixpath.relpath(wanted, build.root)
    folders = [build.root, ".", posixpath.dirname(wanted)]
    found = [posixpath.normpath(posixpath.join(folder, name)) for folder in folders for name in (inside, *_USUAL)]
    if inside.startswith(f"{build.root}/"):
        found.insert(0, inside)
    return [path for path in dict.fromkeys(found) if path != wanted and not path.startswith("..")]


def _top(service: Service) -> str:
    """Where the image has the repository."""
    static, publish = service.static, service.build.publish or "."
    folder = static.folder if static is not None and static.folder else "/"
    return folder if publish == "." else folder.removesuffix(f"/{publish}") or "/"


def nothing_published(service: Service, there: tuple[str, ...]) -> Diagnostic:
    """The build went well, and there is no such folder. there: those of `guesses` that it has."""
    build = service.build
    wanted = build.publish or "."
    found = [posixpath.relpath(path, _top(service)) for path in there]
    facts = [f"after `{build.command.strip()}`" if build.command else "there is no build command"]
    facts += [f"there is {path}" for path in found[:3]]
    shown = posixpath.relpath(found[0], build.root) if found else None
    return error(
        "build/no-publish-folder",
        f"there is no folder {wanted} to publish after the build",
        service=service.name,
        origin=service.static.folder_origin if service.static is not None else None,
        facts=tuple(facts),
        help=f"publish {shown}, if that is the site" if shown else "name the folder that the build command writes",
    )
