"""Commands of package managers: what they are asked to install, from where, and to where.

The options with a value are those that each tool's own `--help` lists (pip 26, uv 0.13, poetry 2, pdm 2.26,
pipenv 2026, npm 11, yarn 1 and 4, pnpm 10).
"""

import posixpath
import re
from collections.abc import Callable, Sequence

from emulator.model.record import Record, replace

from .shell import Command, Word


class Project(Record, frozen=True, kw_only=True):
    """A directory or archive that is installed. path: absolute, None when the directory it is relative to is not
    known. extras: of `.[a,b]`."""

    path: str | None
    source: str
    line: int
    editable: bool = False
    extras: tuple[str, ...] = ()


class Listed(Record, frozen=True, kw_only=True):
    """A file that is read: requirements, constraints."""

    path: str | None
    source: str
    line: int


class PackageStep(Record, frozen=True, kw_only=True):
    """One call of a package manager.

    tool: pip, uv, uv-pip, poetry, pdm, pipenv, npm, yarn or pnpm. program: the command as written: it tells which
    Python (`/venv/bin/pip`, `python3 -m pip`). action: install, sync, ci, run, build, … as the tool calls it; script:
    what `run` and `start` name. directory: the one it works in, None when not known. names: packages by name or URL,
    and the operands of `config` and `venv`. target, prefix, root, user, system, python: where it installs to. project:
    whether the project in `directory` itself is installed (False for --no-root, --no-install-project). flags: every
    option, without its value; of npm and its like with it as well. unclear: an argument is not known, so that it may do
    more or other things than it says here.
    """

    tool: str
    program: str
    action: str
    directory: str | None
    line: int
    projects: tuple[Project, ...] = ()
    requirements: tuple[Listed, ...] = ()
    constraints: tuple[Listed, ...] = ()
    names: tuple[str, ...] = ()
    script: str | None = None
    no_deps: bool = False
    project: bool = True
    user: bool = False
    system: bool = False
    target: str | None = None
    prefix: str | None = None
    root: str | None = None
    python: str | None = None
    flags: tuple[str, ...] = ()
    unclear: bool = False

    @property
    def is_of_node(self) -> bool:
        return self.tool in ("npm", "yarn", "pnpm")

    def has(self, *options: str) -> bool:
        """Whether one of the options was given."""
        return any(option in self.flags for option in options)


_PIP_VALUES = {
    "--platform", "--python-version", "--implementation", "--abi", "--root", "--prefix", "--src", "-C",
    "--config-settings", "--global-option", "--no-binary", "--only-binary", "--progress-bar", "--root-user-action",
    "--report", "--group", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--log",
    "--keyring-provider", "--proxy", "--retries", "--timeout", "--exists-action",
    "--trusted-host", "--cert", "--client-cert", "--cache-dir",
    "--use-feature", "--use-deprecated", "--python", "--upgrade-strategy", "--resume-retries", "-r", "--requirement",
    "-c", "--constraint", "-e", "--editable", "-t", "--target", "--build-constraint", "-d", "--dest", "-w",
    "--wheel-dir",
}  # fmt: skip

_UV_VALUES = {
    "--override", "--overrides", "-b", "--extra", "--no-extra", "--index", "--default-index", "--index-strategy", "-P",
    "--upgrade-package", "--resolution", "--prerelease", "--fork-strategy", "--exclude-newer", "--link-mode", "-p",
    "--config-setting", "--directory", "--project", "--color", "--torch-backend", "--reinstall-package",
    "--no-build-isolation-package", "--no-build-package", "--no-binary-package", "--allow-insecure-host",
    "--refresh-package", "--config-file", "--no-group", "--only-group", "--package", "--no-install-package",
    "--python-platform", "--requirements", "--constraints", "--exclude", "--output-file", "-o",
}  # fmt: skip

_VALUES: dict[str, set[str]] = {
    "pip": _PIP_VALUES,
    "uv": _PIP_VALUES - {"-w", "-d"} | _UV_VALUES,
    "poetry": {"--with", "--without", "--only", "-E", "--extras", "-C", "--directory", "-P", "--project",
               "--group", "-G"},
    "pdm": {"-G", "--group", "-p", "--project", "-L", "--lockfile", "-k", "--skip", "--venv", "--config-setting", "-C"},
    "pipenv": {"-r", "--requirements", "-e", "--editable", "--categories", "--python", "-i", "--index",
               "--extra-pip-args"},
    "npm": {"--prefix", "-C", "-w", "--workspace", "--omit", "--include", "--registry", "--cache", "--loglevel",
            "--install-strategy", "--userconfig", "--only"},
    "yarn": {"--cwd", "--network-timeout", "--cache-folder", "--modules-folder", "--registry", "--mutex"},
    "pnpm": {"-C", "--dir", "--filter", "-F", "--store-dir", "--reporter", "--registry", "--config"},
}  # fmt: skip

_DIRECTORY_OPTIONS = {"--directory", "--project", "--prefix", "--cwd", "--dir"}
_ARCHIVE = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
_PYTHON = r"(?:.*/)?(?:python|pypy)(?:\d+(?:\.\d+)*)?"
_PIP = r"pip(?:\d+(?:\.\d+)*)?"
_EXTRAS = r"(.*?)\[([^\[\]]*)\]"


def package_step(command: Command) -> PackageStep | None:
    """The call a command makes; None for a command that is no package manager's."""
    words = list(command.words)
    program = words[0].text if words else None
    if program is None:
        return None
    name = posixpath.basename(program)
    if re.fullmatch(_PYTHON, program):
        while len(words) > 1 and (words[1].text or "") in ("-I", "-u", "-E", "-s"):
            del words[1]
        texts = [word.text for word in words[1:3]]
        if len(texts) < 2 or texts[0] != "-m" or texts[1] not in ("pip", "uv", "poetry", "pdm", "pipenv"):
            return None
        name, program, words = texts[1] or "", f"{program} -m {texts[1]}", words[2:]
    name = "pip" if re.fullmatch(_PIP, name) else name
    reader = _READERS.get(name)
    return reader(_Arguments(command, program, words[1:], name)) if reader is not None else None


class _Arguments:
    """The arguments of a call, taken apart: options with their values, other options, and the rest in order."""

    def __init__(self, command: Command, program: str, words: Sequence[Word], tool: str) -> None:
        self.program = program
        self.command = command
        self.line = command.line
        self.unclear = command.cwd is None
        self.values: list[tuple[str, Word]] = []
        self.flags: list[str] = []
        self.rest: list[Word] = []
        self.directory = command.cwd
        self._read(list(words), _VALUES[tool])

    def _read(self, words: list[Word], with_value: set[str]) -> None:
        only_operands = False
        while words:
            word = words.pop(0)
            text = word.text
            if text is None:
                self.unclear = True
            elif text == "--" and not only_operands:
                only_operands = True
            elif only_operands or not text.startswith("-") or text == "-":
                self.rest.append(word)
            elif "=" in text and text.startswith("--"):
                option, _, value = text.partition("=")
                self.values.append((option, replace(word, text=value)))
            elif text in with_value:
                self.unclear = self.unclear or not words
                if words:
                    self.values.append((text, words.pop(0)))
            elif not text.startswith("--") and text[:2] in with_value:
                self.values.append((text[:2], replace(word, text=text[2:])))
            else:
                self.flags.append(text)

    def take(self) -> str:
        """The next operand, "" when there is none."""
        return (self.rest.pop(0).text or "") if self.rest else ""

    def value(self, *options: str) -> str | None:
        """The last value of an option; None where it was not given."""
        return next((word.text for option, word in reversed(self.values) if option in options), None)

    def path(self, word: Word) -> str | None:
        """The absolute path a word names; None when not known."""
        text = word.text
        if text is None:
            self.unclear = True
            return None
        if text.startswith("file://"):
            text = text.removeprefix("file://")
        if text.startswith("/"):
            return posixpath.normpath(text)
        return posixpath.normpath(posixpath.join(self.directory, text)) if self.directory else None

    def where(self, *options: str) -> str | None:
        """The absolute path an option names, None when it was not given."""
        word = next((word for option, word in reversed(self.values) if option in options), None)
        return self.path(word) if word is not None else None

    def files(self, *options: str) -> tuple[Listed, ...]:
        """The files of an option that may be given several times; those that are fetched, or read from a pipe, have no
        path."""
        elsewhere = ("http://", "https://", "-")
        return tuple(
            Listed(
                path=self.path(word) if not (word.text or "").startswith(elsewhere) else None,
                source=word.text or word.source, line=word.line,
            )
            for option, word in self.values
            if option in options
        )  # fmt: skip

    def go(self, *options: str) -> None:
        """Work in the directory an option names."""
        word = next((word for option, word in reversed(self.values) if option in options), None)
        if word is not None:
            self.directory = self.path(word)
            self.unclear = self.unclear or self.directory is None

    def step(self, tool: str, action: str, **more: object) -> PackageStep:
        base = PackageStep(
            tool=tool, program=self.program, action=action, directory=self.directory, line=self.line,
            flags=(*self.flags, *(option for option, _ in self.values)), unclear=self.unclear,
        )  # fmt: skip
        return replace(base, **more)


def _pip(args: _Arguments) -> PackageStep:
    action = args.take()
    return _pip_like(args, "pip", action)


def _pip_like(args: _Arguments, tool: str, action: str) -> PackageStep:
    projects: list[Project] = []
    names: list[str] = []
    for option, word in args.values:
        if option in ("-e", "--editable"):
            _sort(args, word, projects, names, editable=True)
    for word in args.rest:
        _sort(args, word, projects, names, editable=False)
    return args.step(
        tool, action,
        projects=tuple(projects), names=tuple(names),
        requirements=args.files("-r", "--requirement", "--requirements"),
        constraints=args.files("-c", "--constraint", "--constraints", "--build-constraint", "-b", "--override",
                               "--overrides"),
        no_deps="--no-deps" in args.flags, user="--user" in args.flags, system="--system" in args.flags,
        target=args.where("-t", "--target"), prefix=args.where("--prefix"), root=args.where("--root"),
        python=args.value("--python", "-p"), unclear=args.unclear,
    )  # fmt: skip


def _sort(args: _Arguments, word: Word, projects: list[Project], names: list[str], *, editable: bool) -> None:
    """A requirement is a path where pip takes it for one (pip/_internal/req/constructors.py: a separator in it, or
    a dot at its beginning, or an archive's name), else a name or URL."""
    text = word.text or ""
    if word.text is None:
        args.unclear = True
        return
    if " @ " in text or (re.match(r"[a-z+]+://|git\+", text) and not text.startswith("file:")):
        names.append(text)
        return
    found = re.fullmatch(_EXTRAS, text)
    bare, extras = (found[1], found[2]) if found else (text, "")
    if not (editable or "/" in bare or bare.startswith((".", "file:")) or bare.endswith(_ARCHIVE)):
        names.append(text)
        return
    path = args.path(replace(word, text=bare.partition("#")[0]))
    given = tuple(one.strip() for one in extras.split(",") if one.strip())
    projects.append(Project(path=path, source=text, line=word.line, editable=editable, extras=given))


def _uv(args: _Arguments) -> PackageStep:
    args.go("--directory")
    action = args.take()
    if action == "pip":
        return _pip_like(args, "uv-pip", args.take())
    args.go("--project")
    no_project = {"--no-install-project", "--no-install-workspace", "--only-dev"} & {*args.flags}
    only_group = args.value("--only-group") is not None
    script = args.take() if action == "run" else None
    return args.step(
        "uv", action, script=script, project=not (no_project or only_group), python=args.value("-p", "--python"),
        names=tuple(word.text or "" for word in args.rest) if action in ("add", "venv") else (),
    )  # fmt: skip


def _poetry(args: _Arguments) -> PackageStep:
    args.go("-C", "--directory", "-P", "--project")
    action = args.take()
    project = "--no-root" not in args.flags and args.value("--only") is None
    script = args.take() if action == "run" else None
    names = tuple(word.text or "" for word in args.rest) if action == "config" else ()
    return args.step("poetry", action, project=project, script=script, names=names)


def _pdm(args: _Arguments) -> PackageStep:
    args.go("-p", "--project")
    action = args.take()
    project = not {"--no-self", "--no-default"} & {*args.flags}
    return args.step("pdm", action, project=project, script=args.take() if action == "run" else None)


def _pipenv(args: _Arguments) -> PackageStep:
    action = args.take()
    projects: list[Project] = []
    names: list[str] = []
    for option, word in args.values:
        if option in ("-e", "--editable"):
            _sort(args, word, projects, names, editable=True)
    if action != "run":
        for word in args.rest:
            _sort(args, word, projects, names, editable=False)
    return args.step(
        "pipenv", action, project=False, system="--system" in args.flags, projects=tuple(projects), names=tuple(names),
        requirements=args.files("-r", "--requirements"), script=args.take() if action == "run" else None,
    )  # fmt: skip


_NODE_ALIASES = {
    "i": "install", "in": "install", "ins": "install", "isntall": "install", "add": "install", "run-script": "run",
    "rum": "run", "urn": "run", "clean-install": "ci", "ic": "ci", "install-clean": "ci", "t": "test", "tst": "test",
}  # fmt: skip


def _node(args: _Arguments) -> PackageStep:
    tool = posixpath.basename(args.program)
    args.go("--prefix", "-C", "--cwd", "--dir")
    first = args.take()
    action = _NODE_ALIASES.get(first, first) if tool != "yarn" else first or "install"
    script = None
    if action == "run":
        script = args.take() or None
    elif action in ("start", "test", "stop", "restart"):
        script = action
    elif tool in ("yarn", "pnpm") and action not in _YARN_COMMANDS:
        action, script = "run", first or None
    names = tuple(word.text or "" for word in args.rest) if action in ("install", "add") else ()
    told = args.step(tool, action, script=script, names=names)
    return replace(told, flags=(*told.flags, *(f"{option}={word.text}" for option, word in args.values)))


_YARN_COMMANDS = {
    "install", "add", "remove", "run", "start", "test", "config", "cache", "set", "workspace", "workspaces", "global",
    "build-deps", "dlx", "exec", "init", "link", "list", "node", "pack", "plugin", "publish", "rebuild", "up",
    "upgrade",
    "version", "why", "ci", "fetch", "deploy", "store", "prune", "dedupe", "env", "setup", "import", "create", "bin",
    "", "-v", "help",
}  # fmt: skip

_READERS: dict[str, Callable[[_Arguments], PackageStep]] = {
    "pip": _pip, "uv": _uv, "poetry": _poetry, "pdm": _pdm, "pipenv": _pipenv, "npm": _node, "yarn": _node,
    "pnpm": _node,
}  # fmt: skip
