"""What may follow on a command line that is being typed: the words that the shells' completion asks for.

The parser of each command says what it takes, so nothing here or in a shell's script can be out of date.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from emulator import options, planning
from emulator.commands.planning import read_inputs
from emulator.model.diagnostic import HostError
from emulator.model.plan import Plan, ServiceType
from emulator.request import Request, World
from emulator.usage import Parser

FILES, FOLDERS = ":files", ":folders"
"""In place of words: the shell completes files, or folders, itself."""


class Word(NamedTuple):
    """One that may stand there, and what it is."""

    text: str
    about: str = ""


def completions(
    typed: Sequence[str], world: World, commands: Mapping[str, str], parser_of: Callable[[str], Parser]
) -> list[Word]:
    """The words that may stand where the last of `typed` stands, which is the beginning of one or empty. What cannot
    be worked out has none: nothing is ever printed into a line that is being typed."""
    *before, current = typed or [""]
    verb = next((word for word in before if word in commands), None)
    if verb is None:
        words = [Word(name, text.removesuffix(" (no Docker needed)")) for name, text in commands.items()]
        words += [Word("--help", "the commands"), Word("--version", "which emu this is")] if current[:1] == "-" else []
        return _beginning(words, current)
    line = _Line(parser_of(verb), before[before.index(verb) + 1 :], current)
    try:
        return _beginning(line.words(verb, world), current)
    except HostError:
        return []


def _beginning(words: Iterable[Word], current: str) -> list[Word]:
    return [word for word in words if word.text.startswith((current, ":"))]


class _Line:
    """What has been typed after the command, and the beginning of the next word."""

    def __init__(self, parser: Parser, before: list[str], current: str) -> None:
        self.parser, self.before, self.current = parser, before, current
        self.options = {name: action for action in parser.actions() for name in action.option_strings}

    def words(self, verb: str, world: World) -> list[Word]:
        last = self.options.get(self.before[-1]) if self.before else None
        if last is not None and last.nargs != 0:
            return self._values(last, verb, world, "")
        option, equals, _ = self.current.partition("=")
        if equals and option in self.options:
            return self._values(self.options[option], verb, world, f"{option}=")
        if self.current.startswith("-"):
            return self._options()
        positional = self._next_positional()
        return self._values(positional, verb, world, "") if positional is not None else self._options()

    def _options(self) -> list[Word]:
        """Those that may still be given, by their long names."""
        given = {word.partition("=")[0] for word in self.before}
        free = {a.option_strings[0]: a for a in self.options.values() if not given & {*a.option_strings} or _repeats(a)}
        return [Word(name, action.help or "") for name, action in free.items()]

    def _next_positional(self) -> argparse.Action | None:
        """The one that the word being typed would be."""
        count, skip = 0, False
        for word in self.before:
            action = self.options.get(word)
            if not skip and action is None and not word.startswith("-"):
                count += 1
            skip = action is not None and action.nargs != 0
        positional = [action for action in self.parser.actions() if not action.option_strings]
        last = positional[-1] if positional else None
        if count >= len(positional) and last is not None and last.nargs in ("*", "+"):
            return last
        return positional[count] if count < len(positional) else None

    def _values(self, action: argparse.Action, verb: str, world: World, prefix: str) -> list[Word]:
        """What the option or positional may be. prefix: what is typed already in front of the value."""
        words = self._known(action, verb, world)
        return [word if word.text.startswith(":") else word._replace(text=prefix + word.text) for word in words]

    def _known(self, action: argparse.Action, verb: str, world: World) -> list[Word]:
        if action.choices:
            return [Word(str(choice)) for choice in action.choices]
        kind, name = str(action.metavar), action.dest
        typed = self.current.rpartition("=")[2] if kind.endswith(("=PATH", "=OTHER", "=DIR")) else None
        if typed is not None and "=" in self.current:
            return [Word(FOLDERS if kind.endswith("DIR") else FILES)]
        if kind in ("DIR", "FILE", "PATH", "FILE=OTHER", "NAME=PATH"):
            return [Word(FOLDERS if kind == "DIR" else FILES)]
        if name == "platform" or (verb, name) == ("platforms", "name"):
            return [Word(key, platform.TITLE) for key, platform in world.platforms.items()]
        if (verb, name) in _BY_COMMAND:
            return _BY_COMMAND[verb, name](world, self._request(world))
        if name == "snapshot" or kind.startswith("REV"):
            return _revisions(world, self._request(world))
        if kind.startswith("FROM[..TO"):
            before, dots, _ = self.current.rpartition("..")
            return [word._replace(text=before + dots + word.text) for word in _revisions(world, self._request(world))]
        if name in _OF_A_PLAN or kind == "SERVICE":
            return _OF_A_PLAN.get(name, _services)(_plan(world, self._request(world)))
        return []

    def _request(self, world: World) -> Request:
        """What has been typed so far as a request to plan, all that is not understood left out."""
        flags = [*options.REPOSITORY, *options.PLANNING]
        own = [options.from_platform(option) for platform in world.platforms.values() for option in platform.OPTIONS]
        quiet = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
        options.add_flags(quiet, [*flags, *own])
        complete = self.before[:-1] if self.before and self.before[-1] in self.options else self.before
        try:
            request, _ = quiet.parse_known_args(complete)
        except (argparse.ArgumentError, SystemExit):
            request, _ = quiet.parse_known_args([])
        request.service, request.path = [], None
        return request


def _repeats(action: argparse.Action) -> bool:
    return isinstance(action.default, list)


def _plan(world: World, request: Request) -> Plan:
    repo = world.open_repository(request.root or ".", request.root, request.snapshot)
    platform, detected = planning.detect(world.platforms, repo, request.platform)
    return platform.resolve(repo, read_inputs(request, platform, world, repo), detected).plan


def _services(plan: Plan) -> list[Word]:
    return [Word(service.name, service.type.value) for service in plan.services]


def _datastores(plan: Plan) -> list[Word]:
    return [Word(f"{service.name}=", "its URL") for service in plan.services if service.type is ServiceType.DATASTORE]


def _variables(plan: Plan) -> list[Word]:
    names = {var.name: service.name for service in plan.services for var in service.env if var.kind != "platform"}
    return [Word(f"{name}=", f"of {service}") for name, service in sorted(names.items())]


def _base_images(plan: Plan) -> list[Word]:
    builds = [c.build for s in plan.services for c in s.containers] + [s.build for s in plan.services]
    return [Word(f"{image}=", "a base image") for image in sorted({i for build in builds for i in build.base_images})]


def _volumes(plan: Plan) -> list[Word]:
    return [Word(f"{v.name}=", "a folder") for s in plan.services for v in s.volumes if v.kind == "folder"]


_OF_A_PLAN: dict[str, Callable[[Plan], list[Word]]] = {
    "service": _services, "env": _variables, "base_image": _base_images, "datastore": _datastores, "volume": _volumes,
}  # fmt: skip
"""By the option's name: what of the plan it names."""


def _revisions(world: World, request: Request) -> list[Word]:
    """The two views of what is not committed, branches and tags."""
    views = [Word("worktree", "as if you committed everything now"), Word("index", "what is staged"), Word("HEAD")]
    folder = request.root or "."
    try:
        names = world.output_of(("git", "-C", folder, "for-each-ref", "--format=%(refname:short)", "--count=200"))
    except HostError:
        return views
    return views + [Word(name) for name in names.splitlines()]


def _deploys(world: World, request: Request) -> list[Word]:
    """Those that one can go back to, the newest first."""
    from emulator.engine.labels import project_id

    root = world.open_repository(request.root or ".", request.root, "worktree").root
    history = world.history(project_id(root))
    kept = history.kept()
    return [Word(str(one.deploy), one.verdict.value) for one in reversed(history.deploys) if one.deploy in kept]


def _kept_values(world: World, request: Request) -> list[Word]:
    from emulator.engine.labels import project_id
    from emulator.model.remembered import split

    root = world.open_repository(request.root or ".", request.root, "worktree").root
    kept = world.remembered(project_id(root))
    names = {split(name)[1] for name in kept.generated} | {name for of in kept.answers.values() for name in of}
    return [Word(name, "its value is kept") for name in sorted(names)]


def _codes(world: World, request: Request) -> list[Word]:
    del request
    from emulator.check import rules

    found = [Word(rule.code, rule.statement) for rule in rules()]
    return found + [Word(rule.id, rule.statement) for platform in world.platforms.values() for rule in platform.RULES]


def _lessons(world: World, request: Request) -> list[Word]:
    del request
    return [Word("next", "the next one"), *(Word(one.name, one.file.title) for one in world.lessons(None).all())]


def _found(world: World, request: Request) -> list[Word]:
    """The codes of what the check finds here."""
    from emulator.commands.check import checked_plan
    from emulator.commands.planning import plan_repository

    request.path = None
    plan = checked_plan(plan_repository(request, world)).resolution.plan
    return [Word(code, message) for code, message in {d.code: d.message for d in plan.diagnostics}.items()]


def _schemas(world: World, request: Request) -> list[Word]:
    del request
    from emulator.commands.schema import documents, of_files

    return [Word(name) for name in (*documents(), *of_files(world))]


def _cron_jobs(world: World, request: Request) -> list[Word]:
    return [word for word in _services(_plan(world, request)) if word.about == ServiceType.CRON.value]


_BY_COMMAND: dict[tuple[str, str], Callable[[World, Request], list[Word]]] = {
    ("rollback", "deploy"): _deploys, ("env", "forget"): _kept_values, ("explain", "words"): _codes,
    ("schema", "names"): _schemas, ("cron", "name"): _cron_jobs, ("learn", "name"): _lessons, ("fix", "code"): _found,
    ("deploys", "number"): _deploys,
}  # fmt: skip
"""By command and what it takes: words that are no plan's."""
