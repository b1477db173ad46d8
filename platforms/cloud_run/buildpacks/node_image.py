"""package.json as the Node buildpacks read it, and the steps by which they install and build."""

import re
import shlex
from typing import NamedTuple

from emulator.formats.node_versions import major_of
from emulator.model.origin import Origin
from platforms.language_images import node_image

from .building import Building
from .image import WORKSPACE, Recipe
from .source import line_of

MANIFEST = "package.json"
FRAMEWORK = "@google-cloud/functions-framework"
FRAMEWORK_LAYER = "/layers/google.nodejs.functions-framework/functions-framework"
_TOOLS = {"yarn": "1.22.22", "pnpm": "11.22.0", "bun": "1.4.0"}
_OLDER_PNPM, _OLDER_NODE = "10.12.4", 20
"""Versions that the buildpacks install where package.json names none (source: their tooling_versions, 2026-08)."""


class Package(NamedTuple):
    """package.json as the buildpacks read it."""

    there: bool
    text: str
    main: str
    scripts: dict[str, str]
    dependencies: dict[str, str]
    dev: dict[str, str]
    engines: dict[str, str]
    manager: str

    def script(self, name: str) -> Origin:
        return line_of(self.text, rf"^\s*[{{]?.*\"{re.escape(name)}\"\s*:", MANIFEST)


def node_recipe(of: Building, package: Package, version: str, manager: str, scripts: tuple[str, ...]) -> Recipe:
    mode = of.env["NODE_ENV"] or ("development" if scripts else "production")
    prunes = bool(scripts) and bool(package.dev) and (of.env["NODE_ENV"] or "production") == "production"
    install, prune = _install(of, manager, mode, dev=bool(scripts))
    steps = (*install, *(_plain(script) for script in scripts), *(prune if prunes else ()))
    if of.group.is_function and FRAMEWORK not in package.dependencies:
        steps += (f"npm install --quiet --no-fund --no-audit --prefix {FRAMEWORK_LAYER} {FRAMEWORK}@^3.5.0",)
    tool = _tool(package, manager, version)
    # The official image has a user with the number that the buildpacks' own has.
    tools: tuple[str, ...] = ("RUN userdel --force node || true",)
    tools += (f"RUN npm install --global --force --no-fund --no-audit {tool}",) if tool else ()
    env = (("NODE_ENV", of.env["NODE_ENV"] or "production"), *of.launch_env) if package.there else of.launch_env
    return Recipe(
        node_image(version), tools=tools, steps=steps, env=env,
        path=(f"{WORKSPACE}/node_modules/.bin",) if package.there else (),
    )  # fmt: skip


def _install(of: Building, manager: str, mode: str, *, dev: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What installs, and what takes the devDependencies out again."""
    set_ = f"NODE_ENV={mode}"
    match manager:
        case "none":
            return (), ()
        case "yarn":
            if _is_yarn_2(of):
                return ("yarn install --immutable",), ("yarn workspaces focus --all --production",)
            frozen = " --frozen-lockfile" if of.source.has("yarn.lock") else ""
            every = " --production=false" if dev else ""
            call = f"yarn install --non-interactive --prefer-offline{frozen}{every}"
            return (
                (f"rm -rf node_modules && {call}",),
                (f"yarn install --ignore-scripts --prefer-offline --production=true{frozen}",),
            )
        case "pnpm":
            prod = " --prod" if mode == "production" else ""
            return (f"CI=true {set_} pnpm install{prod}",), ("CI=true pnpm prune --prod",)
        case "bun":
            frozen = " --frozen-lockfile" if of.source.first("bun.lock", "bun.lockb") else ""
            return (f"{set_} bun install{frozen}",), ("bun install --frozen-lockfile --production",)
    if of.env["GOOGLE_VENDOR_NPM_DEPENDENCIES"].lower() in ("true", "1"):
        return (f"{set_} npm rebuild",), ()
    lock = of.source.first("npm-shrinkwrap.json", "package-lock.json")
    made = "" if lock else "npm install --package-lock-only --quiet && "
    return (
        (f"rm -rf node_modules && {made}{set_} npm ci --quiet --no-fund --no-audit",),
        ("npm prune --production",),
    )


def _is_yarn_2(of: Building) -> bool:
    return "__metadata:" in of.source.readable("yarn.lock")


def _tool(package: Package, manager: str, node_version: str) -> str:
    """The package manager as npm installs it; "" where the one that Node brings does."""
    named, _, version = package.manager.partition("@")
    wanted = package.engines.get(manager) or (version.partition("+")[0] if named == manager else "")
    if manager in ("none", "npm"):
        return shlex.quote(f"npm@{package.engines['npm']}") if "npm" in package.engines else ""
    older = manager == "pnpm" and major_of(node_version) <= _OLDER_NODE
    wanted = wanted or (_OLDER_PNPM if older else _TOOLS[manager])
    name = "@yarnpkg/cli-dist" if manager == "yarn" and not wanted.startswith(("1", "^1", "~1")) else manager
    return shlex.quote(f"{name}@{wanted}")


def _plain(command: str) -> str:
    """A command that is split at spaces and run without a shell."""
    return shlex.join(command.split(" "))
