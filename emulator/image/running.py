"""A RUN read as shell and applied to the tree, command by command."""

import posixpath
from typing import TYPE_CHECKING

from emulator.formats.dockerfile import Instruction, mount_fields
from emulator.model.origin import Origin
from emulator.model.record import replace

from .applying import applied, forgotten, perhaps
from .bases import is_plain
from .effects import Install
from .project_tools import project_need, refused_script
from .shell import Command, read_run
from .steps import Ran, State
from .tools import effects_of
from .tree import Folder, Made, Node, Refused, Unknown, Unsure, clean_join, resolve, unknown_folder, write
from .tree_files import TreeFiles

if TYPE_CHECKING:
    from .installing import Installed
    from .scripts_called import Called

MAX_COMMANDS = 3_000
"""A RUN of more commands is not followed to its end."""
MAX_DEPTH = 3
"""Scripts that call scripts are followed so far."""


def read_as_shell(instruction: Instruction, state: State) -> Ran:
    """What is known after a RUN, as far as its commands are understood."""
    made = Made(by="instruction", origin=instruction.origin)
    variables = {**state.variables}
    if state.user in ("", "root", "0"):
        variables.setdefault("HOME", "/root")
    script = read_run(
        instruction, environ=variables, cwd=state.workdir or ("/" if state.workdir == "" else None),
        complete=state.complete, shell=state.shell, lines=state.lines, escape=state.escape,
    )  # fmt: skip
    mounts = _mounts(instruction, state)
    tree = state.tree
    for target, source in mounts:
        tree = _mounted(tree, target, source)
    run = _Run(instruction, state, variables, made)
    for command in script.commands[:MAX_COMMANDS]:
        tree = run.after(command, tree)
    opaque = script.opaque.reason if script.opaque is not None else None
    if opaque is not None or len(script.commands) > MAX_COMMANDS:
        tree = unknown_folder()
    for target, _ in reversed(mounts):
        tree = _unmounted(tree, state.tree, target)
    return Ran(tree=tree, installs=tuple(run.installs), opaque=opaque)


class _Run:
    """One RUN while its commands are applied."""

    def __init__(self, instruction: Instruction, state: State, variables: dict[str, str | None], made: Made) -> None:
        self.installs: list[Installed] = []
        self._origin = instruction.origin
        self._depth = 0
        self._state = state
        self._variables = variables
        self._made = made

    def after(self, command: Command, tree: Folder) -> Folder:
        """The tree after a command; what it does only perhaps is kept in part."""
        before = tree
        command = _trusted(command, tree)
        self._look_for_project(command, tree)
        called = self._script(command, tree)
        if called is not None:
            return self._behind(called, tree)
        for effect in effects_of(command):
            if isinstance(effect, Install):
                tree = self._installed(effect, command, tree)
            else:
                tree = applied(tree, effect, self._made, self._state.effort)
        surely = command.certainty == "always" and command.failure == "fails" and not command.concurrent
        return tree if surely or tree is before else perhaps(before, tree, self._state.effort)

    def _script(self, command: Command, tree: Folder) -> "Called | None":
        """The script of the repository that a command runs."""
        program = command.words[0].text or "" if command.words else ""
        if self._depth >= MAX_DEPTH or ("/" not in program and program not in ("sh", "bash")):
            return None
        from .scripts_called import script_called

        files = TreeFiles(tree, self._state.repo)
        return script_called(command, files, self._variables, complete=self._state.complete)

    def _behind(self, called: "Called", tree: Folder) -> Folder:
        outer, self._origin = self._origin, Origin(file=called.file)
        self._depth += 1
        for command in called.commands[:MAX_COMMANDS]:
            tree = self.after(command, tree)
        self._depth -= 1
        self._origin = outer
        return tree if len(called.commands) <= MAX_COMMANDS else unknown_folder()

    def _installed(self, effect: Install, command: Command, tree: Folder) -> Folder:
        from .installing import Installed, Where, install

        environ = {**self._variables, **dict(command.exported), **dict(command.environment)}
        files = TreeFiles(tree, self._state.repo)
        where = Where(environ=environ, user=self._state.user)
        before = tree
        tree, report, sites = install(tree, effect.step, files, where, self._made)
        if not effect.step.is_of_node:
            from .python_project import Report, settled

            if isinstance(report, Report):
                report = settled(report, environ, complete=self._knows_pretended)
                if report.surely_fails and command.failure != "fails":
                    tree = before  # nothing is installed, and the step goes on without
        self.installs.append(
            Installed(
                step=effect.step, report=report, certainty=command.certainty, failure=command.failure, sites=sites,
                origin=self._place(effect.step.line),
            )
        )  # fmt: skip
        return tree

    def _look_for_project(self, command: Command, tree: Folder) -> None:
        """A build tool whose project is surely missing is noted as an installation that needs it."""
        environ = {**self._variables, **dict(command.exported), **dict(command.environment)}
        files = TreeFiles(tree, self._state.repo)
        found = project_need(command, files, environ, self._state.base) or refused_script(command, files)
        if found is not None:
            from .installing import Installed

            self.installs.append(
                Installed(
                    step=found[0], report=found[1], certainty=command.certainty, failure=command.failure,
                    origin=self._place(command.line),
                )
            )  # fmt: skip

    @property
    def _knows_pretended(self) -> bool:
        """Whether nobody gives a version in git's place: a Dockerfile that names the variable passes it on."""
        from .python_project import PRETENDED

        named = any(name in line for line in self._state.lines for name in PRETENDED)
        return not named and (self._state.complete or is_plain(self._state.base))

    def _place(self, line: int) -> Origin:
        """A line of the instruction, or all of it where it is one line."""
        here = self._origin
        is_whole = here.line == line and here.end_line in (None, line)
        return here if is_whole else Origin(file=here.file, line=line)


def _trusted(command: Command, tree: Folder) -> Command:
    """The command, its directory certain where every `cd` surely found one."""
    if not command.assumed:
        return command
    for directory in command.assumed:
        try:
            _, node = resolve(tree, directory)
        except (Unsure, Refused):
            return command
        if not isinstance(node, Folder):
            return command
    return replace(command, assumed=())


# ---- mounts ------------------------------------------------------------------------------------------


def _mounts(instruction: Instruction, state: State) -> list[tuple[str, Node]]:
    """(where, what lies there while the step runs) of each --mount (docs.docker.com, "RUN --mount")."""
    found: list[tuple[str, Node]] = []
    for flag in instruction.flags:
        if flag.name != "mount":
            continue
        fields = dict(mount_fields(flag))
        kind = fields.get("type", "bind")
        target = fields.get("target") or fields.get("dst") or fields.get("destination")
        if target is None and kind == "secret":
            target = f"/run/secrets/{fields.get('id', '')}"
        if not target or "$" in target or (not target.startswith("/") and not state.workdir):
            continue
        place = clean_join(state.workdir or "/", target).rstrip("/") or "/"
        found.append((place, _bound(fields, state) if kind == "bind" else Unknown()))
    return found


def _bound(fields: dict[str, str | None], state: State) -> Node:
    source = fields.get("source") or fields.get("src") or "/"
    name = fields.get("from") or ""
    if "$" in source or "$" in name:
        return Unknown()
    try:
        _, node = resolve(state.source(name), posixpath.join("/", source))
    except (Unsure, Refused):
        return Unknown()
    return node


def _mounted(tree: Folder, target: str, source: Node) -> Folder:
    try:
        where, _ = resolve(tree, target, to_write=True)
    except (Unsure, Refused):
        return tree.open()
    if where == "/":
        return source if isinstance(source, Folder) else unknown_folder()
    return write(tree, where, source, Made(by="instruction"))


def _unmounted(tree: Folder, before: Folder, target: str) -> Folder:
    """The tree with what was there before the mount; a place to mount on may have been made."""
    try:
        where, node = resolve(before, target, to_write=True)
    except (Unsure, Refused):
        return forgotten(tree, target, Made(by="instruction"))
    if where == "/":
        return before
    return write(tree, where, node if isinstance(node, Folder) else Unknown(), Made(by="instruction"))
