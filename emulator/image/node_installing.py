"""What npm, yarn and pnpm leave in the filesystem, and the scripts that they run."""

import posixpath

from .applying import forgotten
from .interpreters import SYSTEM_PREFIX
from .packages import PackageStep
from .project_files import join, table
from .tree import ANYTHING, Folder, Made, Refused, Unsure, make_folders
from .tree_files import TreeFiles

_HOMES = ("/root", "/home")
_SYSTEM = tuple(f"{SYSTEM_PREFIX}/{name}" for name in ("bin", "etc", "include", "lib", "man", "share"))
_NODE_INSTALLS = ("install", "ci", "add", "prune", "dedupe", "rebuild", "remove", "uninstall", "update", "fetch")
_NODE_READS = (
    "config", "set", "cache", "--version", "-v", "audit", "fund", "version", "view", "list", "ls", "pkg", "why",
)  # fmt: skip
_OTHER_PACKAGES = ("-w", "--workspace", "--workspaces", "-ws", "--filter", "-F", "-r", "--recursive", "-g", "--global")
_LEFT_BY_NODE = ("node_modules", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", ".pnp.cjs", ".yarn")
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")


def after_node(tree: Folder, step: PackageStep, files: TreeFiles, made: Made) -> Folder:
    """npm, yarn and pnpm: node_modules and lock files; the project's own scripts may write anywhere, and take nothing
    away. Those of its dependencies are taken to stay in node_modules (inferred)."""
    if step.action in _NODE_READS or (not step.action and step.has("--version", "-v")):
        return tree
    if step.action in _NODE_INSTALLS and step.directory is not None and not _runs_scripts(step, step.directory, files):
        made_too = ("package.json",) if step.names else ()  # where there was none
        for name in (*_LEFT_BY_NODE, *made_too):
            tree = forgotten(tree, join(step.directory, name), made, keeps=True)
        for place in (*_SYSTEM, *_HOMES) if step.has("-g", "--global") else _HOMES:
            tree = forgotten(tree, place, made, keeps=True)
        return tree
    outputs = _of_tsc(step, files)
    if outputs is not None:
        for place in (*outputs, *_HOMES):
            tree = forgotten(_with_folder(tree, posixpath.dirname(place), made), place, made, keeps=True)
        return tree
    if step.directory is not None and step.action in ("run", "build", "start", "test") and _writes_inside(step, files):
        for place in (step.directory, *_HOMES):
            tree = forgotten(tree, place, made, keeps=True)
        return tree
    return tree.open(ANYTHING)


def _with_folder(tree: Folder, path: str, made: Made) -> Folder:
    try:
        return make_folders(tree, path, made)
    except (Unsure, Refused):
        return tree


def _of_tsc(step: PackageStep, files: TreeFiles) -> tuple[str, ...] | None:
    """The places that a script writes to which is tsc alone."""
    if step.directory is None or step.unclear or step.script is None or step.has(*_OTHER_PACKAGES):
        return None
    from .tsc import outputs_of  # few images are built with it

    return outputs_of(step.script, step.directory, files)


def _writes_inside(step: PackageStep, files: TreeFiles) -> bool:
    """Whether the script that is run surely writes in its own package alone."""
    if step.directory is None or step.unclear or step.script is None or step.has(*_OTHER_PACKAGES):
        return False
    from .node_scripts import stays_inside

    return stays_inside(step.script, step.directory, files)


def _is_below_a_project(directory: str, files: TreeFiles) -> bool:
    """Whether npm works in a directory above instead (docs.npmjs.com: npm-prefix); else it finds nothing to do."""
    while directory != "/":
        directory = posixpath.dirname(directory)
        if any(files.look(join(directory, name)) != "absent" for name in ("package.json", "node_modules")):
            return True
    return False


def _runs_scripts(step: PackageStep, directory: str, files: TreeFiles) -> bool:
    """Whether an installation may run a script of the project's own, or install into other directories as well."""
    if step.has("-g", "--global"):
        return False
    import json

    manifest = join(directory, "package.json")
    if step.tool == "npm" and files.look(manifest) == "absent":
        return _is_below_a_project(directory, files)
    text = files.read(manifest)
    try:
        data = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return True
    if not isinstance(data, dict) or "workspaces" in data or step.unclear:
        return True
    if files.look(join(directory, "pnpm-workspace.yaml")) != "absent" and step.tool == "pnpm":
        return True
    return not step.has("--ignore-scripts") and any(name in table(data, "scripts") for name in _LIFECYCLE)
