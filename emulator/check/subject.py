"""What a rule looks at: one container of a service, with everything about it that the files tell, read when asked."""

import posixpath
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from emulator.contract import token
from emulator.formats.dockerfile import (
    Dockerfile,
    ImageConfig,
    Stage,
    Stages,
    image_config,
    parse_dockerfile,
    read_stages,
)
from emulator.formats.dockerfile.base_images import entrypoint_of, is_distroless, short_name
from emulator.formats.dockerfile.stages import SCRATCH
from emulator.formats.editing import text_at, within
from emulator.image.bases import is_plain
from emulator.image.findings import Builds
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked
from emulator.model.diagnostic import Diagnostic, Fault, Fix, Related, Severity
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Container, EnvPhase, Plan, Service, ServiceType
from emulator.model.record import Record
from emulator.snapshot import Unreadable

from .command import SHELLS, Started, base_name, started
from .own_code import OwnCode
from .shell import words

if TYPE_CHECKING:
    from .package_scripts import Followed

_DEBIAN = words("debian ubuntu python node ruby golang rust perl buildpack-deps")
"""Official images whose /bin/sh is dash, unless their tag says alpine; they set no variable a server reads."""
_SET_BY_BASE = {
    "python": ("LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION",
               "PYTHON_GET_PIP_URL", "PYTHON_GET_PIP_SHA256"),
    "node": ("NODE_VERSION", "YARN_VERSION"),
    "debian": (), "ubuntu": (),
}  # fmt: skip
"""Images whose variables are all known besides PATH."""
_RUNS_ITS_ARGUMENTS = frozenset(("node",))
"""Base images whose entrypoint ends by executing its arguments, and listens to nothing itself."""
_RUN_SCRIPTS = ("npm", "yarn", "pnpm", "bun")
_HAS_PORT = (ServiceType.WEB, ServiceType.PRIVATE)


class Known(Record, frozen=True):
    """What all containers of a plan share: their builds worked out, and the repository's own modules."""

    builds: Builds
    own_code: OwnCode


def build_is_written(build: Build, service: Service) -> bool:
    """Whether the user's files say how to build: a command that is only suggested is edited before it runs, and what
    an empty one leaves is not known."""
    if build.kind is not BuildKind.NATIVE:
        return True
    decision = next((one for one in service.decisions if one.id == f"{service.name}.build"), None)
    return bool(build.command) and decision is not None and decision.origin is not None


class Subject:
    """One container of one service of a plan."""

    def __init__(self, known: Known, plan: Plan, service: Service, container: Container) -> None:
        self.repo = known.builds.repo
        self.builds = known.builds
        self.own_code = known.own_code
        self.plan = plan
        self.service = service
        self.container = container

    @property
    def is_chosen_by_platform(self) -> bool:
        """Whether the platform's own build chose the command, and no file of the user's has it."""
        command = self.container.command
        return command is not None and command.source == "buildpack" and command.origin is None

    @property
    def origin(self) -> Origin | None:
        """Where the command is written."""
        command = self.container.command
        return (command.origin if command else None) or self.service.origin

    @property
    def origin_of_first(self) -> Origin | None:
        """Where the first word of the command is written: in ENTRYPOINT, where CMD only gives it arguments."""
        command, image = self.container.command, self.image
        entrypoint = image.entrypoint if image is not None else None
        if command is None or not command.argv or command.source != "dockerfile" or entrypoint is None:
            return self.origin
        return (entrypoint.origin if command.argv[0] == entrypoint.argv[0] else None) or self.origin

    def finding(self, code: str, severity: Severity, message: str, **more: object) -> Diagnostic:
        """A diagnostic of this service at its command; `more` may say another place. A generated Dockerfile is no
        place: it is no file of the user's."""
        settings = {"origin": self.origin, "service": self.service.name, "fault": Fault.APP, **more}
        related: Iterable[Related] = settings.get("related", ())  # type: ignore[assignment]
        settings["related"] = tuple(one for one in related if one.origin.file)
        return Diagnostic(code=code, severity=severity, message=message, **settings)  # type: ignore[arg-type]

    def replaced(self, old: str, new: str) -> Fix | None:
        """The fix that writes `new` for `old` in the command, where that stands there exactly once."""
        text = self._written
        return within(text, self.origin, old, new) if text is not None and self.origin is not None else None

    @property
    def written(self) -> str:
        """The command as its file has it, with the instruction's or the field's name if that is on its place; "" where
        there is no such file."""
        text = self._written
        return text_at(text, self.origin) if text is not None and self.origin is not None else ""

    @cached_property
    def _written(self) -> str | None:
        if self.origin is None or not self.repo.is_file(self.origin.file):
            return None
        try:
            return self.repo.text(self.origin.file)
        except Unreadable:
            return None

    # ---- the command

    @property
    def started(self) -> Started | None:
        """What the command really runs, behind the scripts of package managers as well; None where only the base image
        knows."""
        followed = self.followed
        return followed.run if followed is not None else self.commanded

    @cached_property
    def followed(self) -> "Followed | None":
        """The command behind the scripts of package.json that it asks for, and what these surely lack; None where it
        asks for none."""
        run, worked = self.commanded, self.worked
        workdir = worked.config.workdir if worked is not None and worked.config is not None else None
        if run is None or run.program not in _RUN_SCRIPTS or worked is None or workdir is None or worked.failures:
            return None
        from .package_scripts import call_of, follow

        if call_of(run) is None:
            return None
        return follow(run, TreeFiles(worked.tree, self.repo), workdir or "/", self.environ)

    @cached_property
    def commanded(self) -> Started | None:
        """What the command line itself runs, through shells and entry scripts; None where only the base image knows."""
        command = self.container.command
        if command is None or not command.argv:
            return None
        run = started(command.argv, self.environ, transparent=self._entrypoint_of_base)
        return self._behind_script(command.argv) or run

    @cached_property
    def runs_its_command(self) -> bool:
        """Whether nothing that only the base image knows stands before the command: an ENTRYPOINT of its own."""
        build, command = self.container.build, self.container.command
        if build.is_platforms_own or (command is not None and command.source != "dockerfile"):
            return True
        stage, image = self.first_stage, self.image
        base = stage.base if stage is not None else ""
        has_own = image is not None and image.entrypoint is not None
        is_known = base == SCRATCH or is_plain(base) or is_distroless(base) or bool(entrypoint_of(base))
        return has_own or (bool(base) and is_known)

    def _behind_script(self, argv: tuple[str, ...]) -> Started | None:
        """What an entry script of the repository's own ends in; None where the command is none, or it is not read."""
        is_read_by_shell = base_name(argv[0]) in SHELLS and len(argv) > 1 and argv[1].endswith(".sh")
        path, rest = (argv[1], argv[2:]) if is_read_by_shell else (argv[0], argv[1:])
        if "/" not in path and not path.endswith(".sh") and "entrypoint" not in path:
            return None
        text = self._text_in_image(f"./{path}" if is_read_by_shell else path)
        if text is None:
            return None
        from .entry_script import behind_script

        return behind_script(text, rest, self.environ)

    def _text_in_image(self, path: str) -> str | None:
        """The text of a file of the repository that the image has at a path; a bare name is looked for as a program."""
        worked = self.worked
        config = worked.config if worked is not None else None
        if worked is None or config is None or config.workdir is None:
            return None
        places = [posixpath.join(config.workdir or "/", path)]
        if "/" not in path:
            places = [f"/usr/local/bin/{path}", f"/usr/bin/{path}", f"/{path}"]
        files = TreeFiles(worked.tree, self.repo)
        return next((text for text in map(files.read, places) if text is not None), None)

    @property
    def first_shell(self) -> str | None:
        """The shell that the container itself is told to start, as it is written; None where it is something else."""
        argv = self.container.command.argv if self.container.command is not None else None
        before = len(self._entrypoint_of_base)
        argv = argv[before:] if argv and argv[:before] == self._entrypoint_of_base else argv
        return argv[0] if argv and base_name(argv[0]) in SHELLS else None

    @property
    def _entrypoint_of_base(self) -> tuple[str, ...]:
        base = self.base_image
        return entrypoint_of(base) if base and short_name(base) in _RUNS_ITS_ARGUMENTS else ()

    # ---- the network

    @property
    def is_looked_for(self) -> bool:
        """Whether the platform looks for a port of this container."""
        if self.service.type not in _HAS_PORT:
            return False
        if self.service.lifecycle.port_scan is not None:
            return self.container.ingress or len(self.service.containers) == 1
        return self.container.probes.startup is not None

    @property
    def rule_of_port(self) -> dict[str, str | None]:
        """The platform's rule by which the port was decided, and where it is written down."""
        decided = next((d for d in self.service.decisions if d.id == f"{self.service.name}.port"), None)
        return {"rule": decided.rule, "url": decided.source} if decided else {}

    # ---- the image

    @cached_property
    def _parsed(self) -> Dockerfile | None:
        build = self.container.build
        if build.kind is not BuildKind.DOCKERFILE or not build.dockerfile or not self.repo.is_file(build.dockerfile):
            return None
        try:
            return parse_dockerfile(self.repo.text(build.dockerfile), build.dockerfile)
        except Unreadable:
            return None

    @cached_property
    def _stages(self) -> Stages | None:
        target = self.container.build.target
        return read_stages(self._parsed, build_args=self._build_args, target=target) if self._parsed else None

    @cached_property
    def worked(self) -> Worked | None:
        """The image worked out, as its first process finds it; None where none is built, and where a Dockerfile cannot
        be read."""
        worked, command = self.builds.of(self.container.build), self.container.command
        elsewhere = command.working_dir if command is not None else None
        return worked.started_in(elsewhere) if worked is not None and elsewhere is not None else worked

    @cached_property
    def image(self) -> ImageConfig | None:
        """The configuration of the image that the Dockerfile makes; None where there is none."""
        if self._parsed is None:
            return None
        target = self.container.build.target
        return image_config(self._parsed, build_args=self._build_args, target=target, base_config=lambda _ref: None)

    @cached_property
    def first_stage(self) -> Stage | None:
        """The stage that the target's chain of stages begins with; None when there is none, or it is not known."""
        stages = self._stages
        index = stages.target if stages is not None else None
        while stages is not None and index is not None:
            stage = stages.stages[index]
            if stage.parent is None:
                return stage
            index = stage.parent
        return None

    @property
    def base_image(self) -> str | None:
        """The image under the target stage; None when there is none, or it is not known."""
        return self.first_stage.image if self.first_stage is not None else None

    @property
    def has_known_base(self) -> bool:
        """Whether what is built on sets no variable that a server reads."""
        if self.container.build.is_platforms_own:
            return True
        return self.base_image is not None and short_name(self.base_image) in _DEBIAN

    @property
    def shell_is_dash(self) -> bool:
        """Whether /bin/sh is dash for certain: in an image of Debian or Ubuntu that does not put another there."""
        base = self.base_image
        if self._parsed is None or base is None or short_name(base) not in _DEBIAN or "alpine" in base:
            return False
        runs = (instruction.text for instruction in self._parsed.instructions if instruction.keyword == "RUN")
        return not any("/bin/sh" in text and ("ln " in text or "divert" in text or "dash" in text) for text in runs)

    @property
    def _build_args(self) -> dict[str, str]:
        args = self.container.build.args
        return {arg.name: token(arg.name) if arg.value is None else arg.value for arg in args}

    # ---- the variables

    @cached_property
    def environ(self) -> Mapping[str, str | None]:
        """Every variable the process is known to see, None for a value that is not known here."""
        found: dict[str, str | None] = {}
        if self.image is not None:
            found |= {setting.name: setting.value for setting in self.image.env}
        found |= {v.name: v.value for v in self.container.env if v.phase is not EnvPhase.BUILD}
        return found

    @cached_property
    def base_variables(self) -> tuple[str, ...] | None:
        """What the base image sets besides PATH; None when that is not known."""
        if self.container.build.is_platforms_own:
            return ()
        return _SET_BY_BASE.get(short_name(self.base_image)) if self.base_image else None


def subjects(known: Known, service: Service, plan: Plan) -> tuple[Subject, ...]:
    """One for each container that runs something."""
    return tuple(Subject(known, plan, service, container) for container in service.containers if container.command)
