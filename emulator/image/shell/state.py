"""What a shell knows at one point of a script: its directory, variables and options, each where it is certain."""

from emulator.model.record import Record, replace

MAX_VARIABLES = 500
"""Scripts that set more are not followed."""

ALWAYS_UNKNOWN = {
    "HOME", "HOSTNAME", "PATH", "OLDPWD", "PPID", "IFS", "OPTIND", "PS1", "PS2", "PS4", "TERM", "SHLVL", "UID",
    "EUID", "RANDOM", "SECONDS", "LINENO", "SHELL", "USER", "LOGNAME", "BASH", "BASH_VERSION", "_",
}  # fmt: skip
"""Names that the runtime or the shell may set by itself."""


class State(Record, frozen=True, kw_only=True):
    """The state of one shell.

    cwd, before: the directory, and the one before; None where not known. assumed: the directories that a `cd` has to
    find for `cwd` to be right. environ: the environment it began with (None: a value that is not known); complete:
    a name not in it is surely unset. changed: variables the script set. exported: those of them that commands see.
    errexit, pipefail: the options, None when not known. ended: "" or how the shell has surely ended: "failed" by an
    exit code other than 0, "left" by 0 or an unknown one. unsure: it may have left before. fields: how unquoted
    values are split is known.
    """

    cwd: str | None
    environ: dict[str, str | None]
    complete: bool
    before: str | None = None
    assumed: tuple[str, ...] = ()
    changed: dict[str, str | None] = {}
    exported: frozenset[str] = frozenset()
    errexit: bool | None = False
    pipefail: bool | None = False
    ended: str = ""
    unsure: bool = False
    fields: bool = True
    wild: bool = False

    def value(self, name: str) -> tuple[bool, str | None]:
        """(known, value); the value is None for a variable that is not set."""
        if name in self.changed:
            value = self.changed[name]
            return value is not None, value
        if name == "PWD":
            return self.cwd is not None, self.cwd
        if self.wild:
            return False, None
        if name in self.environ:
            value = self.environ[name]
            return value is not None, value
        return self.complete and name not in ALWAYS_UNKNOWN, None

    def assigned(self, name: str, value: str | None, *, exported: bool = False) -> "State":
        """With a variable set; value None: to something unknown."""
        seen = self.exported
        if (exported or name in self.environ) and name not in seen:
            seen = seen | {name}
        if self.changed.get(name, 0) == value and seen is self.exported:
            return self
        return replace(self, changed={**self.changed, name: value}, exported=seen, fields=self.fields and name != "IFS")

    def moved(self, cwd: str | None, *, surely: bool) -> "State":
        """After a `cd`; surely: had it failed, the step would have, too."""
        assumed = self.assumed if surely or cwd is None or cwd in self.assumed else (*self.assumed, cwd)
        if len(assumed) > 20:
            cwd, assumed = None, ()
        return replace(self, cwd=cwd, before=self.cwd, assumed=assumed)

    def anything(self) -> "State":
        """After something that may have set any variable, option or directory."""
        return replace(
            self, cwd=None, before=None, assumed=(), changed={}, wild=True, errexit=None, pipefail=None, fields=False
        )

    def environment_changes(self) -> tuple[tuple[str, str | None], ...]:
        """The exported variables that the script set, by name; None: to something unknown."""
        return tuple((name, self.changed.get(name)) for name in sorted(self.exported) if name in self.changed)


def joined(one: State | None, other: State | None) -> State | None:
    """What holds after either of two ways; None stands for a way that is impossible."""
    if one is other or other is None:
        return one
    if one is None:
        return other
    if one.ended and other.ended:
        return replace(one, ended="left" if "left" in (one.ended, other.ended) else "failed")
    if one.ended or other.ended:
        live, gone = (other, one) if one.ended else (one, other)
        return replace(live, unsure=live.unsure or gone.ended == "left" or gone.unsure)
    return replace(
        one,
        cwd=one.cwd if one.cwd == other.cwd else None,
        before=one.before if one.before == other.before else None,
        assumed=one.assumed if one.assumed == other.assumed else tuple(dict.fromkeys(one.assumed + other.assumed)),
        changed=_merged(one, other),
        exported=one.exported | other.exported,
        errexit=one.errexit if one.errexit == other.errexit else None,
        pipefail=one.pipefail if one.pipefail == other.pipefail else None,
        unsure=one.unsure or other.unsure,
        fields=one.fields and other.fields,
        wild=one.wild or other.wild,
    )


def _merged(one: State, other: State) -> dict[str, str | None]:
    if one.changed is other.changed:
        return one.changed
    names = {**one.changed, **other.changed}
    return {name: _same(one, other, name) for name in names}


def _same(one: State, other: State, name: str) -> str | None:
    first, second = one.value(name), other.value(name)
    return first[1] if first == second and first[0] else None
