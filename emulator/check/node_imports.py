"""What a Node script requires at its start, one file through the other, and surely does not find.

nodejs.org/api/modules.html, "All together", and esm.html, "Mandatory file extensions". Followed are statements at the
left margin of a file's text; what stands under a condition or in a function is not looked at.
"""

import json
import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from emulator.image.project_files import join
from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.origin import Origin

from .image_view import ImageView, view_of
from .node_installed import TOOLS, NotThere, surely_not_there
from .rule import CheckRule, Sample
from .shell import words
from .subject import Subject

_FILES = {
    "server.js": "const prices = require('./prices');\nprices.serve();\n",
    "Dockerfile": 'FROM node:22-slim\nWORKDIR /app\nCOPY *.js ./\nCMD ["node", "server.js"]\n',
}
REQUIRED = CheckRule(
    code="start/require-not-found",
    severity=Severity.ERROR,
    statement="A Node script requires a file or a package at its start that the image surely does not have.",
    why=(
        "The process ends as soon as it starts, with `Cannot find module`. The file was renamed, its name differs in "
        "upper and lower case, which counts on Linux, or no COPY brings it; the package stands in no package.json, or "
        "in devDependencies, which the installation leaves out."
    ),
    wrong=Sample(files=_FILES | {"Prices.js": "exports.serve = () => {};\n"}, file="Dockerfile", line=4),
    right=Sample(files=_FILES | {"prices.js": "exports.serve = () => {};\n"}),
)

RULES = (REQUIRED,)

MAX_FILES = 150
MAX_CHARACTERS = 200_000
MAX_STATEMENTS = 500
"""Of one file: each is looked at with all that stands before it."""
_ENDS = ("", ".js", ".cjs", ".mjs", ".json", ".node", ".ts", "/package.json", "/index.js", "/index.cjs", "/index.mjs",
         "/index.json", "/index.node", "/index.ts")  # fmt: skip
_SPECIFIER = r"(?P<quote>['\"])(?P<name>[^'\"\n]+)(?P=quote)"
_STATEMENT = re.compile(
    r"^(?:(?P<esm>(?:import|export)\b(?:[^'\"()\n;]*\bfrom\b)?[ \t]*|\}[ \t]*from[ \t]*)"
    r"|(?:(?:const|let|var)[ \t]+[^=\n]*=[ \t]*|[\w.]+\([^\n?&|>{]*?|module\.exports[ \t]*=[ \t]*)?\brequire\([ \t]*)"
    + _SPECIFIER, re.MULTILINE,
)  # fmt: skip
_BUILT_IN = words(
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain "
    "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl "
    "stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib test sqlite sea"
)
_MAPS = ("module-alias", "app-module-path", "tsconfig-paths", "esm", "register", "_moduleAliases")
"""A text that has one of these may change where modules come from."""


class _Required(NamedTuple):
    """One statement. file: in the image; is_esm: an import, not a require."""

    file: str
    line: int
    name: str
    is_esm: bool


def tool_not_installed(subject: Subject) -> Iterator[Diagnostic]:
    """A program of node_modules that the script of package.json starts, and no installation brings."""
    view = view_of(subject)
    if view is None or view.run.changed or view.run.program not in TOOLS or not view.run.runner:
        return
    gone = surely_not_there(view.worked, TOOLS[view.run.program])
    if gone is not None:
        from .programs import PROGRAM  # loaded by then

        related = (Related(origin=gone.line, message="installs without it"),) if gone.line is not None else ()
        message = f"{view.run.runner} starts {view.run.program}, and {TOOLS[view.run.program]} is not installed"
        yield subject.finding(
            PROGRAM.code, Severity.ERROR, message, facts=(gone.why,), related=related, help=gone.to_do
        )  # fmt: skip


def require_not_found(subject: Subject) -> Iterator[Diagnostic]:
    view = view_of(subject)
    if view is None or view.run.changed or view.directory is None or view.run.program != "node":
        return
    if view.run.script is None or not view.run.closed or view.environ.get("NODE_OPTIONS", "") != "":
        return
    first = _file_of(view, join(view.directory, view.run.script))
    found = next(_missing(view, first), None) if first is not None else None
    if found is not None:
        yield _finding(subject, view, *found)


def _file_of(view: ImageView, path: str) -> str | None:
    """The file that Node takes for a path, where it is one of the repository's."""
    for end in _ENDS:
        if view.files.look(path + end) == "file" and not end.endswith(".json"):
            made = view.worked.look(path + end).made
            return path + end if made is not None and made.by == "context" else None
    return None


def _missing(view: ImageView, first: str) -> Iterator[tuple[_Required, NotThere | None]]:
    """The statements that surely fail; NotThere for those of a package."""
    pending, seen = [first], {first}
    while pending and len(seen) <= MAX_FILES:
        path = pending.pop()
        text = view.files.read(path) if path.endswith((".js", ".mjs", ".cjs")) else None
        if text is None or len(text) > MAX_CHARACTERS:
            continue
        if any(word in text for word in _MAPS):
            return
        for one in _required(path, text):
            if not one.name.startswith("."):
                why = _lacks_package(view, one.name)
                if why is not None:
                    yield one, why
                continue
            target = join(posixpath.dirname(path), one.name)
            if _is_lost(view, target, one):
                yield one, None
            found = _file_of(view, target)
            if found is not None and found not in seen:
                seen.add(found)
                pending.append(found)


def _required(path: str, text: str) -> Iterator[_Required]:
    for found in islice(_STATEMENT.finditer(text), MAX_STATEMENTS):
        before = text[: found.start()]
        in_comment = before.rfind("/*") > before.rfind("*/")
        if not in_comment and before.count("`") % 2 == 0:
            line = before.count("\n") + 1
            yield _Required(path, line, found["name"], is_esm=found["esm"] is not None)


def _is_lost(view: ImageView, target: str, one: _Required) -> bool:
    """Whether no file answers to a path; of an import, none of that very name."""
    if all(view.files.look(target + end) == "absent" for end in _ENDS):
        return True
    return one.is_esm and _is_es_module(view, one.file) and view.files.look(target) == "absent"


def _is_es_module(view: ImageView, file: str) -> bool:
    """Whether Node reads a file as an ES module, in which names of files are whole."""
    if file.endswith((".mjs", ".cjs")):
        return file.endswith(".mjs")
    here = posixpath.dirname(file)
    while True:
        kind = view.files.look(join(here, "package.json"))
        if kind != "absent" or here == "/":
            break
        here = posixpath.dirname(here)
    try:
        data = json.loads(view.files.read(join(here, "package.json")) or "{}")
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("type") == "module"


def _lacks_package(view: ImageView, name: str) -> NotThere | None:
    if name.startswith(("#", "/", "~", "@/", "node:", "data:", "file:")) or ":" in name:
        return None
    package = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
    return None if package in _BUILT_IN else surely_not_there(view.worked, package)


# ---- what is said --------------------------------------------------------------------------------------


def _finding(subject: Subject, view: ImageView, one: _Required, why: NotThere | None) -> Diagnostic:
    file = _in_repository(view, one.file)
    related = [Related(origin=Origin(file=file, line=one.line), message="required here")]
    what, facts, help = _of_file(view, one) if why is None else _of_package(why)
    if why is not None and why.line is not None:
        related.append(Related(origin=why.line, message="installed here"))
    return subject.finding(
        REQUIRED.code, Severity.ERROR, f"{file} requires '{one.name}', {what}", facts=facts, related=tuple(related),
        help=help,
    )  # fmt: skip


def _of_package(why: NotThere) -> tuple[str, tuple[str, ...], str]:
    return "which no installation brings", (why.why,), why.to_do


def _of_file(view: ImageView, one: _Required) -> tuple[str, tuple[str, ...], str]:
    """What is wrong with the name of a file, a fact, and what to do."""
    target = join(posixpath.dirname(one.file), one.name)
    whole = next((end for end in _ENDS[1:] if one.is_esm and view.files.look(target + end) == "file"), None)
    if whole is not None and not whole.endswith(".json"):
        return "and an ES module names a file in full", (), f"write '{one.name}{whole}'"
    folder, name = posixpath.split(target)
    beside = view.files.names(folder) or ()
    alike = [one for one in beside if one.lower() in {f"{name}{end}".lower() for end in _ENDS if "/" not in end}]
    if alike:
        fact = f"there is {alike[0]}: upper and lower case count on Linux"
        return "which the image does not have", (fact,), "write its name as the file has it"
    source = _in_repository(view, one.file)
    place = posixpath.normpath(posixpath.join(posixpath.dirname(source), one.name))
    repo = view.subject.repo
    there = next((place + end for end in _ENDS if repo.is_file(place + end)), None)
    if there is None:
        return "which the image does not have", ("the repository has none",), "commit the file, or correct the name"
    return "which the image does not have", (f"the repository has {there}",), "copy it into the image"


def _in_repository(view: ImageView, path: str) -> str:
    made = view.worked.look(path).made
    return made.path if made is not None and made.by == "context" else path
