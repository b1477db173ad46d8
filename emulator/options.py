"""Every option once: flag, default, help. Parser, completion and documentation follow from it."""

import argparse
from collections.abc import Sequence

from .contract import Option
from .model.record import Record


class Flag(Record, frozen=True, kw_only=True):
    """One common option. `repeat` collects several into a list; a flag without metavar or choices is a switch."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    repeat: bool = False

    @property
    def dest(self) -> str:
        return self.names[0].lstrip("-").replace("-", "_")


FORMAT = Flag(
    names=("--format",), help="how to print the answer (default: text)", choices=("text", "json"), default="text"
)
QUIET = Flag(names=("--quiet", "-q"), help="print the answer alone")
VERBOSE = Flag(names=("--verbose", "-v"), help="print every reason with its source")

LOUDNESS = (QUIET, VERBOSE)

REPOSITORY = (
    Flag(names=("--root",), metavar="DIR", help="the repository's root (default: git's top level)"),
    Flag(
        names=("--snapshot",),
        metavar="WHAT",
        default="worktree",
        help="worktree (default: as if you committed everything now), index, or a revision",
    ),
)

PLANNING = (
    Flag(names=("--platform",), metavar="NAME", help="the platform (default: told by the files)"),
    Flag(names=("--service",), metavar="NAME", repeat=True, help="only this service (repeatable)"),
    Flag(names=("--env",), metavar="KEY=VALUE", repeat=True, help="set a variable (repeatable)"),
    Flag(
        names=("--env-file",),
        metavar="FILE",
        repeat=True,
        help="read variables from FILE; their values are never printed",
    ),
    Flag(
        names=("--secret-file",),
        metavar="NAME=PATH",
        repeat=True,
        help="what is in PATH, as the secret file NAME of every service; it is never printed (repeatable)",
    ),
)

FOR_SEVERAL = (
    Flag(names=("--platform",), metavar="NAME", repeat=True, help="a platform (repeatable; default: all)"),
    *PLANNING[1:],
)
"""The same for a command that plans for several platforms."""

FOR_EACH = (
    Flag(
        names=("--platform",), metavar="NAME", repeat=True, help="a platform (repeatable; default: told by the files)"
    ),
    *PLANNING[1:],
)
"""The same for a command that plans for one, and for others if asked."""

GATE = (
    Flag(
        names=("--fail-on",),
        choices=("error", "warning", "info", "never"),
        default="error",
        help="from which findings on to end with 1 (default: error)",
    ),
    Flag(names=("--baseline",), metavar="FILE", help="do not count the findings that FILE knows"),
    Flag(names=("--write-baseline",), help="have the file of --baseline know all that is found now"),
)
"""What decides whether a check fails."""

RUN_ALIKE = (
    Flag(
        names=("--base-image",),
        metavar="FROM=TO",
        repeat=True,
        help="build with TO wherever the Dockerfile says FROM (repeatable)",
    ),
    Flag(
        names=("--limits",),
        choices=("memory", "all", "none"),
        default="memory",
        help="which limits of the plan to apply (default: memory)",
    ),
    Flag(names=("--faithful-timing",), help="wait as long as the platform waits, even when the outcome is certain"),
    Flag(
        names=("--time-scale",),
        metavar="F",
        default="1",
        help="multiply the platform's waits by F (0.1: ten times faster)",
    ),
)
"""How it runs here, as any command takes it: one line of options serves them all. They change no plan."""

RUNNING = (
    *RUN_ALIKE,
    Flag(
        names=("--datastore",),
        metavar="NAME=URL",
        repeat=True,
        help="use the server at URL for this datastore instead of running one (repeatable)",
    ),
    Flag(
        names=("--volume",),
        metavar="NAME=DIR",
        repeat=True,
        help="mount the folder DIR where the platform mounts a bucket or a network share NAME (repeatable)",
    ),
    Flag(
        names=("--sleep-after", "--scale-to-zero-after"),
        metavar="DURATION",
        help="let services that the platform stops without requests (a free plan's, or those that scale to zero) sleep "
        "after so long: 15m, 90s",
    ),
)


def from_platform(option: Option) -> Flag:
    """A platform's own option as a flag of ours."""
    metavar = None if option.is_switch or option.choices else option.metavar or "VALUE"
    return Flag(
        names=(option.flag,), help=option.help, metavar=metavar, choices=option.choices, default=option.default,
        repeat=option.is_files,
    )  # fmt: skip


def add_flags(parser: "argparse._ActionsContainer", flags: Sequence[Flag]) -> None:
    """Declare `flags` on a parser."""
    for flag in flags:
        settings: dict[str, object] = {"help": flag.help.replace("%", "%%"), "dest": flag.dest}
        if flag.repeat:
            settings |= {"action": "append", "default": [], "metavar": flag.metavar}
        elif flag.choices:
            settings |= {"choices": flag.choices, "default": flag.default}
        elif flag.metavar:
            settings |= {"metavar": flag.metavar, "default": flag.default}
        else:
            settings |= {"action": "store_true"}
        parser.add_argument(*flag.names, **settings)  # type: ignore[arg-type]
