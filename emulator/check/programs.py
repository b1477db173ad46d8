"""Rules about the files that the command runs: there, allowed to run, and readable by the system."""

import posixpath
import re
from collections.abc import Iterator

from emulator.formats.dockerfile.base_images import is_distroless
from emulator.formats.dockerfile.scope import DEFAULT_PATH
from emulator.formats.editing import text_at
from emulator.image.dependencies import ANY
from emulator.image.imports import Missing, find_module
from emulator.image.scripts_called import git_may_change_line_ends
from emulator.image.tree import Answer, Folder, Refused, Unsure, resolve
from emulator.image.working import Step
from emulator.model.diagnostic import Diagnostic, Edit, Fix, Related, Severity
from emulator.model.origin import Origin
from emulator.model.plan import BuildKind

from .files_named import files_named
from .image_view import ImageView, view_of
from .in_image import in_image
from .rule import CheckRule, Sample
from .shell import words
from .subject import Subject, build_is_written

_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_RUN = 'CMD ["./start.sh"]\n'
_SCRIPT = "#!/bin/sh\nexec python -m http.server $PORT\n"
_COPY = "COPY --chmod=755 start.sh ./\n"


def _sample(script: str, copy: str, line: int | None = None) -> Sample:
    files = {"start.sh": script, "Dockerfile": f"{_FROM}{copy}{_RUN}"}
    return Sample(files=files, file="Dockerfile" if line else None, line=line)


_RIGHT = _sample(_SCRIPT, _COPY)

FILE = CheckRule(
    code="start/file-not-found",
    severity=Severity.ERROR,
    statement="The command runs a file, or goes to a folder, that the image surely does not have.",
    why="The process ends as soon as it starts. What it names was renamed, is not copied, or lies elsewhere.",
    wrong=Sample(
        files={"src/app.py": "", "Dockerfile": f'{_FROM}COPY . .\nCMD ["python", "app.py"]\n'},
        file="Dockerfile",
        line=4,
    ),
    right=Sample(files={"src/app.py": "", "Dockerfile": f'{_FROM}COPY . .\nCMD ["python", "src/app.py"]\n'}),
)
PROGRAM = CheckRule(
    code="start/program-not-found",
    severity=Severity.ERROR,
    statement="The command runs a program that the image surely does not have.",
    why="The container cannot start, or its shell ends with status 127.",
    wrong=_sample(_SCRIPT, "", 3),
    right=_RIGHT,
)
PERMISSION = CheckRule(
    code="start/permission-denied",
    severity=Severity.ERROR,
    statement="The command runs a file that is not marked as executable.",
    why=(
        "The system refuses to execute it: `permission denied`, status 126. Git keeps the mark (`git update-index "
        "--chmod=+x`), and a Dockerfile may set it."
    ),
    wrong=_sample(_SCRIPT, "COPY --chmod=644 start.sh ./\n", 4),
    right=_RIGHT,
)
LINE_ENDS = CheckRule(
    code="start/script-line-ends",
    severity=Severity.ERROR,
    statement="The command runs a script with Windows line ends.",
    why="The system looks for an interpreter whose name ends in a carriage return: `no such file or directory`.",
    wrong=_sample(_SCRIPT.replace("\n", "\r\n"), _COPY, 4),
    right=_RIGHT,
)
FORMAT = CheckRule(
    code="start/exec-format",
    severity=Severity.ERROR,
    statement="The container's first process is a script that does not say who reads it.",
    why="Without `#!` in its first line the system does not know the file's format: `exec format error`.",
    wrong=_sample("exec python -m http.server $PORT\n", _COPY, 4),
    right=_RIGHT,
)
_NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n"
SCRIPT = CheckRule(
    code="start/script-missing",
    severity=Severity.ERROR,
    statement="The command runs a script that package.json does not have.",
    why="The package manager ends as soon as it starts: `Missing script`. On your machine another one is used.",
    wrong=Sample(
        files={
            "package.json": '{"scripts": {"dev": "node index.js"}}', "index.js": "",
            "Dockerfile": f'{_NODE}CMD ["npm", "start"]\n',
        },
        file="Dockerfile", line=4,
    ),
    right=Sample(
        files={
            "package.json": '{"scripts": {"start": "node index.js"}}', "index.js": "",
            "Dockerfile": f'{_NODE}CMD ["npm", "start"]\n',
        },
    ),
)  # fmt: skip

RULES = (PERMISSION, LINE_ENDS, FORMAT, PROGRAM, SCRIPT, FILE)

_CONSOLE = words("gunicorn uvicorn hypercorn daphne granian flask celery streamlit waitress-serve fastapi")
"""Programs that come with Python distributions alone."""
_BROUGHT_BY = {
    "flask": ("flask",), "fastapi": ("fastapi",), "uvicorn": ("uvicorn", "fastapi[", "fastapi-cli"),
    "waitress-serve": ("waitress",),
}  # fmt: skip
"""What brings a program under another name than its own."""
_BRINGS_NONE = words(
    "flask fastapi django requests sqlalchemy psycopg2 psycopg2-binary psycopg pydantic pydantic-settings redis "
    "python-dotenv jinja2 numpy pandas pillow boto3 httpx aiohttp whitenoise dj-database-url djangorestframework "
    "django-cors-headers flask-cors flask-sqlalchemy flask-migrate flask-login flask-wtf alembic starlette uvicorn "
    "gunicorn pyyaml click werkzeug itsdangerous markupsafe bcrypt passlib pyjwt python-jose python-multipart stripe "
    "orjson tenacity attrs marshmallow lxml beautifulsoup4 psutil cryptography pip setuptools wheel asyncpg pymongo "
    "motor sqlmodel databases email-validator certifi urllib3 idna charset-normalizer anyio sniffio h11 "
    "typing-extensions greenlet mako blinker python-dateutil pytz tzdata six packaging environs"
)
"""Distributions that bring no server (their own metadata, read 2026-11-26)."""
_OF_THE_SYSTEM = tuple(DEFAULT_PATH.split(":"))
_LOCAL_BIN = "/usr/local/bin"
_SYSTEM_PLACES = ("", "/usr", *(one for one in _OF_THE_SYSTEM if one != _LOCAL_BIN))
_NODE_ENDS = ("", ".js", ".json", ".node", ".mjs", ".cjs", ".ts", "/index.js", "/package.json", "/index.json")


_PROGRAMS = words("node npm npx yarn pnpm python python3")


def file_not_found(subject: Subject) -> Iterator[Diagnostic]:
    """The script that an interpreter is given, and the files that a server is told to read."""
    view = view_of(subject)
    if view is None or view.directory is None or view.run.changed or not view.run.complete:
        return
    for name in files_named(view.run):
        path = posixpath.normpath(posixpath.join(view.directory, name))
        completes = view.run.program in ("node", "bun", "deno")
        ends = _NODE_ENDS if completes and not path.endswith((".js", ".mjs", ".cjs", ".ts")) else ("",)
        if not _is_odd(name) and all(view.files.look(path + end) == "absent" for end in ends):
            program = "python" if view.run.program == "django" else view.run.program
            facts, help = _elsewhere(view, name)
            if name in _PROGRAMS and subject.base_image is not None and is_distroless(subject.base_image):
                facts = (f"the ENTRYPOINT of {subject.base_image} is {program}, and CMD its arguments",)
                help = "write the file alone that it is to run; the image has no npm and no shell"
            does = "runs" if name == view.run.script else "is given"
            message = f"{program} {does} {name}: the image has no {path}"
            yield subject.finding(FILE.code, Severity.ERROR, message, facts=facts, help=help)
            return


def folder_not_found(subject: Subject) -> Iterator[Diagnostic]:
    """The folder that the command goes to before it runs anything."""
    view = view_of(subject)
    if view is None or view.run.changed or not view.run.directory or view.directory is None:
        return
    text = (subject.container.command.text or "") if subject.container.command is not None else ""
    goes = rf"(?:^|[\s;&|(])cd\s+[\"']?(?:\./)?{re.escape(view.run.directory)}/?[\"']?\s*&&"
    if re.search(goes, text) and view.files.look(view.directory) == "absent":
        message = f"the command goes to {view.run.directory}: the image has no {view.directory}"
        yield subject.finding(FILE.code, Severity.ERROR, message, help="correct the folder's name, or copy it")


def script_missing(subject: Subject) -> Iterator[Diagnostic]:
    """The script of package.json that the command, or a script behind it, asks for; package.json itself."""
    view, followed = view_of(subject), subject.followed
    lacking = followed.lacking if followed is not None else None
    if view is None or lacking is None:
        return
    asked = f"{lacking.tool} {'' if lacking.script == 'start' else 'run '}{lacking.script}"
    if lacking.is_file and lacking.path.endswith("/package.json"):
        facts, help = _elsewhere(view, "package.json")
        message = f"{asked} reads {lacking.path}, which the image does not have"
        yield subject.finding(FILE.code, Severity.ERROR, message, facts=facts, help=help)
        return
    manifest = posixpath.join(posixpath.dirname(lacking.path), "package.json")
    instead = ", and there is no server.js to run instead" if lacking.is_file else ""
    severity = Severity.ERROR if lacking.is_sure else Severity.WARNING
    yield subject.finding(
        SCRIPT.code, severity, f"{asked}: package.json has no script '{lacking.script}'{instead}",
        facts=tuple(_scripts(view, manifest)), related=tuple(_made(view.worked.look(manifest))),
        help="add the script to package.json, or run one that it has",
    )  # fmt: skip


def _scripts(view: ImageView, manifest: str) -> Iterator[str]:
    from .package_scripts import scripts_of

    names = scripts_of(view.files, posixpath.dirname(manifest)) or {}
    yield f"it has {', '.join(list(names)[:8])}" if names else "it has no scripts"


def _is_odd(script: str) -> bool:
    return script.startswith("-") or any(mark in script for mark in "$‹*?{") or "://" in script


def program_not_found(subject: Subject) -> Iterator[Diagnostic]:
    """A program by its path, or one that a Python distribution would have to bring."""
    view = view_of(subject)
    if view is None or subject.started is None:
        return
    for path in view.paths:
        if not _is_odd(path) and view.files.look(path) == "absent":
            facts, help = _elsewhere(view, path)
            place = _place(subject, view, path)
            message = f"the image has no {path}"
            yield subject.finding(PROGRAM.code, Severity.ERROR, message, origin=place, facts=facts, help=help)
            return
    yield from _tool(subject, view)
    if view.run.changed or view.run.runner:
        return
    if view.program in _CONSOLE:  # as it is written: not a path
        yield from _console(subject, view, view.program, _requirements(view, view.program))
    elif view.run.program in _CONSOLE and view.program != view.run.program:  # `python -m`
        yield from _console(subject, view, view.run.program, _modules_asked_for(view, view.run.program))


def _tool(subject: Subject, view: ImageView) -> Iterator[Diagnostic]:
    """A tool by its name, which the base image does not have and no line of the last stage brings."""
    from .tools_used import base_of, how_to_get, lacked_by, surely_lacks

    name, stage = view.run.runner or view.program, view.worked.last
    build = subject.container.build
    if view.run.changed or stage is None or build.generated_dockerfile is not None:
        return
    base = base_of(view.worked, stage)
    if name in lacked_by(base) and surely_lacks(view.worked, stage, name):
        message = f"the image has no {name}: {base} does not bring it, and no line of its last stage installs it"
        yield subject.finding(PROGRAM.code, Severity.ERROR, message, help=how_to_get(name, base))


def _modules_asked_for(view: ImageView, module: str) -> tuple[str, ...] | None:
    """What was asked for, of which one might bring a module; None when it is there or may come from elsewhere."""
    if not view.paths_are_known or any(module in step.instruction.source for step in _runs(view)):
        return None
    answer = find_module(view.tree, list(view.roots(view.directory or "/")), module)
    return answer.packages if isinstance(answer, Missing) and answer.packages else None


def _console(subject: Subject, view: ImageView, program: str, asked: tuple[str, ...] | None) -> Iterator[Diagnostic]:
    """A program or module that none of the installed distributions brings. asked: their names, None if not known."""
    if asked is None:
        return
    names = {re.split(r"[\s\[<>=!~;@(]", one.strip())[0].lower().replace("_", "-") for one in asked}
    bring = _BROUGHT_BY.get(program, (program,))
    if any(one.lower().replace("_", "-").startswith(bring) for one in asked) or program in names:
        return
    is_certain = names <= _BRINGS_NONE and build_is_written(subject.container.build, subject.service)
    severity = Severity.ERROR if is_certain else Severity.WARNING
    if ANY in names or (severity is Severity.WARNING and any("/" in one for one in asked)):
        return
    only = ", ".join(sorted(names - {"pip", "setuptools", "wheel"})[:6]) or "no package"
    lost = _lost_places(view)
    facts = (f"installed: {only}", *(f"PATH names {place}, which the image does not have" for place in lost))
    help = f"add {bring[0].rstrip('[')} to the requirements"
    if lost:
        help = f"make {posixpath.dirname(lost[0])} in this stage, or copy it from the one that makes it"
    yield subject.finding(PROGRAM.code, severity, f"nothing that is installed brings {program}", facts=facts, help=help)


def _lost_places(view: ImageView) -> list[str]:
    """The environments that PATH names and the image lacks."""
    places = (view.environ.get("PATH") or "").split(":")
    return [one for one in places if posixpath.basename(one) == "bin" and view.files.look(one) == "absent"]


def _requirements(view: ImageView, program: str) -> tuple[str, ...] | None:
    """What was asked for in the directories of PATH where the program could be; None when it could be elsewhere."""
    python = view.python
    path = view.environ.get("PATH")
    if python is None or path is None or any(program in step.instruction.source for step in _runs(view)):
        return None
    places = path.split(":")
    ours = [python.scripts, *(one for one in places if one == _LOCAL_BIN != python.scripts)]
    others = (one for one in places if one not in (*ours, *_OF_THE_SYSTEM))
    if any(view.files.look(f"{one}/{program}") != "absent" for one in others) or _is_copied_to_the_system(view):
        return None
    found = [_asked_in(view, one, program) for one in ours]
    known = [one for one in found if one is not None]
    return tuple(dict.fromkeys(name for one in known for name in one)) if len(known) == len(found) else None


def _is_copied_to_the_system(view: ImageView) -> bool:
    """Whether a COPY puts programs where those of the base image are, which are not known by name."""
    return any(
        step.instruction.keyword in ("COPY", "ADD") and step.instruction.words
        and step.instruction.words[-1].text.rstrip("/") in _SYSTEM_PLACES
        for stage in view.worked.stages.values() for step in stage.steps
    )  # fmt: skip


def _asked_in(view: ImageView, place: str, program: str) -> tuple[str, ...] | None:
    """What was asked for, of which one might have put a program into a directory; None when anything may have."""
    try:
        _, node = resolve(view.tree, place)
    except (Refused, Unsure):
        return None
    if not isinstance(node, Folder) or node.more.anything:
        return None
    is_open = getattr(node.get(program), "more", None) == node.more
    return node.more.packages if is_open and node.more.packages else None


def _runs(view: ImageView) -> Iterator[Step]:
    for stage in view.worked.stages.values():
        yield from (step for step in stage.steps if step.instruction.keyword == "RUN")


def _elsewhere(view: ImageView, path: str) -> tuple[tuple[str, ...], str]:
    """Where the repository has a file of that name."""
    name = posixpath.basename(path)
    repo = view.subject.repo
    context = view.worked.context
    for folder in (".", *sorted(one for one in repo.entries(".") if repo.look(one).is_directory and one[0] != ".")):
        place = posixpath.normpath(posixpath.join(folder, name))
        if repo.is_file(place):
            there = in_image(view, place)
            if there is not None:
                fact = f"the repository has {place}, which is {there} in the image"
                return (fact,), f"start in {posixpath.dirname(there)}, or write the path from where it starts"
            inside = posixpath.relpath(place, context.directory) if context.directory != "." else place
            gone = not inside.startswith("..") and context.entry(inside).kind is None
            why = "the builder does not get it" if gone or inside.startswith("..") else "it is not copied there"
            return (f"the repository has {place}: {why}",), "correct the path, or copy the file there"
    return (), "correct the path, or commit the file and copy it"


# ---- files that are there ------------------------------------------------------------------------------


def not_runnable(subject: Subject) -> Iterator[Diagnostic]:
    """A script that is executed by its path, and that the system refuses."""
    view = view_of(subject)
    for path in view.paths if view is not None else ():
        assert view is not None
        found = view.worked.look(path)
        if found.state == "there" and found.kind == "file":
            yield from _refused(subject, view, path, found)


def _place(subject: Subject, view: ImageView, path: str) -> Origin | None:
    """Where a path is written."""
    return subject.origin_of_first if _is_first(subject, view, path) else subject.origin


def _refused(subject: Subject, view: ImageView, path: str, found: Answer) -> Iterator[Diagnostic]:
    if found.mode is not None and not found.mode & 0o111:
        is_native = subject.container.build.kind is BuildKind.NATIVE  # see `packages._placed`
        yield subject.finding(
            PERMISSION.code, Severity.WARNING if is_native else Severity.ERROR, f"{path} is not executable",
            origin=_place(subject, view, path), related=tuple(_made(found)),
            facts=(f"its mode is {found.mode:o}",),
            help=f"git update-index --chmod=+x {_source(found) or path}, or COPY --chmod=755",
            fix=_executable(subject, found),
        )  # fmt: skip
        return
    text = view.files.read(found.path)
    if text is None or git_may_change_line_ends(subject.repo) or "\0" in text[:4096]:
        return  # git may change line ends in what it gives out
    first = text.partition("\n")[0]
    if first.startswith("#!") and first.endswith("\r"):
        yield subject.finding(
            LINE_ENDS.code, Severity.ERROR, f"{path} has Windows line ends: its interpreter is not found",
            origin=_place(subject, view, path), related=tuple(_made(found)), facts=(f"its first line is {first!r}",),
            help="save it with Unix line ends, and keep them with `*.sh text eol=lf` in .gitattributes",
            fix=_unix_line_ends(_source(found), text),
        )  # fmt: skip
    elif not first.startswith("#!") and text and _is_first(subject, view, path):
        yield subject.finding(
            FORMAT.code, Severity.ERROR, f"{path} does not begin with #!, so that nobody can execute it",
            origin=_place(subject, view, path), related=tuple(_made(found)), help="begin it with #!/bin/sh",
        )  # fmt: skip


def _executable(subject: Subject, found: Answer) -> Fix | None:
    """The mark on the repository's file, where it has none and no instruction gives the file another mode."""
    path, made = _source(found), found.made
    if path is None or not subject.repo.is_file(path) or subject.repo.look(path).executable:
        return None
    origin = made.origin if made is not None else None
    if origin is not None and "--chmod" in text_at(subject.repo.text(origin.file), origin):
        return None
    return Fix(message=f"mark {path} as executable", edits=(Edit(file=path, executable=True),))


def _unix_line_ends(path: str | None, text: str) -> Fix | None:
    if path is None:
        return None
    lines = text.count("\n") + 1
    last = len(text.rpartition("\n")[2]) + 1
    whole = Edit(file=path, end_line=lines, end_column=last, text=text.replace("\r\n", "\n"))
    return Fix(message=f"give {path} Unix line ends", edits=(whole,))


def _is_first(subject: Subject, view: ImageView, path: str) -> bool:
    """Whether the container's runtime itself executes it, and no shell or init that would try again with sh."""
    command = subject.container.command
    argv = command.argv if command is not None else None
    return bool(argv) and argv is not None and "/" in argv[0] and view.paths[0] == path


def _made(found: Answer) -> Iterator[Related]:
    if found.made is not None and found.made.origin is not None:
        yield Related(origin=found.made.origin, message="comes into the image here")
    if found.made is not None and found.made.by == "context":
        yield Related(origin=Origin(file=found.made.path, line=1), message="the file")


def _source(found: Answer) -> str | None:
    return found.made.path if found.made is not None and found.made.by == "context" else None
