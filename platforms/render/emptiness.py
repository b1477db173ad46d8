"""A repository that says nothing Render could run: what was seen in it, and where else to look."""

import posixpath
import re

from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.snapshot import Look, Snapshot, Unreadable

from . import rules
from .declarations import Blueprint
from .fields import DEFAULT_PATH
from .native import languages_of, unsupported_language
from .procfile import process_line
from .reading import few

START_COMMANDS = {
    "python": "`gunicorn your_application.wsgi`, a placeholder,",
    "node": "`yarn start` or `node` with package.json's main",
    "go": "`./app`",
    "ruby": "`bundle exec puma`",
    "rust": "`cargo run --release`",
    "elixir": "`mix phx.server`",
}
"""What the creation form suggests (rule render/suggested-build-command)."""

_DECIDING = (DEFAULT_PATH, "Dockerfile", "Procfile")
_FOLDERS = 100
"""So many folders are looked into, at most."""


def nothing_to_run(repo: Snapshot, blueprint: Blueprint | None) -> Diagnostic:
    """The one error of a plan without services."""
    if blueprint:
        return error(
            "render/nothing-to-run", f"{blueprint.file} declares no service", origin=Origin(file=blueprint.file),
            help="add one under `services:`",
        )  # fmt: skip
    dockerfile = "a Dockerfile that does not count" if _does_not_count(repo.look("Dockerfile")) else "no Dockerfile"
    return error(
        "render/nothing-to-run", f"nothing to run: no render.yaml, {dockerfile}, no Procfile with a web line",
        facts=(*_languages(repo), *_do_not_count(repo)), rule=rules.REPOSITORY_PRECEDENCE.id,
        help=_misspelt(repo) or _elsewhere(repo) or _look_alike(repo) or "add a render.yaml with a startCommand, or a "
        "Dockerfile; if the service lies in a subfolder, plan it with --root FOLDER",
    )  # fmt: skip


def absence(look: Look) -> str:
    """Why what was looked for does not count as a file."""
    if look.kind is not None:
        return f"it is a {look.kind}"
    words = {"ignored": f"git ignores it ({look.detail})", "outside": "it leads out of the repository"}
    return words.get(look.why) or look.detail or "there is no such file"


def _does_not_count(look: Look) -> bool:
    """Whether something is at a path that is not seen as a file there."""
    return look.kind is not None or look.why != "missing" or bool(look.detail)


def _languages(repo: Snapshot) -> list[str]:
    found = languages_of(repo, ".")
    if not found:
        other = unsupported_language(repo, ".")
        return [f"{other[1]} says {other[0]}, which Render has no runtime for: it needs a Dockerfile"] if other else []
    said = " and ".join(f"{file} says {language}" for language, file in found)
    starts = ", ".join(f"{START_COMMANDS[language]} for {language}" for language, _ in found)
    return [f"{said}, but nothing says how to start it", f"the creation form suggests a start: {starts}"]


def _do_not_count(repo: Snapshot) -> list[str]:
    """A Dockerfile and a Procfile that are there and decide nothing."""
    facts: list[str] = []
    dockerfile = repo.look("Dockerfile")
    if _does_not_count(dockerfile):
        leads_nowhere = dockerfile.why == "missing"
        facts.append(dockerfile.detail if leads_nowhere else f"Dockerfile does not count: {absence(dockerfile)}")
    others = process_line(repo, ".").others
    if others:
        facts.append(f"Procfile has {_lines([line.name for line in others])}, and no web")
    return facts


def _lines(names: list[str]) -> str:
    return f"the line{'s' if len(names) > 1 else ''} {few(names)}"


def _elsewhere(repo: Snapshot) -> str | None:
    """The nearest folder that holds what would decide, and the others that could be planned like it."""
    held = ((folder, posixpath.join(folder, file)) for folder in _folders(repo) for file in _DECIDING)
    found = [(folder, path) for folder, path in held if repo.is_file(path)]
    if not found:
        return None
    (folder, path), *others = found
    way = _way_to(repo, folder, path)
    alike = [other for there, other in others if there != folder and not other.endswith(DEFAULT_PATH)]
    if not alike or not way.endswith(f"--root {folder}"):
        return f"there is {path}{way}"
    return f"there are {few([path, *alike])}: plan one of these folders, for example with --root {folder}"


def _misspelt(repo: Snapshot) -> str | None:
    """A file of the root that would decide, but for capital letters."""
    by_lower = {name.lower(): name for name in _DECIDING}
    names = ((name, by_lower.get(name.lower(), name)) for name in repo.entries("."))
    found = next(((name, right) for name, right in names if name != right), None)
    return f"rename {found[0]} to {found[1]}: capital letters count on Linux" if found is not None else None


_LOOKS_LIKE = re.compile(r"dockerfile[.-].+|.+\.dockerfile", re.IGNORECASE)


def _look_alike(repo: Snapshot) -> str | None:
    """A Dockerfile under another name, the nearest one."""
    for folder in (".", *_folders(repo)):
        name = next((name for name in repo.entries(folder) if _LOOKS_LIKE.fullmatch(name)), None)
        if name is not None:
            path = posixpath.normpath(posixpath.join(folder, name))
            return f"there is {path}: call it Dockerfile, or name it with dockerfilePath in render.yaml"
    return None


def _way_to(repo: Snapshot, folder: str, path: str) -> str:
    if path.endswith(DEFAULT_PATH):
        return f": name it with --blueprint {path}"
    if path.endswith("Dockerfile") and _copies_from_root(repo, folder, path):
        where = f"`dockerfilePath: ./{path}` and `dockerContext: .`"
        return f", which copies from the repository's root: add a render.yaml with {where}"
    return f": plan that folder with --root {folder}"


def _copies_from_root(repo: Snapshot, folder: str, dockerfile: str) -> bool:
    """Whether a COPY of it names what the root has, and its own folder has not."""
    try:
        text = repo.text(dockerfile)
    except Unreadable:
        return False
    for line in re.findall(r"(?mi)^[ \t]*(?:COPY|ADD)[ \t]+(.+)$", text):
        words = [word for word in line.split() if not word.startswith(("--chown", "--chmod", "--link"))]
        for source in words[:-1] if not line.startswith("--from") else ():
            path = posixpath.normpath(source.lstrip("/"))
            if repo.look(path).kind is not None and repo.look(posixpath.join(folder, path)).kind is None:
                return True
    return False


def _folders(repo: Snapshot) -> list[str]:
    """Folders of the first two levels, the first level first. A name with a dot is hardly a folder of a service."""
    found: list[str] = []
    for above in (".", None):
        for parent in [above] if above else list(found):
            names = [n for n in repo.entries(parent) if "." not in n and n != "node_modules"]
            paths = (posixpath.normpath(posixpath.join(parent, name)) for name in names)
            found += [path for path in paths if len(found) < _FOLDERS and repo.look(path).is_directory]
    return found
