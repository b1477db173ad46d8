"""What npm, yarn and pnpm need at one point of a build, thinly: lock files, package.json and its scripts.

docs.npmjs.com/cli/v11/commands: npm-ci ("The project must have an existing package-lock.json or
npm-shrinkwrap.json"), npm-start ("If there is no `start` script … npm will run `node server.js`"), npm-run.
"""

import posixpath

from emulator.model.record import Record

from .packages import PackageStep
from .project_files import Files, Need, join, need, strings, table

_LOCKS = {
    ("npm", "ci"): ("package-lock.json", "npm-shrinkwrap.json"),
    ("yarn", "frozen"): ("yarn.lock",),
    ("pnpm", "frozen"): ("pnpm-lock.yaml",),
}
_FROZEN = ("--frozen-lockfile", "--immutable")
_OPTIONAL = ("--if-present",)
_ROOT_OPTIONS = ("-w", "--workspace", "--workspaces", "-ws", "-g", "--global", "--filter", "-F", "-r", "--recursive")


class NodeReport(Record, frozen=True, kw_only=True):
    """needs: missing or unknown files. refusal: why the step surely fails, None when nothing says so. workspaces: the
    patterns of package.json. unknown: why nothing more is said."""

    needs: tuple[Need, ...] = ()
    refusal: str | None = None
    workspaces: tuple[str, ...] = ()
    unknown: str | None = None


def node_report(step: PackageStep, files: Files) -> NodeReport:
    """What a step needs in its directory."""
    if step.directory is None or step.unclear or step.has(*_ROOT_OPTIONS):
        return NodeReport(unknown="it is not certain which package it works on")
    manifest = join(step.directory, "package.json")
    kind = files.look(manifest)
    if kind == "absent":
        return _without_manifest(step, step.directory, manifest, files)
    text = files.read(manifest) if kind == "file" else None
    if text is None:
        return NodeReport(unknown=f"what {manifest} says is not known")
    import json

    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return NodeReport(refusal=f"{manifest} is not valid JSON")
    needs = () if step.tool == "yarn" and not _is_modern_yarn(data) else _lock(step, step.directory, files)
    return NodeReport(
        needs=needs, refusal=_script(step, step.directory, data, files), workspaces=tuple(_workspaces(data))
    )


def _is_modern_yarn(data: object) -> bool:
    """Whether package.json asks for a yarn after 1, of which --immutable wants a lock file. yarn 1 only says "No
    lockfile found", and installs (tried with 1.22)."""
    manager = data.get("packageManager") if isinstance(data, dict) else None
    return isinstance(manager, str) and manager.startswith("yarn@") and not manager.startswith(("yarn@0.", "yarn@1."))


def _without_manifest(step: PackageStep, directory: str, manifest: str, files: Files) -> NodeReport:
    """npm takes the nearest directory above that has a package.json or node_modules (npm-prefix)."""
    here = directory
    while here != "/":
        here = posixpath.dirname(here)
        if any(files.look(join(here, name)) != "absent" for name in ("package.json", "node_modules")):
            return NodeReport(unknown=f"npm may work in {here}")
    why = f"{step.tool} {step.action} reads it"
    if not _reads_manifest(step) or (step.tool == "pnpm" and _has_other_manifest(directory, files)):
        return NodeReport(unknown="it does not need a package.json for sure")
    if step.tool == "npm" and step.action == "install":
        return NodeReport(unknown="npm install without a package.json installs nothing, and some versions fail")
    return NodeReport(needs=need(files, manifest, why, line=step.line))


_SCRIPTS = {"build", "start", "test", "compile", "generate", "prod", "production", "bundle"}


def _reads_manifest(step: PackageStep) -> bool:
    """Whether the step ends where there is no package.json (tried with npm 11, yarn 1.22 and pnpm 9). `yarn install`
    does not; of `yarn X`, only well-known names of scripts are surely no commands of yarn's own."""
    scripted = step.action in ("run", "start", "test")
    if step.tool == "npm":
        return scripted or step.action == "ci" or (step.action == "install" and not step.names)
    named = scripted and (step.script in _SCRIPTS or ":" in (step.script or ""))
    return named or (step.tool == "pnpm" and step.action == "install" and not step.names)


def _has_other_manifest(directory: str, files: Files) -> bool:
    """pnpm also reads package.yaml and package.json5, and knows a workspace by a file of its own."""
    names = ("package.yaml", "package.json5", "pnpm-workspace.yaml")
    return any(files.look(join(directory, name)) != "absent" for name in names) or _above(directory, names, files)


def _lock(step: PackageStep, directory: str, files: Files) -> tuple[Need, ...]:
    frozen = "frozen" if step.action == "install" and step.has(*_FROZEN) else step.action
    wanted = _LOCKS.get((step.tool, frozen), ())
    why = f"{step.tool} {step.action} installs what it lists"
    missing = [need(files, join(directory, name), why, line=step.line) for name in wanted]
    if not missing or not all(missing):
        return ()
    states = {one[0].state for one in missing}
    if _above(directory, wanted, files):
        return ()
    return missing[0] if states == {"missing"} else next(one for one in missing if one[0].state == "unknown")


def _above(directory: str, names: tuple[str, ...], files: Files) -> bool:
    """Whether a directory above may have one: in a workspace the lock file lies at its root."""
    while directory != "/":
        directory = posixpath.dirname(directory)
        if any(files.look(join(directory, name)) != "absent" for name in names):
            return True
    return False


def _script(step: PackageStep, directory: str, data: object, files: Files) -> str | None:
    """Why the script that is run is surely not there."""
    if step.script is None or step.has(*_OPTIONAL) or not isinstance(data, dict):
        return None
    scripts = table(data, "scripts")
    if step.script in scripts:
        return None
    if step.script == "start" and step.tool in ("npm", "pnpm"):
        if files.look(join(directory, "server.js")) != "absent":
            return None
        return "package.json has no script start, and there is no server.js"
    if step.tool != "npm" or step.script in ("env", "restart", "stop"):
        # yarn and pnpm also run the programs of node_modules/.bin by `run X`.
        return None
    return f"package.json has no script {step.script}"


def _workspaces(data: object) -> list[str]:
    """The patterns of `workspaces`, in npm's and in yarn's form."""
    listed = data.get("workspaces") if isinstance(data, dict) else None
    return strings(table(listed).get("packages") if isinstance(listed, dict) else listed) or []
