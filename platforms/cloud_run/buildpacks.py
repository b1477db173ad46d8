"""What Google's buildpacks would make of a source without a Dockerfile: the language, and the command.

Planned, not run. Thin on purpose: languages are told by their files in the order of the builder's groups; functions,
pinned runtimes and the build's own environment are not read.
"""

import re
from typing import NamedTuple

from emulator.formats.gitignore import Upload, is_uploaded
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Command
from emulator.snapshot import Snapshot, Unreadable

from . import rules
from .given import Given
from .upload import upload_rules

MOST_FOLDERS = 400
"""Folders looked into for a language's files; a larger source is told by what was seen."""

_ROOT_FILES = {
    "dotnet": r".*\.(?:cs|fs|vb)proj|.*\.runtimeconfig\.json",
    "dart": r"pubspec\.yaml|.*\.dart",
    "java": r"pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|.*\.java|.*\.jar",
    "ruby": r"Gemfile|gems\.rb",
    "php": r"composer\.json",
    "node": r"package\.json",
}
_ANYWHERE = {".go": "go", ".py": "python", ".php": "php", ".rb": "ruby"}
_ORDER = ("dotnet", "dart", "go", "java", "python+", "ruby+", "php", "node", "python", "ruby")
"""The builder's groups; with a plus those that need an entrypoint."""

_NO_MAIN = (
    'for Python, provide a main.py or app.py file or set an entrypoint with "GOOGLE_ENTRYPOINT" env var or by '
    'creating a "Procfile" file'
)
_RUBY = (
    'for Ruby, an entrypoint must be manually set, either with "GOOGLE_ENTRYPOINT" env var or by creating a '
    '"Procfile" file'
)
_UVICORN = "uvicorn {m}:app --port 8080 --host 0.0.0.0"
_SERVERS = (
    ("gunicorn", "gunicorn -b :8080 {m}:app"), ("uvicorn", _UVICORN), ("fastapi[standard]", _UVICORN),
    ("gradio", "python {m}.py"), ("streamlit", "streamlit run {m}.py --server.address 0.0.0.0 --server.port 8080"),
    ("google-adk", "adk api_server --port 8080 --host 0.0.0.0"),
)  # fmt: skip
"""Package → what Python 3.13 and later start, the first that is declared."""


class _Entrypoint(NamedTuple):
    """A Procfile's answer. error: why it gives none."""

    command: str | None
    origin: Origin
    error: str = ""


def buildpack_build(given: Given) -> tuple[Build, Command | None]:
    """The build and its command; what would fail there is said in the buildpacks' words."""
    left_out = upload_rules(given)
    upload = Upload(left_out or ())
    entrypoint = _procfile(given.repo) if is_uploaded("Procfile", upload) else None
    language, because = _language(given.repo, upload, has_entrypoint=entrypoint is not None)
    given.trace.note(
        f"{given.name}.language", "Which buildpacks build the source?", language or "none", because,
        rule=rules.BUILDPACK_ORDER,
    )  # fmt: skip
    build = Build(kind=BuildKind.BUILDPACK, runtime=language or "buildpacks", context=".", upload_rules=left_out)
    if language is None:
        message = "ERROR: failed to detect: no buildpacks participating"
        given.found.append(_failure(given.name, message, None, "add a Dockerfile, or the files of a language"))
        return build, None
    if entrypoint is not None and entrypoint.error:
        help_ = "name the line that serves requests `web:`"
        given.found.append(_failure(given.name, entrypoint.error, entrypoint.origin, help_))
        return build, None
    command = _from_procfile(entrypoint) if entrypoint else _default(given, language)
    shown = (command.text or "not known") if command else "none"
    given.trace.note(
        f"{given.name}.command", "Which command does the container start with?", shown,
        _why(entrypoint, command, language), origin=command.origin if command else None,
        rule=rules.BUILDPACK_ENTRYPOINT if entrypoint else rules.BUILDPACK_DEFAULT,
    )  # fmt: skip
    return build, command


def _why(entrypoint: _Entrypoint | None, command: Command | None, language: str) -> str:
    if entrypoint is not None:
        return "the Procfile's web line is the entrypoint"
    if command is None:
        return f"the {language} buildpack finds nothing to start"
    return f"it is what the {language} buildpack starts by default"


def _failure(service: str, message: str, origin: Origin | None, help_: str) -> Diagnostic:
    return error(
        "cloud-run/buildpack-fails", message, origin=origin, service=service, rule=rules.BUILDPACK_ENTRYPOINT.id,
        url=rules.BUILDPACK_ENTRYPOINT.url, help=help_,
    )  # fmt: skip


# ---- the language -------------------------------------------------------------------------------------


def _language(repo: Snapshot, upload: Upload, *, has_entrypoint: bool) -> tuple[str | None, str]:
    """The first group that detects, and what it saw."""
    seen = _evidence(repo, upload)
    for group in _ORDER:
        language = group.removesuffix("+")
        if language in seen and (has_entrypoint or not group.endswith("+")):
            beside = " and a Procfile" if group.endswith("+") else ""
            return language, f"{seen[language]} is there{beside}"
    root_scripts = [name for name in repo.entries() if name.endswith(".js") and is_uploaded(name, upload)]
    if root_scripts and has_entrypoint:
        return "node", f"{root_scripts[0]} is there and a Procfile"
    return None, "no language's files are there"


def _evidence(repo: Snapshot, upload: Upload) -> dict[str, str]:
    """Language → a file that is uploaded and tells of it."""
    seen: dict[str, str] = {}
    for name in repo.entries():
        if not is_uploaded(name, upload):
            continue
        for language, pattern in _ROOT_FILES.items():
            if re.fullmatch(pattern, name):
                seen.setdefault(language, name)
    folders = ["."]
    for folder in folders:
        for name in repo.entries(folder):
            path = name if folder == "." else f"{folder}/{name}"
            told = next((word for suffix, word in _ANYWHERE.items() if name.endswith(suffix)), None)
            if told is not None and is_uploaded(path, upload):
                seen.setdefault(told, path)
            elif name != "node_modules" and len(folders) < MOST_FOLDERS and repo.look(path).is_directory:
                folders.append(path)
    return seen


# ---- the command --------------------------------------------------------------------------------------


def _procfile(repo: Snapshot) -> _Entrypoint | None:
    """The Procfile's web line, as the entrypoint buildpack reads it; None where there is no Procfile."""
    if not repo.is_file("Procfile"):
        return None
    try:
        lines = repo.text("Procfile").splitlines()
    except Unreadable as problem:
        return _Entrypoint(None, Origin(file="Procfile", line=problem.line), problem.message)
    found = [(m[1], m[2], n) for n, line in enumerate(lines, 1) if (m := re.match(r"(\w+):\s*(.+)$", line))]
    if not found:
        return _Entrypoint(None, Origin(file="Procfile"), "did not find any processes in Procfile")
    for name, command, line in found:
        if name == "web":
            return _Entrypoint(command, Origin(file="Procfile", line=line))
    names = " ".join(dict.fromkeys(name for name, _, _ in found))
    return _Entrypoint(None, Origin(file="Procfile"), f"web process not found in Procfile, found processes: [{names}]")


def _from_procfile(entrypoint: _Entrypoint) -> Command:
    assert entrypoint.command is not None
    argv = ("bash", "-c", entrypoint.command)
    return Command(argv=argv, form="shell", text=entrypoint.command, source="procfile", origin=entrypoint.origin)


def _default(given: Given, language: str) -> Command | None:
    """What the language's buildpack starts; None, and said, where its build fails."""
    if language == "python":
        return _python(given)
    if language == "node":
        text = _node(given.repo)
        return Command(argv=tuple(text.split()), form="exec", text=text, source="buildpack")
    if language == "ruby":
        given.found.append(_failure(given.name, _RUBY, None, "add a Procfile with a web line"))
        return None
    return Command(argv=None, form="image", text=None, source="buildpack")


def _python(given: Given) -> Command | None:
    repo = given.repo
    module = next((name for name in ("main", "app") if repo.is_file(f"{name}.py")), None)
    if module is None:
        given.found.append(_failure(given.name, _NO_MAIN, None, "add a Procfile with a web line"))
        return None
    declared = _declared(repo)
    text = "gunicorn -b :8080 main:app"
    if _is_recent(repo):
        text = next((line for name, line in _SERVERS if name in declared), _SERVERS[0][1]).format(m=module)
    if "fastapi" in declared and text.startswith("gunicorn"):
        given.found.append(
            warning(
                "cloud-run/fastapi-under-gunicorn",
                "gunicorn is started for FastAPI: it starts, and every request gets 500",
                origin=Origin(file="requirements.txt"), service=given.name, rule=rules.BUILDPACK_DEFAULT.id,
                url=rules.BUILDPACK_DEFAULT.url,
                help="add uvicorn or fastapi[standard] to requirements.txt, or a Procfile",
            )
        )  # fmt: skip
    return Command(argv=("bash", "-c", text), form="shell", text=text, source="buildpack")


def _is_recent(repo: Snapshot) -> bool:
    """Python 3.13 or later: the default, unless .python-version says otherwise."""
    words = re.match(r"\s*3\.(\d+)", _text(repo, ".python-version"))
    return words is None or int(words[1]) >= 13


def _declared(repo: Snapshot) -> set[str]:
    """Packages of requirements.txt, in lower case, each also with its extras: "fastapi[standard]"."""
    names: set[str] = set()
    for line in _text(repo, "requirements.txt").splitlines():
        found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?", line)
        if found:
            name = found[1].lower().replace("_", "-")
            extras = [extra.strip().lower() for extra in (found[2] or "").strip("[]").split(",")]
            names |= {name, *(f"{name}[{extra}]" for extra in extras if extra)}
    return names


def _node(repo: Snapshot) -> str:
    """The command of a package.json, as npm's buildpack chooses it."""
    import msgspec

    try:
        package = msgspec.json.decode(_text(repo, "package.json") or "{}")
    except msgspec.DecodeError:
        package = {}
    package = package if isinstance(package, dict) else {}
    scripts = package.get("scripts")
    if (isinstance(scripts, dict) and scripts.get("start")) or repo.is_file("server.js"):
        return "npm run start"
    main = package.get("main")
    return f"node {main}" if isinstance(main, str) and main else "node index.js"


def _text(repo: Snapshot, path: str) -> str:
    """A file's text; "" where it is not there or cannot be read."""
    try:
        return repo.text(path) if repo.is_file(path) else ""
    except Unreadable:
        return ""
