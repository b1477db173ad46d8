"""How commands are called: the parser, its help, and what to do about what it does not understand."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from .model.diagnostic import UsageError
from .model.spelling import nearest

GROUPS: dict[str, tuple[str, ...]] = {
    "before you push, without Docker": ("plan", "check", "fix", "compare", "diff", "what-if", "context"),
    "run it as the platform would": (
        "up", "verify", "ps", "logs", "exec", "deploys", "restart", "rollback", "traffic", "cron", "env", "down",
    ),
    "learn": ("explain", "learn", "platforms", "schema"),
    "set up": ("doctor", "hooks", "completion"),
}  # fmt: skip
"""How `emu --help` arranges the commands; one that is nowhere here stands at the end."""


class Parser(argparse.ArgumentParser):
    """A command's options. Usage errors become ours: one fact, one thing to do, exit code 2.

    examples: command lines and what each does, for the help. elsewhere: the commands that have an option.
    """

    def __init__(
        self,
        *,
        prog: str,
        description: str,
        examples: Sequence[tuple[str, str]] = (),
        width: int = 100,
        elsewhere: Callable[[str], list[str]] = lambda _: [],
    ) -> None:
        # A width given here spares argparse the import of shutil to find one, at every start.
        super().__init__(
            prog=prog, description=description, allow_abbrev=False, add_help=False, formatter_class=_formatter(width)
        )
        self._examples, self._elsewhere, self._width = examples, elsewhere, width

    def configured(self, configure: Callable[[argparse.ArgumentParser], None]) -> "Parser":
        """With a command's own options, and --help after them."""
        configure(self)
        self.add_argument("--help", "-h", action="help", help="print this")
        return self

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Raises UsageError."""
        request, unknown = self.parse_known_args(arguments)
        if not unknown:
            return request
        option = next((word.partition("=")[0] for word in unknown if word.startswith("-") and word != "-"), None)
        if option is None:
            raise UsageError(f"{self.prog} does not take {unknown[0]!r} as well", help=self._how())
        raise UsageError(f"{self.prog} has no option {option!r}", help=self._about_option(option))

    def options(self) -> list[str]:
        """As they are typed, long before short."""
        names = [name for action in self._actions for name in action.option_strings]
        return sorted(names, key=lambda name: not name.startswith("--"))

    def actions(self) -> list[argparse.Action]:
        """What it takes, as argparse has it."""
        return self._actions

    def error(self, message: str) -> NoReturn:
        raise UsageError(_plainly(message, self.prog), help=self._how())

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is no choice, with the one that was probably meant."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        near = nearest(str(value), choices)
        meant = f"did you mean {near}? " if near else ""
        name = action.option_strings[0] if action.option_strings else str(action.metavar or action.dest).upper()
        raise UsageError(f"{name} does not take {value!r}", help=f"{meant}it takes {', '.join(choices)}")

    def _how(self) -> str:
        return f"`{self.prog} --help` lists what it takes"

    def _about_option(self, option: str) -> str:
        more = ["--version"] if self.prog == "emu" else []
        near = nearest(option, [*more, *self.options()]) if option.startswith("--") else None
        if near is not None:
            return f"did you mean `{near}`?"
        others = self._elsewhere(option)
        return f"`{option}` belongs to `emu {others[0]}`" if others else self._how()

    def format_help(self) -> str:
        """What it does, how it is called, examples, then the options in their groups."""
        formatter = self._get_formatter()
        formatter.add_text(self.description)
        positional = [action for action in self._actions if not action.option_strings]
        last = [f"[-- {action.metavar} …]" for action in positional if action.nargs == argparse.REMAINDER]
        before = [action for action in positional if action.nargs != argparse.REMAINDER]
        formatter.add_usage(f"{self.prog} {' '.join([*_called(before), '[OPTIONS]', *last])}", [], [])
        if self._examples:
            formatter.start_section("examples")
            formatter.add_text(_examples(self._examples, self._width))
            formatter.end_section()
        for group in self._action_groups:
            formatter.start_section(_TITLES.get(group.title or "", group.title))
            formatter.add_text(group.description)
            formatter.add_arguments(group._group_actions)  # noqa: SLF001 - as argparse's own format_help
            formatter.end_section()
        return formatter.format_help()


_TITLES = {"positional arguments": "what", "options": "options"}


_WIDE = 30
"""Choices that take more columns than this have one word in the line that says how a command is called."""


def _called(positional: list[argparse.Action]) -> list[str]:
    words = []
    for action in positional:
        name = "|".join(map(str, action.choices or ())) or str(action.metavar or action.dest.upper())
        name = name if len(name) <= _WIDE else action.dest.upper()
        words.append({"?": f"[{name}]", "*": f"[{name}…]"}.get(str(action.nargs), name))
    return words


def _formatter(width: int) -> Any:
    def formatter(prog: str) -> argparse.HelpFormatter:
        return _Help(prog, max_help_position=max(12, min(28, width // 3)), width=max(30, min(width, 100)))

    return formatter


class _Help(argparse.HelpFormatter):
    """Long options alone, with their metavar once; texts that have lines keep them."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if action.nargs == 0:
            return ", ".join(action.option_strings)
        if not action.option_strings:
            return "|".join(map(str, action.choices or ())) or str(action.metavar or action.dest)
        value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
        return f"{action.option_strings[0]} {value}"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "\n".join(f"{indent}{line}" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


def _examples(examples: Sequence[tuple[str, str]], width: int) -> str:
    """Each command line with what it does beside it, or below where there is no room. A blank line end keeps the
    lines apart where there is one alone."""
    longest = max(len(line) for line, _ in examples)
    beside = all(longest + len(what) + 6 <= width for _, what in examples)
    if beside:
        return "".join(f"{line:<{longest}}  {what}\n" for line, what in examples)
    return "".join(f"{line}\n    {what}\n" for line, what in examples)


_PLAIN = (
    (r"argument (?P<name>[^:/ ]+)\S*: expected (?:one|at least one) argument", "{name} needs a value"),
    (r"the following arguments are required: (?P<name>.+)", "{prog} needs {name}"),
    (r"argument (?P<name>[^:/ ]+)\S*: invalid int value: (?P<value>.+)", "{name} takes a number, not {value}"),
    (r"argument (?P<name>[^:/ ]+)\S*: ignored explicit argument (?P<value>.+)", "{name} takes no value"),
)


def _plainly(message: str, prog: str) -> str:
    """What argparse says, in our words."""
    for pattern, words in _PLAIN:
        if match := re.fullmatch(pattern, message):
            return words.format(prog=prog, **match.groupdict())
    return message


def front_page(commands: Mapping[str, str], width: int) -> str:
    """`emu --help`: the commands in their groups."""
    import textwrap

    known = [name for names in GROUPS.values() for name in names]
    groups = {**GROUPS, "more": tuple(name for name in commands if name not in known)}
    longest = max(map(len, commands))
    lines = textwrap.wrap("emu shows what a deploy platform would do with your repository, before you push.", width)
    for title, names in groups.items():
        rows = [name for name in names if name in commands]
        lines += ["", title] if rows else []
        for name in rows:
            text = commands[name].removesuffix(" (no Docker needed)")
            lines += textwrap.wrap(
                text, width, initial_indent=f"  emu {name:<{longest}}  ", subsequent_indent=" " * (longest + 8)
            )
    lines += ["", *textwrap.wrap("`emu` alone, in a repository, says what would run there and what to do next.", width)]
    lines += textwrap.wrap("`emu COMMAND --help` has examples and options of one.", width)
    return "\n".join(lines) + "\n"


_MEANT = {
    "start": "up", "run": "up", "serve": "up", "dev": "up", "build": "up", "boot": "up", "test": "check",
    "lint": "check", "validate": "check", "stop": "down", "rm": "down", "shell": "exec", "ssh": "exec", "ls": "ps",
    "list": "ps", "status": "ps", "show": "plan", "deploy": "up", "push": "up", "version": "--version",
}  # fmt: skip
"""What other tools call what we have under another name."""


def unknown_command(verb: str, commands: Mapping[str, str], *, is_path: bool) -> UsageError:
    """What to type instead of a command that there is not."""
    if is_path:
        return UsageError(f"emu has no command {verb!r}, but there is such a path", help=f"type `emu plan {verb}`")
    near = _MEANT.get(verb) or nearest(verb, commands)
    help_ = f"did you mean `emu {near}`?" if near else "`emu --help` lists the commands"
    return UsageError(f"emu has no command {verb!r}", help=help_)
