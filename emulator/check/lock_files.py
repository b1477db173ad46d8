"""The rule about lock files that are behind the file they were made from, with tools that refuse such a one.

docs.npmjs.com, npm-ci ("If dependencies in the package lock do not match those in package.json, npm ci will exit with
an error"); classic.yarnpkg.com, yarn install --frozen-lockfile; yarnpkg.com, --immutable; pnpm.io, --frozen-lockfile;
docs.astral.sh/uv, --locked; python-poetry.org, `poetry install` ("pyproject.toml changed significantly").
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from emulator.image.dependencies import declared
from emulator.image.packages import PackageStep
from emulator.image.project_files import Files, join, line_of, table
from emulator.model.diagnostic import Severity

from .rule import CheckRule, Sample

_LOCKED = {"": {"dependencies": {"express": "5.1.0"}}, "node_modules/express": {"version": "5.1.0"}}
_NODE = {
    "server.js": "",
    "package.json": '{"dependencies": {"express": "5.1.0"}}\n',
    "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": _LOCKED}),
    "Dockerfile": 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n',
}
OUT_OF_DATE = CheckRule(
    code="build/lock-out-of-date",
    severity=Severity.ERROR,
    statement="An installation by a lock file is refused: the lock file does not have what the project asks for.",
    why=(
        "npm ci, pnpm and yarn with a frozen lock file, uv sync --locked and poetry install end with an error where "
        "the two differ. A dependency was added by hand, and the lock file not made anew, or not committed."
    ),
    wrong=Sample(
        files=_NODE | {"package.json": '{"dependencies": {"cors": "2.8.5", "express": "5.1.0"}}\n'}, file="Dockerfile",
        line=4,
    ),
    right=Sample(files=_NODE),
)  # fmt: skip

RULES = (OUT_OF_DATE,)


class Behind(NamedTuple):
    """What a lock file lacks. file, line: where that is asked for."""

    what: str
    lock: str
    file: str
    line: int | None
    to_do: str


def behind(step: PackageStep, files: Files, *, is_npm_7: bool) -> Behind | None:
    """Why a lock file is refused; None where that is not certain. Workspaces and overrides are not looked at."""
    reader = _READERS.get(step.tool)
    if reader is None or step.directory is None or step.unclear:
        return None
    if step.tool == "npm" and not is_npm_7:
        return None
    return next(reader(step, step.directory, files), None)


def makes_lock(step: PackageStep, tool: str) -> bool:
    """Whether a call may write the lock file of a tool anew."""
    if step.tool != tool or step.has("-g", "--global", "--frozen-lockfile", "--immutable", "--frozen", "--locked"):
        return False
    strict = ("ci", "run", "start", "test", "config") if step.is_of_node else ("config", "run")
    return step.action not in strict and (step.tool != "poetry" or step.action not in ("install", "sync"))


# ---- node ----------------------------------------------------------------------------------------------


def _node(step: PackageStep, directory: str, files: Files) -> Iterator[Behind]:
    manifest = join(directory, "package.json")
    text = files.read(manifest)
    asked = _asked(text) if text is not None else None
    compare: Callable[[str, dict[str, str]], Iterator[str]]
    match step.tool:
        case "npm":
            lock, compare, strict = "package-lock.json", _npm, step.action == "ci"
        case "pnpm":
            lock, compare, strict = "pnpm-lock.yaml", _pnpm, step.has("--frozen-lockfile")
        case _:
            lock, compare, strict = "yarn.lock", _yarn, step.has("--frozen-lockfile", "--immutable")
    is_strict = strict and step.action in ("ci", "install") and not step.names and not step.has("--no-frozen-lockfile")
    locked = files.read(join(directory, lock)) if is_strict and text is not None and asked else None
    if locked is None or text is None or asked is None:
        return
    for what in compare(locked, asked):
        to_do = f"run {step.tool} install, and commit {lock}"
        yield Behind(what, lock, manifest, line_of(text, f'"{what.partition("@")[0] or what}"'), to_do)


def _asked(text: str) -> dict[str, str] | None:
    """The direct dependencies and their ranges; None where something else has a say in them."""
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    others = ("workspaces", "overrides", "resolutions", "pnpm")
    if not isinstance(data, dict) or any(name in data for name in others):
        return None
    found = table(data, "devDependencies") | table(data, "dependencies")
    return found if all(isinstance(value, str) for value in found.values()) else None


_VERSION = r"(\d+)\.(\d+)\.(\d+)"


def _npm(locked: str, asked: dict[str, str]) -> Iterator[str]:
    try:
        data = json.loads(locked.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return
    packages = table(data, "packages")
    if "" not in packages:
        return  # of npm 6
    for name, wanted in asked.items():
        has = packages.get(f"node_modules/{name}")
        if has is None:
            yield name
        elif isinstance(has, dict) and _is_other(wanted, has.get("version")):
            yield f"{name} {wanted}"


def _is_other(wanted: str, has: Any) -> bool:
    """Whether a version surely lies outside of a range: of one version, or of `^` above 0."""
    there = re.fullmatch(_VERSION, has) if isinstance(has, str) else None
    exact, caret = re.fullmatch(_VERSION, wanted), re.fullmatch(rf"\^{_VERSION}", wanted)
    if there is None:
        return False
    if exact is not None:
        return exact.groups() != there.groups()
    if caret is None or caret[1] == "0":
        return False
    return caret[1] != there[1] or [int(part) for part in there.groups()] < [int(part) for part in caret.groups()]


def _pnpm(locked: str, asked: dict[str, str]) -> Iterator[str]:
    if "lockfileVersion:" in locked:
        yield from (name for name in asked if not re.search(rf"(?m)^ +['\"]?{re.escape(name)}['\"]?:", locked))


def _yarn(locked: str, asked: dict[str, str]) -> Iterator[str]:
    local = ("file:", "link:", "portal:", "workspace:", "./", "../", "/")
    yield from (
        name for name, wanted in asked.items() if f"{name}@" not in locked and not wanted.startswith(local)
    )  # fmt: skip


# ---- python --------------------------------------------------------------------------------------------


def _python(step: PackageStep, directory: str, files: Files) -> Iterator[Behind]:
    lock, is_strict, to_do = (
        ("uv.lock", step.action == "sync" and step.has("--locked"), "run uv lock, and commit uv.lock")
        if step.tool == "uv"
        else ("poetry.lock", step.action in ("install", "sync"), "run poetry lock, and commit poetry.lock")
    )
    manifest = join(directory, "pyproject.toml")
    text = files.read(manifest) if is_strict else None
    locked = files.read(join(directory, lock)) if text is not None else None
    if text is None or not locked or "[[package]]" not in locked:
        return
    has = {_plain(name) for name in re.findall(r'(?m)^name = "([^"]+)"', locked)}
    for asked in declared(directory, files):
        name = re.match(r"[A-Za-z0-9][\w.-]*", asked)
        if name is not None and _plain(name[0]) not in has:
            yield Behind(name[0], lock, manifest, line_of(text, name[0]), to_do)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


_READERS: dict[str, Callable[[PackageStep, str, Files], Iterator[Behind]]] = {
    "npm": _node, "pnpm": _node, "yarn": _node, "uv": _python, "poetry": _python,
}  # fmt: skip
