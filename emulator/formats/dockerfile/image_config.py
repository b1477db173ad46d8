"""The configuration an image would get, worked out without building it: Docker's ENTRYPOINT, CMD, ENV, …

Follows BuildKit's dockerfile2llb/convert.go. What only the base image knows is None, never a guess.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from emulator.model.diagnostic import Diagnostic, Severity, error
from emulator.model.origin import Origin
from emulator.model.record import Record, replace

from .health import nanoseconds
from .instructions import read_instruction
from .lines import FixedLine
from .ports import MAX_PORT, BadPort, PortRange, port_range
from .records import Dockerfile, Instruction, Pair
from .scope import DEFAULT_PATH, Scope
from .signals import is_signal
from .stages import SCRATCH, Stage, Stages, read_stages

DEFAULT_SHELL = ("/bin/sh", "-c")
_MAX_PATH = 4096


class CommandLine(Record, frozen=True, kw_only=True):
    """An ENTRYPOINT or CMD. text: as written; argv: what it becomes, with the shell of the shell form
    in front. origin is None when the base image set it."""

    form: Literal["exec", "shell"]
    text: str
    argv: tuple[str, ...]
    origin: Origin | None = None


class Setting(Record, frozen=True, kw_only=True):
    """A variable, label, port or path with its place. value is None when only the base image knows it."""

    name: str
    value: str | None = None
    origin: Origin | None = None


class HealthCheck(Record, frozen=True, kw_only=True):
    """HEALTHCHECK. test begins with NONE, CMD or CMD-SHELL; times of 0 mean Docker's defaults."""

    test: tuple[str, ...]
    interval_s: float = 0
    timeout_s: float = 0
    start_period_s: float = 0
    start_interval_s: float = 0
    retries: int = 0
    origin: Origin | None = None


class ImageConfig(Record, frozen=True, kw_only=True):
    """What `docker image inspect` would show.

    unknown_base: the base image's configuration is not known; then whatever the Dockerfile does not
    set itself is unknown, not empty. entrypoint and cmd: None when not set. workdir, user: None when
    only the base image knows them, "" when nothing sets them. exposed: names such as "80/tcp".
    onbuild: instructions kept for images built on this one.
    """

    entrypoint: CommandLine | None = None
    cmd: CommandLine | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL
    workdir: str | None = ""
    workdir_origin: Origin | None = None
    user: str | None = ""
    user_origin: Origin | None = None
    env: tuple[Setting, ...] = ()
    exposed: tuple[Setting, ...] = ()
    volumes: tuple[Setting, ...] = ()
    labels: tuple[Setting, ...] = ()
    stopsignal: str | None = None
    healthcheck: HealthCheck | None = None
    onbuild: tuple[str, ...] = ()
    base: str = ""
    unknown_base: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


EMPTY_IMAGE = ImageConfig(workdir="/", env=(Setting(name="PATH", value=DEFAULT_PATH),), base=SCRATCH)
"""What `FROM scratch` begins with."""


def image_config(
    dockerfile: Dockerfile,
    *,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    base_config: Callable[[str], ImageConfig | None],
    platform: str = "linux/amd64",
) -> ImageConfig:
    """The configuration of the target stage's image.

    base_config: what is known of an image a stage is built on, None for nothing. Wrong ports,
    signals and substitutions are in `diagnostics`, as are those of `read_stages`.
    """
    stages = read_stages(dockerfile, build_args=build_args, target=target, platform=platform)
    if stages.target is None:
        return ImageConfig(unknown_base=True, diagnostics=stages.diagnostics)
    chain = _chain(stages)
    found = list(stages.diagnostics)
    builder = ConfigBuilder(dockerfile, stages.args, build_args or {}, found.append)
    builder.begin(chain[0], base_config)
    for stage in chain:
        builder.stage(stage)
    return replace(builder.result(), diagnostics=tuple(found))


def argv_of(config: ImageConfig) -> tuple[str, ...] | None:
    """The arguments of the first process: ENTRYPOINT, then CMD. None when only the base image knows;
    empty when there is nothing to run."""
    if config.entrypoint is None and config.unknown_base:
        return None
    lines = (config.entrypoint, config.cmd)
    return tuple(argument for line in lines if line is not None for argument in line.argv)


def _chain(stages: Stages) -> list[Stage]:
    """The target and all it is built on, the lowest first."""
    chain: list[Stage] = []
    index = stages.target
    while index is not None:
        chain.append(stages.stages[index])
        index = chain[-1].parent
    return chain[::-1]


class ConfigBuilder:
    """The configuration as it grows, instruction by instruction. scope: the variables in force."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        global_args: Mapping[str, str],
        build_args: Mapping[str, str],
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._dockerfile = dockerfile
        self._global_args = global_args
        self._build_args = build_args
        self._report = report
        self.scope = Scope(dockerfile.escape, report)
        self._config = EMPTY_IMAGE
        self._shell: tuple[str, ...] = DEFAULT_SHELL
        self._entrypoint: CommandLine | None = None
        self._cmd: CommandLine | None = None
        self._cmd_is_own = False
        self._workdir: str | None = ""
        self._env: dict[str, Setting] = {}
        self._exposed: dict[str, Setting] = {}
        self._ports_seen: dict[str, bytearray] = {}
        self._volumes: dict[str, Setting] = {}
        self._labels: dict[str, Setting] = {}
        self._onbuild: list[tuple[str, Origin | None]] = []

    def begin(self, stage: Stage, base_config: Callable[[str], ImageConfig | None]) -> None:
        """Start from the image `stage` is built on."""
        known = EMPTY_IMAGE if stage.base == SCRATCH else (base_config(stage.base) if stage.base else None)
        if known is None:
            known = ImageConfig(workdir=None, user=None, unknown_base=True)
        self._config = replace(known, base=stage.base, diagnostics=())
        self.scope.complete = not known.unknown_base
        self._shell, self._entrypoint, self._cmd = known.shell, known.entrypoint, known.cmd
        self._workdir = known.workdir
        for kept, settings in (
            (self._env, known.env),
            (self._exposed, known.exposed),
            (self._volumes, known.volumes),
            (self._labels, known.labels),
        ):
            kept.update((setting.name, setting) for setting in settings)
        self._onbuild = [(text, None) for text in known.onbuild]

    def stage(self, stage: Stage) -> None:
        """Apply what the base keeps for its users, then the stage's own instructions."""
        for instruction in self.enter(stage):
            self.apply(instruction)

    def enter(self, stage: Stage) -> Iterator[Instruction]:
        """Begin a stage: the instructions to apply, those that its base keeps for its users first."""
        self._cmd_is_own = False
        if "PATH" not in self._env and not self._config.unknown_base:
            self._env["PATH"] = Setting(name="PATH", value=DEFAULT_PATH)
        # An ENV of the image wins over an ARG of the stage below.
        self.scope.update({name: setting.value for name, setting in self._env.items()})
        triggers, self._onbuild = self._onbuild, []
        for text, origin in triggers:
            if (instruction := self._trigger(text, origin or stage.origin, stage.base)) is not None:
                yield instruction
        yield from stage.instructions

    def fork(self) -> "ConfigBuilder":
        """Another one that stands where this one does, for a second stage on the same base."""
        from copy import copy, deepcopy

        twin = copy(self)
        twin.scope = self.scope.fork()
        for name in ("_env", "_exposed", "_volumes", "_labels", "_onbuild"):
            setattr(twin, name, copy(getattr(self, name)))
        twin.__dict__["_ports_seen"] = deepcopy(self._ports_seen)
        return twin

    @property
    def workdir(self) -> str | None:
        """Where relative paths begin; None when only the base image knows."""
        return self._workdir

    @property
    def shell(self) -> tuple[str, ...]:
        return self._shell

    @property
    def user(self) -> str | None:
        return self._config.user

    def result(self) -> ImageConfig:
        return replace(
            self._config,
            entrypoint=self._entrypoint,
            cmd=self._cmd,
            shell=self._shell,
            workdir=self._workdir,
            env=tuple(self._env.values()),
            exposed=tuple(self._exposed.values()),
            volumes=tuple(self._volumes.values()),
            labels=tuple(self._labels.values()),
            onbuild=tuple(text for text, _ in self._onbuild),
        )

    def _trigger(self, text: str, origin: Origin, base: str) -> Instruction | None:
        """An ONBUILD instruction of the base, read where the base is used; None when Docker would refuse it."""
        found: list[Diagnostic] = []
        instruction = read_instruction(FixedLine(text, origin), "\\", found.append)
        for problem in found:
            self._report(replace(problem, message=f"what {base} keeps for its users: {problem.message}"))
        return None if any(problem.severity is Severity.ERROR for problem in found) else instruction

    def apply(self, instruction: Instruction) -> None:
        match instruction.keyword:
            case "ARG":
                self._arg(instruction)
            case "ENV":
                self._pairs(instruction, self._env)
            case "LABEL":
                self._pairs(instruction, self._labels)
            case "ENTRYPOINT":
                self._entrypoint = self._command(instruction)
                if not self._cmd_is_own:
                    self._cmd = None
            case "CMD":
                self._cmd = self._command(instruction)
                self._cmd_is_own = True
            case "SHELL":
                self._shell = instruction.json or self._shell
            case "WORKDIR":
                self._set_workdir(instruction)
            case "USER":
                user = self.scope.text(instruction.text, instruction.origin)
                self._config = replace(self._config, user=user, user_origin=instruction.origin)
            case "STOPSIGNAL":
                self._stopsignal(instruction)
            case "EXPOSE":
                self._expose(instruction)
            case "VOLUME":
                self._volume(instruction)
            case "HEALTHCHECK":
                self._config = replace(self._config, healthcheck=_health(instruction) or self._config.healthcheck)
            case "ONBUILD" if instruction.trigger is not None:
                self._onbuild.append((instruction.trigger.source, instruction.trigger.origin))

    def _arg(self, instruction: Instruction) -> None:
        for pair in instruction.pairs:
            if pair.key in self._build_args:
                self.scope.values[pair.key] = self._build_args[pair.key]
            elif pair.value is not None:
                self.scope.values[pair.key] = self.scope.text(pair.value, pair.origin)
            elif pair.key in self._global_args:
                self.scope.values[pair.key] = self._global_args[pair.key]

    def _pairs(self, instruction: Instruction, into: dict[str, Setting]) -> None:
        # All values are worked out before the first is set: ENV a=1 b=$a sees the a of before.
        settings = [setting for pair in instruction.pairs if (setting := self._setting(pair)) is not None]
        for setting in settings:
            into[setting.name] = setting
            if into is self._env:
                self.scope.values[setting.name] = setting.value

    def _setting(self, pair: Pair) -> Setting | None:
        name = self.scope.text(pair.key, pair.origin)
        value = self.scope.text(pair.value or "", pair.origin)
        return None if name is None else Setting(name=name, value=value, origin=pair.origin)

    def _command(self, instruction: Instruction) -> CommandLine:
        text, origin = instruction.text, instruction.origin
        if instruction.json is not None:
            return CommandLine(form="exec", text=text, argv=instruction.json, origin=origin)
        return CommandLine(form="shell", text=text, argv=(*self._shell, text), origin=origin)

    def _set_workdir(self, instruction: Instruction) -> None:
        path = self.scope.text(instruction.text, instruction.origin)
        if path is None or path.startswith("/"):
            self._workdir = path
        elif self._workdir is not None:
            before = "/" + self._workdir.lstrip("/")
            self._workdir = _clean(f"{before}/{path}") if path else before
        if self._workdir is not None and len(self._workdir) > _MAX_PATH:
            message = f"WORKDIR is longer than the {_MAX_PATH:,} characters a path may have"
            help = "use a shorter path, or an absolute one"
            self._report(error("dockerfile/bad-workdir", message, origin=instruction.origin, help=help))
            self._workdir = None
        self._config = replace(self._config, workdir_origin=instruction.origin)

    def _stopsignal(self, instruction: Instruction) -> None:
        signal = self.scope.text(instruction.text, instruction.origin)
        if signal is None or is_signal(signal):
            self._config = replace(self._config, stopsignal=signal)
            return
        help = "write a name such as SIGTERM, or a number"
        message = f"STOPSIGNAL {signal} is not a signal"
        self._report(error("dockerfile/bad-signal", message, origin=instruction.origin, help=help))

    def _expose(self, instruction: Instruction) -> None:
        for word in instruction.words:
            for text in self.scope.words(word.text, word.origin) or ():
                try:
                    ports = port_range(text)
                except BadPort as bad:
                    help = "write for example: EXPOSE 8000"
                    message = f"EXPOSE {text} is not a port: {bad}"
                    self._report(error("dockerfile/bad-port", message, origin=word.origin, help=help))
                    continue
                self._add_ports(ports, word.origin)

    def _add_ports(self, ports: PortRange, origin: Origin) -> None:
        # Finding the next unseen port in bytes keeps thousands of wide ranges cheap.
        seen = self._ports_seen.setdefault(ports.protocol, bytearray(MAX_PORT + 1))
        number = seen.find(0, ports.first, ports.last + 1)
        while number >= 0:
            seen[number] = 1
            name = f"{number}/{ports.protocol}"
            self._exposed.setdefault(name, Setting(name=name, origin=origin))
            number = seen.find(0, number + 1, ports.last + 1)

    def _volume(self, instruction: Instruction) -> None:
        for word in instruction.words:
            if path := self.scope.text(word.text.strip(), word.origin):
                self._volumes[path] = Setting(name=path, origin=word.origin)


def _clean(path: str) -> str:
    """`path` as Go's path.Clean leaves an absolute one."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _health(instruction: Instruction) -> HealthCheck | None:
    words = instruction.words
    if words and words[0].text.upper() == "NONE":
        return HealthCheck(test=("NONE",), origin=instruction.origin)
    if len(words) < 2:
        return None
    shell = ("CMD-SHELL", words[1].text)
    return HealthCheck(
        test=shell if instruction.json is None else ("CMD", *instruction.json),
        interval_s=_seconds(instruction.flag("interval")),
        timeout_s=_seconds(instruction.flag("timeout")),
        start_period_s=_seconds(instruction.flag("start-period")),
        start_interval_s=_seconds(instruction.flag("start-interval")),
        retries=_count(instruction.flag("retries")),
        origin=instruction.origin,
    )


def _seconds(text: str | None) -> float:
    return (nanoseconds(text or "") or 0) / 1e9


def _count(text: str | None) -> int:
    digits = (text or "").removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
