"""Which packages surely are in no node_modules of an image: read from the lock files that its installations go by.

docs.npmjs.com, package-lock.json ("packages": one entry for each place; `dev`: "strictly part of the devDependencies
tree"), npm-ci and npm-install (--omit, and NODE_ENV=production, which leaves out the same).
"""

import json
import posixpath
from typing import NamedTuple

from emulator.image.packages import PackageStep
from emulator.image.project_files import join, table
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked, WorkedStage
from emulator.model.origin import Origin

_INSTALLS = ("install", "ci")
_LEAVES_OUT_DEV = ("--omit=dev", "--production", "--only=production", "--only=prod", "--prod", "--production=true")


class NotThere(NamedTuple):
    """why: for people. line: of the installation that leaves it out, where one does."""

    why: str
    to_do: str
    line: Origin | None = None


def surely_not_there(
    worked: Worked, name: str, *, before: tuple[WorkedStage, int] | None = None
) -> NotThere | None:
    """Why no installation of a build brings a package into its image, or into a stage before one of its steps; None
    where one may."""
    lost: NotThere | None = None
    found = False
    for stage in _that_count(worked, before[0] if before is not None else worked.last):
        for number, step in enumerate(stage.steps):
            if before is not None and stage is before[0] and number >= before[1]:
                break
            if step.instruction.keyword == "RUN" and "node_modules" in step.instruction.source:
                return None
            if step.instruction.keyword == "ENV" and "NODE_PATH" in step.instruction.source:
                return None
            for install in step.installs:
                if not install.step.is_of_node or install.step.action not in (*_INSTALLS, "add", "link", "update"):
                    continue
                if install.step.has("-g", "--global"):
                    if name in install.step.names or any(one.startswith(f"{name}@") for one in install.step.names):
                        return None
                    continue
                found = True
                files = TreeFiles(step.tree, worked.context.repo)
                lost = _left_by(install.step, name, files, is_production=_is_production(stage, number))
                if lost is None:
                    return None
                lost = lost._replace(line=install.origin) if lost.line is None else lost
    if not found or _is_committed(worked):
        return None
    return lost


def _that_count(worked: Worked, last: WorkedStage | None) -> list[WorkedStage]:
    """A stage, those it is built on, and those whose packages may be copied from: whole directories, or
    node_modules by name."""
    found: list[WorkedStage] = []
    pending = [last]
    while pending:
        stage = pending.pop()
        if stage is None or stage in found:
            continue
        found.append(stage)
        if stage.stage.parent is not None:
            pending.append(worked.stages.get(stage.stage.parent))
        for step in stage.steps:
            name = step.instruction.flag("from")
            if name is None or step.instruction.keyword != "COPY":
                continue
            sources = [word.text for word in step.instruction.words[:-1]]
            for other in worked.stages.values():
                is_it = name.lower() in (other.stage.name, str(other.stage.index))
                if is_it and any(_may_hold_packages(source, other) for source in sources):
                    pending.append(other)
    return found


def _may_hold_packages(source: str, stage: WorkedStage) -> bool:
    homes = [one.step.directory for step in stage.steps for one in step.installs if one.step.is_of_node]
    path = posixpath.normpath(posixpath.join("/", source)).rstrip("/")
    above = any(home is None or f"{home}/".startswith(f"{path}/") for home in homes)
    return "node_modules" in source or "$" in source or "*" in source or above


def _is_committed(worked: Worked) -> bool:
    """Whether the builder gets a node_modules, beside any package.json that was copied."""
    context = worked.context
    folders = ["", *(name for name in context.names(".") if context.entry(name).kind == "directory")]
    return any(context.entry(posixpath.join(folder, "node_modules")).kind is not None for folder in folders)


def _is_production(stage: WorkedStage, number: int) -> bool:
    lines = (step.instruction for step in stage.steps[: number + 1] if step.instruction.keyword == "ENV")
    return any(pair.key == "NODE_ENV" and pair.value == "production" for line in lines for pair in line.pairs)


def _left_by(step: PackageStep, name: str, files: TreeFiles, *, is_production: bool) -> NotThere | None:
    """Why one installation does not bring it."""
    if step.action not in _INSTALLS or step.names or step.directory is None or step.unclear or step.tool != "npm":
        return None
    try:
        data = json.loads(files.read(join(step.directory, "package.json")) or "")
        lock = json.loads(files.read(join(step.directory, "package-lock.json")) or "")
    except (ValueError, RecursionError):
        return None
    packages = table(lock, "packages")
    if not isinstance(data, dict) or "" not in packages or "workspaces" in data:
        return None
    if data.get("name") == name:
        return None
    asked = [table(data, kind) for kind in ("dependencies", "optionalDependencies", "peerDependencies")]
    if any(name in kind for kind in asked):
        return None
    places = [entry for place, entry in packages.items() if place.endswith(f"node_modules/{name}")]
    is_for_development = name in table(data, "devDependencies")
    if not places and not is_for_development:
        return NotThere("package.json does not ask for it", f"npm install {name}, and commit both files")
    leaves_out = step.has(*_LEAVES_OUT_DEV) or (is_production and not step.has("--include=dev", "--production=false"))
    if leaves_out and all(isinstance(one, dict) and one.get("dev") is True for one in places) and is_for_development:
        why = f"it is one of devDependencies, which npm {step.action} leaves out here"
        return NotThere(why, f"move {name} to dependencies, or install with --include=dev")
    return None


TOOLS = {
    "tsc": "typescript", "vite": "vite", "next": "next", "nest": "@nestjs/cli", "ng": "@angular/cli", "tsx": "tsx",
    "react-scripts": "react-scripts", "webpack": "webpack", "rollup": "rollup", "esbuild": "esbuild", "tsup": "tsup",
    "astro": "astro", "nuxt": "nuxt", "prisma": "prisma", "nodemon": "nodemon", "cross-env": "cross-env",
    "rimraf": "rimraf", "ts-node": "ts-node", "vue-cli-service": "@vue/cli-service", "concurrently": "concurrently",
}  # fmt: skip
"""Programs of node_modules/.bin, and the packages that bring them."""


def tool_of(script: object) -> str | None:
    """The first program of a script of package.json, where it is one of `TOOLS`."""
    words = script.split() if isinstance(script, str) else []
    while words and "=" in words[0]:
        words = words[1:]
    return words[0] if words and words[0] in TOOLS else None
