"""Which version of its language a native service gets, by Render's rules, as decisions on the trace."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from emulator.contract import token
from emulator.formats.node_versions import CURRENT, newest
from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, Fault, error, info, warning
from emulator.model.origin import Origin
from emulator.model.rule import Rule
from emulator.snapshot import Snapshot, Unreadable
from platforms.language_images import NUMBERS

from . import rules
from .environment import Environment

DEFAULT_PYTHON = "3.14.3"
"""For services created since 2026-02-11 (source: python-version)."""
DEFAULT_POETRY, DEFAULT_UV = "2.1.3", "0.10.2"
"""Sources: logs of 2025 and 2026; uv-version."""
DEFAULT_NODE, DEFAULT_BUN = "24.14.1", "1.3.4"
"""Sources: logs of April 2026; language-support."""
DEFAULT_RUBY, DEFAULT_ELIXIR = "3.4.4", "1.18.4"
OLDEST = {"Python": "3.7.3", "Ruby": "3.1.0", "Elixir": "1.12"}
"""Older ones there are none of (sources: python-version, language-support)."""


class Pin(NamedTuple):
    """A version that a file names."""

    text: str
    origin: Origin


class Asker(NamedTuple):
    """Who asks for a version: the repository, the service's root and name, its variables and its trace."""

    repo: Snapshot
    root: str
    name: str
    environment: Environment
    trace: Trace
    found: list[Diagnostic]

    def folders(self) -> tuple[str, ...]:
        """The service's root, then the repository's: which of them is meant is not documented."""
        return tuple(dict.fromkeys((self.root, ".")))

    def choose(self, what: str, question: str, *candidates: Candidate[str]) -> Setting[str]:
        setting: Setting[str] | None = choose(self.trace, f"{self.name}.{what}", question, *candidates)
        assert setting is not None
        return setting

    def variable(self, name: str, rule: Rule) -> Candidate[str]:
        """What a variable says. A secret that is no version may be anything: it is not printed."""
        variable, hidden = self.environment.get(name), self.environment.hidden.get(name)
        given = hidden or (variable.value if variable else None)
        shown = token(name) if hidden and not re.fullmatch(r"[0-9.]+", hidden) else None
        return Candidate(
            given or ABSENT, source=name, because=f"{name} is set", shown=shown, rule=rule, absent="it is not set",
            origin=variable.origin if variable else None,
        )  # fmt: skip

    def file(self, name: str, read: Callable[[str], Iterator[tuple[int, str]]] | None = None) -> Pin | None:
        """The version in a file of the service's or the repository's root."""
        for folder in self.folders():
            path = posixpath.normpath(posixpath.join(folder, name))
            text = self.text(path)
            line = next((read or first_line)(text), None) if text is not None else None
            if line is not None:
                return Pin(line[1], Origin(file=path, line=line[0], column=1))
        return None

    def text(self, path: str) -> str | None:
        try:
            return self.repo.text(path) if self.repo.is_file(path) else None
        except Unreadable:
            return None

    def problem(self, setting: Setting[str], rule: Rule, what: str, example: str) -> None:
        self.found.append(
            warning(
                rule.id, f"{setting.winner.words()!r} in {setting.source} is no version of {what}",
                origin=setting.origin, service=self.name, rule=rule.id, help=f"write a version such as {example}",
            )
        )  # fmt: skip

    def has_it(self, setting: Setting[str], rule: Rule, what: str, version: str) -> None:
        """Render has none that is older than its oldest."""
        oldest = OLDEST.get(what)
        if oldest is None or numbers(version) >= numbers(oldest)[: len(numbers(version))]:
            return
        self.found.append(
            error(
                rule.id, f"Render has no {what} {version}: {oldest} is its oldest", origin=setting.origin,
                service=self.name, rule=rule.id, url=rule.url, facts=(f"{setting.source} asks for it",),
                help=f"take {oldest} or a later one",
            )
        )  # fmt: skip


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def pinned(pin: Pin | None, source: str, rule: Rule) -> Candidate[str]:
    """What a file says, as a candidate."""
    return Candidate(
        pin.text if pin else ABSENT, source=source, because=f"{source} names it", rule=rule, absent="there is none",
        origin=pin.origin if pin else None,
    )  # fmt: skip


def first_line(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def python_version(asker: Asker) -> str:
    """Rule render/python-version."""
    rule = rules.PYTHON_VERSION
    setting = asker.choose(
        "python", "Which Python?", asker.variable("PYTHON_VERSION", rule),
        pinned(asker.file(".python-version"), ".python-version", rule),
        Candidate(DEFAULT_PYTHON, source="default", because="nothing pins a version", rule=rule),
    )  # fmt: skip
    version = setting.value
    if setting.source == "PYTHON_VERSION" and not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version):
        shown = setting.winner.words()
        asker.found.append(
            error(
                "render/python-version", f"PYTHON_VERSION must be a full version such as 3.13.4, not {shown}",
                origin=setting.origin, service=asker.name, rule=rule.id, url=rule.url, help="write all three numbers",
            )
        )  # fmt: skip
    elif not NUMBERS.fullmatch(version):
        asker.problem(setting, rule, "CPython", "3.13.4")
    else:
        asker.has_it(setting, rule, "Python", version)
    _runtime_txt(asker, setting)
    return version if NUMBERS.fullmatch(version) else DEFAULT_PYTHON


def _runtime_txt(asker: Asker, setting: Setting[str]) -> None:
    """Heroku's runtime.txt, which many repositories still have, decides nothing (case 14 of the usual failures)."""
    if setting.source != "default":
        return
    pin = asker.file("runtime.txt")
    if pin is not None and pin.text.startswith("python-"):
        wanted = pin.text.removeprefix("python-")
        asker.found.append(
            warning(
                "render/runtime-txt", f"{pin.origin.file} is not read: Python is {setting.value}, not {wanted}",
                origin=pin.origin, service=asker.name, rule=rules.PYTHON_VERSION.id, url=rules.PYTHON_VERSION.url,
                help=f"write {wanted} into .python-version, or set PYTHON_VERSION",
            )
        )  # fmt: skip


def tool_version(asker: Asker, variable: str, tool: str, default: str, rule: Rule) -> str:
    """The version of a tool that a variable alone selects."""
    setting = asker.choose(
        tool.lower(), f"Which {tool}?", asker.variable(variable, rule),
        Candidate(default, source="default", because="nothing else is asked for", rule=rule),
    )  # fmt: skip
    if NUMBERS.fullmatch(setting.value):
        asker.has_it(setting, rule, tool, setting.value)
        return setting.value
    asker.problem(setting, rule, tool, default)
    return default


def node_version(asker: Asker) -> str:
    """Rule render/node-version; as exact as it is certain: "22" is the newest 22 there is."""
    rule = rules.NODE_VERSION
    setting = asker.choose(
        "node", "Which Node?", asker.variable("NODE_VERSION", rule),
        pinned(asker.file(".node-version"), ".node-version", rule),
        pinned(asker.file(".nvmrc"), ".nvmrc", rule),
        pinned(_engines(asker), "package.json", rule),
        Candidate(DEFAULT_NODE, source="default", because="nothing pins a version", rule=rule),
    )  # fmt: skip
    version = newest(setting.value)
    if version is None:
        asker.problem(setting, rule, "Node", "22.x")
        return DEFAULT_NODE
    lower = re.match(r"\s*>=?\s*(\d+)", setting.value)
    if lower and version == str(CURRENT):
        asker.found.append(
            info(
                "render/node-version-open", f"{setting.value} has no upper end: the newest Node there is, {version} "
                "today, builds and runs it", origin=setting.origin, service=asker.name, rule=rule.id, url=rule.url,
                fault=Fault.APP, help=f"name a line, as in `{lower[1]}.x`",
            )
        )  # fmt: skip
    return version


def _engines(asker: Asker) -> Pin | None:
    """engines.node of the root's package.json; where there is none, of the first in a folder below."""
    paths = [posixpath.normpath(posixpath.join(folder, "package.json")) for folder in asker.folders()]
    path = next((path for path in paths if asker.repo.is_file(path)), None) or _nested(asker)
    text = asker.text(path) if path else None
    try:
        data = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    engines = data.get("engines") if isinstance(data, dict) else None
    wanted = engines.get("node") if isinstance(engines, dict) else None
    if path is None or not isinstance(wanted, str) or not wanted.strip():
        return None
    return Pin(wanted.strip(), Origin(file=path, line=_line_of(text or "", wanted), column=1))


def _nested(asker: Asker) -> str | None:
    folder = asker.root
    names = sorted(asker.repo.entries(folder)) if asker.repo.look(folder).is_directory else []
    paths = (posixpath.normpath(posixpath.join(folder, name, "package.json")) for name in names)
    return next((path for path in paths if "node_modules" not in path and asker.repo.is_file(path)), None)


def _line_of(text: str, wanted: str) -> int:
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if '"node"' in line and json.dumps(wanted) in line), 1)


def ruby_version(asker: Asker) -> str:
    """Rule render/ruby-version."""
    rule = rules.RUBY_VERSION

    def directive(text: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.match(r"""\s*ruby[\s(]+["']([^"']+)["']""", line):
                yield number, found[1]

    setting = asker.choose(
        "ruby", "Which Ruby?", pinned(asker.file("Gemfile", directive), "Gemfile", rule),
        pinned(asker.file(".ruby-version"), ".ruby-version", rule),
        Candidate(DEFAULT_RUBY, source="default", because="nothing pins a version", rule=rule),
    )  # fmt: skip
    written = setting.value.removeprefix("ruby-").lstrip("~>= ")
    if not NUMBERS.fullmatch(written):
        asker.problem(setting, rule, "Ruby", DEFAULT_RUBY)
        return DEFAULT_RUBY
    if setting.value.startswith(">") and numbers(written) <= numbers(DEFAULT_RUBY):
        return DEFAULT_RUBY
    asker.has_it(setting, rule, "Ruby", written)
    is_range = re.match(r"~>|>=", setting.value)
    return ".".join(written.split(".")[:2]) if is_range else written


def rust_version(asker: Asker) -> str:
    """Rule render/rust-version."""
    rule = rules.RUST_VERSION

    def channel(text: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.match(r'\s*channel\s*=\s*"([^"]+)"', line):
                yield number, found[1]

    setting = asker.choose(
        "rust", "Which Rust?", asker.variable("RUSTUP_TOOLCHAIN", rule),
        pinned(asker.file("rust-toolchain.toml", channel), "rust-toolchain.toml", rule),
        pinned(asker.file("rust-toolchain", channel) or asker.file("rust-toolchain"), "rust-toolchain",
               rule),
        Candidate("stable", source="default", because="nothing pins a toolchain", rule=rule),
    )  # fmt: skip
    return setting.value


def go_version(asker: Asker) -> str:
    """Rule render/go-version: nothing selects it."""
    asker.trace.note(
        f"{asker.name}.go", "Which Go?", "the newest 1.x", "no variable and no file selects it, go.mod neither",
        rule=rules.GO_VERSION,
    )  # fmt: skip
    return "1"
