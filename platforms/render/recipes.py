"""Which image a native service is built on: its language's version and tools, decided from the repository."""

import posixpath
import re

from emulator.model.choice import Candidate, choose
from emulator.model.diagnostic import Fault, info
from emulator.snapshot import Unreadable

from . import rules
from .environment import Environment
from .native_image import (
    Recipe,
    calls,
    elixir_recipe,
    go_recipe,
    node_recipe,
    python_recipe,
    ruby_recipe,
    rust_recipe,
)
from .versions import (
    DEFAULT_BUN,
    DEFAULT_ELIXIR,
    DEFAULT_POETRY,
    DEFAULT_UV,
    Asker,
    go_version,
    node_version,
    python_version,
    ruby_version,
    rust_version,
    tool_version,
)
from .way import Given

_LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"), "yarn": ("yarn.lock",), "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock", "bun.lockb"),
}  # fmt: skip


def recipe_of(given: Given, runtime: str, env: Environment, build_command: str | None) -> Recipe | None:
    """The recipe of a service's image; None for a runtime that is none."""
    asker = Asker(given.repo, given.root, given.spec.name, env, given.trace, given.found)
    texts = (build_command, *(given.spec.text(field) for field in ("startCommand", "preDeployCommand")))
    commands = [text for text in (*texts, given.process().command) if text]
    uses = "\n".join((*commands, *_scripts(given, commands)))
    match runtime:
        case "python":
            return _python(asker, uses)
        case "node":
            return _node(asker, uses, build_command or "")
        case "ruby":
            return ruby_recipe(ruby_version(asker), uses=uses)
        case "go":
            go_version(asker)
            return go_recipe(given.repo.repository.slug)
        case "rust":
            return rust_recipe(rust_version(asker))
        case "elixir":
            return elixir_recipe(tool_version(asker, "ELIXIR_VERSION", "Elixir", DEFAULT_ELIXIR, rules.ELIXIR_VERSION))
    return None


_MOST_SCRIPTS = 10


def _scripts(given: Given, commands: list[str]) -> list[str]:
    """The texts of the repository's own scripts that commands name, and of those that these name."""
    found: dict[str, str] = {}
    texts = list(commands)
    while texts and len(found) < _MOST_SCRIPTS:
        for word in re.split(r"[\s;&|()\"']+", texts.pop(0)):
            path = posixpath.normpath(posixpath.join(given.root, word))
            if path in found or not (word.endswith(".sh") or "/" in word) or not given.repo.is_file(path):
                continue
            try:
                found[path] = given.repo.text(path)
            except Unreadable:
                continue
            texts.append(found[path])
    return list(found.values())


def _python(asker: Asker, uses: str) -> Recipe:
    version = python_version(asker)
    poetry = tool_version(asker, "POETRY_VERSION", "Poetry", DEFAULT_POETRY, rules.POETRY_VERSION)
    uv = None
    if asker.repo.is_file(posixpath.join(asker.root, "uv.lock")):
        uv = tool_version(asker, "UV_VERSION", "uv", DEFAULT_UV, rules.UV_VERSION)
    return python_recipe(version, uv=uv, poetry=poetry if calls(uses, "poetry") else None, uses=uses)


def _node(asker: Asker, uses: str, build: str) -> Recipe:
    version = node_version(asker)
    bun = None
    if calls(uses, "bun", "bunx"):
        bun = tool_version(asker, "BUN_VERSION", "Bun", DEFAULT_BUN, rules.BUN_VERSION)
    _package_manager(asker, build)
    return node_recipe(version, bun=bun, uses=uses)


def _package_manager(asker: Asker, build: str) -> None:
    """The one that the build command calls installs; another's lock file is then not read."""
    called = next((tool for tool in _LOCKS if calls(build, tool)), None)
    if called is None:
        return
    locks = [(tool, path) for tool, names in _LOCKS.items() for name in names
             if asker.repo.is_file(path := posixpath.normpath(posixpath.join(asker.root, name)))]  # fmt: skip
    loses = f"the build command calls {called}, and nothing detects another"
    candidates = [
        Candidate(tool, source=path, because=f"{path} is there", loses=loses) for tool, path in locks if tool != called
    ]
    setting = choose(
        asker.trace, f"{asker.name}.packages", "Which package manager?",
        Candidate(called, source="buildCommand", because=f"the build command calls {called}", rule=rules.NATIVE_TOOLS),
        *candidates,
    )  # fmt: skip
    assert setting is not None
    if locks and called != "bun" and called not in [tool for tool, _ in locks]:
        tool, path = locks[0]
        asker.found.append(
            info(
                "render/lock-file-not-read", f"{called} does not read {path}: it installs the newest versions that "
                "package.json allows", service=asker.name, rule=rules.NATIVE_TOOLS.id, fault=Fault.APP,
                help=f"call {tool} in buildCommand, or commit the lock file of {called}",
            )
        )  # fmt: skip
