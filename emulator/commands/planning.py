"""What `plan`, `check` and `up` share: their options, and the way from a request to a resolution."""

import argparse
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from emulator import options, planning
from emulator.contract import UNKNOWN_SERVICE, GivenFile, GivenText, GivenVar, Inputs, Option, Platform, Resolution
from emulator.model.choice import Decision
from emulator.model.diagnostic import Severity, UsageError
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.request import Request, World
from emulator.snapshot import Snapshot


class Planned(NamedTuple):
    """A repository and what a platform makes of it."""

    repo: Snapshot
    platform: Platform
    inputs: Inputs
    resolution: Resolution
    seconds: float = 0.0
    """How long it took, with the check where there was one."""


def configure_planning(
    parser: argparse.ArgumentParser,
    world: World,
    *,
    with_path: bool = True,
    several: tuple[options.Flag, ...] | None = None,
    snapshot: bool = True,
    format_: options.Flag = options.FORMAT,
    runs: bool = False,
) -> None:
    """Declare the options of a command that plans. with_path: whether its first word is a PATH; several: the options
    in place of those for one platform; snapshot: whether --snapshot says which files are meant; runs: whether it runs
    what it planned; one that does not takes the common options for that too."""
    if with_path:
        parser.add_argument("path", nargs="?", metavar="PATH", help="a place in the repository (default: here)")
    else:
        parser.set_defaults(path=None)
    chosen = options.PLANNING if several is None else several
    where = options.REPOSITORY if snapshot else options.REPOSITORY[:1]
    options.add_flags(parser.add_argument_group("what is planned"), [*where, *chosen])
    options.add_flags(parser.add_argument_group("what is printed"), [format_, *options.LOUDNESS])
    group = parser.add_argument_group("how it runs here" if runs else "how `up` runs it; nothing here depends on these")
    options.add_flags(group, options.RUNNING if runs else options.RUN_ALIKE)
    for name, platform in world.platforms.items():
        group = parser.add_argument_group(f"{platform.TITLE} (--platform {name})")
        options.add_flags(group, [options.from_platform(o) for o in platform.OPTIONS])


def plan_repository(request: Request, world: World) -> Planned:
    """Open the repository and resolve. Raises UsageError."""
    path = request.path or request.root or "."
    return plan_snapshot(world.open_repository(path, request.root, request.snapshot), request, world)


def plan_snapshot(repo: Snapshot, request: Request, world: World) -> Planned:
    """Resolve one view of a repository. Raises UsageError."""
    platform, decision = planning.detect(world.platforms, repo, *_asked(request, world))
    inputs = read_inputs(request, platform, world, repo)
    resolution = platform.resolve(repo, inputs, decision)
    _refuse_unused_files(inputs, resolution.plan.services, platform.TITLE)
    return Planned(repo, platform, inputs, resolution)


def plan_for_platforms(request: Request, world: World) -> tuple[Planned, ...]:
    """The same of a request that may name several platforms: one view of the repository, planned for each of them, in
    their order. Raises UsageError."""
    names = tuple(dict.fromkeys(request.platform))
    if len(names) < 2:
        alone = Request(**{**vars(request), "platform": names[0] if names else None})
        return (plan_repository(alone, world),)
    repo = world.open_repository(request.path or request.root or ".", request.root, request.snapshot)
    return plan_each(repo, names, request, world)


def plan_each(repo: Snapshot, names: Sequence[str], request: Request, world: World) -> tuple[Planned, ...]:
    """One view of a repository, planned for each of several platforms. A service that --service names is planned where
    it is one; that no platform has it is an error. Raises UsageError."""
    planned, refused = [], []
    for name in names:
        platform, decision = planning.detect(world.platforms, repo, name)
        inputs = read_inputs(request, platform, world, repo)
        try:
            resolution = platform.resolve(repo, inputs, decision)
        except UsageError as problem:
            if problem.diagnostic.code != UNKNOWN_SERVICE:
                raise
            refused.append(problem)
            resolution = _of_those_it_has(repo, platform, inputs, decision)
        planned.append(Planned(repo, platform, inputs, resolution))
    services = tuple(service for one in planned for service in one.resolution.plan.services)
    if refused and {*planned[0].inputs.services} - {service.name for service in services}:
        raise refused[0]
    _refuse_unused_files(planned[0].inputs, services, " or ".join(one.platform.TITLE for one in planned))
    return tuple(planned)


def _of_those_it_has(repo: Snapshot, platform: Platform, inputs: Inputs, decision: Decision) -> Resolution:
    """The resolution of those of the chosen services that the platform has."""
    whole = platform.resolve(repo, replace(inputs, services=()), decision)
    there = {service.name for service in whole.plan.services}
    chosen = tuple(name for name in inputs.services if name in there)
    if chosen:
        return platform.resolve(repo, replace(inputs, services=chosen), decision)
    none = tuple(found for found in whole.plan.diagnostics if found.service is None)
    return Resolution(plan=replace(whole.plan, services=(), edges=(), coverage=(), diagnostics=none))


def _asked(request: Request, world: World) -> tuple[str | None, str]:
    """The platform that is asked for, and by what: its name, or an option that it alone has and that is given."""
    own = ((name, o) for name, platform in world.platforms.items() for o in platform.OPTIONS if o.default is None)
    by_option = next(((name, o.flag) for name, o in own if getattr(request, o.name, None)), None)
    if request.platform is None and by_option is not None:
        return by_option[0], f"{by_option[1]} is given"
    return request.platform, "--platform names it"


def _refuse_unused_files(inputs: Inputs, services: tuple[Service, ...], title: str) -> None:
    """A secret file that no service takes would be missed without a word."""
    taken = {secret.name for service in services for secret in service.build.secrets}
    taken |= {name for service in services for name in service.secret_names}
    taken |= {mount.name for s in services for c in s.containers for mount in c.mounts if mount.kind == "secret"}
    unused = [file.name for file in inputs.secret_files if file.name not in taken]
    if services and unused:
        raise UsageError(
            f"--secret-file {unused[0]}: no service of this plan takes a secret file on {title}",
            help=f"it takes {', '.join(sorted(taken))}" if taken else "leave the option out",
        )


def with_answers(planned: Planned, answers: Mapping[tuple[str, str], str]) -> Planned:
    """The plan again, with what a person answered, by service and variable."""
    answered = tuple(
        GivenVar(name=name, value=value, source="answer", service=service)
        for (service, name), value in answers.items()
    )
    inputs = replace(planned.inputs, env=(*planned.inputs.env, *answered))
    resolution = planned.platform.resolve(planned.repo, inputs, planned.resolution.plan.detected)
    return planned._replace(inputs=inputs, resolution=resolution)


def read_inputs(request: Request, platform: Platform, world: World, repo: Snapshot) -> Inputs:
    """The request as the platform's inputs; --env comes after --env-file and so wins."""
    given = [v for file in request.env_file for v in _from_file(file, world)] + [
        _from_flag(text) for text in request.env
    ]
    latest = {v.name: v for v in given}
    own = [o for o in platform.OPTIONS if not o.is_files]
    values = {o.name: getattr(request, o.name, None) for o in own}
    chosen = {name: value for name, value in values.items() if value is not None and value is not False}
    set_by_user = tuple(o.name for o in own if o.name in chosen and chosen[o.name] != o.default)
    return Inputs(
        env=tuple(latest.values()),
        secret_files=tuple({f.name: f for f in (_secret_file(text, world) for text in request.secret_file)}.values()),
        services=tuple(request.service),
        options={k: str(v) for k, v in chosen.items()},
        options_chosen=set_by_user,
        files={o.name: texts for o in platform.OPTIONS if o.is_files and (texts := _texts(request, o, world, repo))},
    )


def _texts(request: Request, option: Option, world: World, repo: Snapshot) -> tuple[GivenText, ...]:
    """What the files say that the user named with the option; one that lies in the repository has its name there."""
    files = getattr(request, option.name, None) or ()
    inside = repo.root.rstrip("/") + "/"
    named = {file: world.absolute(file) for file in files}
    return tuple(
        GivenText(
            file=whole.removeprefix(inside) if whole.startswith(inside) else file,
            text=world.read_text(file, option.flag),
        )
        for file, whole in named.items()
    )


def _secret_file(text: str, world: World) -> GivenFile:
    name, equals, path = text.partition("=")
    if not (equals and name and path):
        raise UsageError(
            f"--secret-file takes NAME=PATH, not {text!r}", help="for example --secret-file .env=.env.local"
        )
    if "/" in name or name in (".", ".."):
        raise UsageError(f"--secret-file: {name!r} is no file name", help="the name has no folder; PATH may have one")
    return GivenFile(name=name, content=world.read_bytes(path, "--secret-file"))


def _from_flag(text: str) -> GivenVar:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--env takes KEY=VALUE, not {name!r}", help=f"write --env {name or 'KEY'}=VALUE")
    return GivenVar(name=name, value=value, source="flag")


def _from_file(file: str, world: World) -> list[GivenVar]:
    from emulator.formats.dotenv import parse_dotenv

    parsed = parse_dotenv(world.read_text(file, "--env-file"), file)
    for found in parsed.diagnostics:
        line = found.origin.line if found.origin else 1
        told = f"{file}:{line}: {found.message}"
        if found.severity is Severity.ERROR:
            raise UsageError(told, help=found.help)
        world.terminal.err(f"{found.severity}: {told}\n")
    return [GivenVar(name=v.name, value=v.value, source="file", origin=v.origin) for v in parsed.variables]
