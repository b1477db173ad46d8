"""A Dockerfile worked out over a snapshot: the filesystem after every instruction, and why the build ends.

Follows BuildKit: only the stages that the target reaches are looked at, in the order of the file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.formats.dockerfile import (
    ConfigBuilder,
    Dockerfile,
    ImageConfig,
    Instruction,
    Setting,
    Stage,
    Stages,
    parse_dockerfile,
    read_stages,
)
from emulator.formats.dockerfile.base_images import is_distroless, workdir_of_distroless
from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Build
from emulator.model.record import Record, replace
from emulator.snapshot import Snapshot, Unreadable

from .archives import archive_test
from .bases import base_path, base_tree, begins_in_root, is_plain
from .context import Context, open_context
from .copying import Failure, Means, copy_into
from .instructions import made_by, read_order
from .merging import Effort
from .running import read_as_shell
from .steps import State, StepReader, run_step
from .tree import Answer, Folder, Refused, Unsure, look, make_folders, unknown_folder, walk

if TYPE_CHECKING:
    from .installing import Installed

READERS: tuple[StepReader, ...] = (read_as_shell,)
"""Who reads a RUN."""

MAX_EFFORT = 200_000
"""How many directory entries all copies of a build may be compared for; no real repository comes near."""


class Step(Record, frozen=True, kw_only=True):
    """One instruction and what it left. workdir and user: None when only the base image knows. installs: the calls of
    package managers in a RUN."""

    instruction: Instruction
    tree: Folder
    workdir: str | None
    user: str | None
    failures: tuple[Failure, ...] = ()
    installs: "tuple[Installed, ...]" = ()


class WorkedStage(Record, frozen=True, kw_only=True):
    """One stage: its instructions in order (those of its base's ONBUILD first), and what it ends with. config: of the
    target's image; None for other stages."""

    stage: Stage
    steps: tuple[Step, ...]
    tree: Folder
    config: ImageConfig | None = None


class Worked(Record, frozen=True, kw_only=True):
    """What a Dockerfile makes of a snapshot.

    stages: those the target reaches, by their index. target: its index, None when the Dockerfile has none.
    diagnostics: what is wrong with the Dockerfile itself. context: what the builder gets.
    """

    dockerfile: Dockerfile
    context: Context
    stages: dict[int, WorkedStage]
    target: int | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def last(self) -> WorkedStage | None:
        """The stage that the image is; None where there is no target, or another language's rules hold."""
        return self.stages.get(self.target) if self.target is not None else None

    def started_in(self, directory: str) -> "Worked":
        """The same for a process that is started in another directory than the image's."""
        last = self.last
        if last is None or last.config is None:
            return self
        moved = replace(last, config=replace(last.config, workdir=directory))
        return replace(self, stages={**self.stages, last.stage.index: moved})

    @property
    def tree(self) -> Folder:
        """The image's filesystem; wholly unknown without such a stage."""
        return self.last.tree if self.last is not None else Folder(complete=False)

    @property
    def config(self) -> ImageConfig | None:
        """The image's configuration; variables that a known base is known to set are in it."""
        return self.last.config if self.last is not None else None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why the build ends, in the order of the file."""
        return tuple(
            failure for _, stage in sorted(self.stages.items()) for step in stage.steps for failure in step.failures
        )

    def look(self, path: str) -> Answer:
        """What the image has at an absolute path."""
        return look(self.tree, path)

    def lines(self) -> Iterator[str]:
        """The worked-out image as text: each stage with its known paths."""
        for index, worked in sorted(self.stages.items()):
            yield f"stage {index} ({worked.stage.title}) from {worked.stage.base}"
            for path, node in walk(worked.tree):
                more = "" if not isinstance(node, Folder) or node.complete else " and more"
                yield f"  {path}  {type(node).__name__.lower()}{more}"
        for failure in self.failures:
            yield f"fails at {failure.origin}: {failure.reason}"


def work_out_build(repo: Snapshot, build: Build, readers: Sequence[StepReader] = READERS) -> Worked | None:
    """The image that a build with Docker makes; None for another build, and where the Dockerfile cannot be read (the
    plan says why)."""
    if build.image is not None or (build.dockerfile is None and build.generated_dockerfile is None):
        return None
    context = build.context or "."
    if repo.look(context).kind != "directory":
        return None
    if build.generated_dockerfile is not None:
        text, name = build.generated_dockerfile, None
    else:
        name = build.dockerfile or "Dockerfile"
        try:
            text = repo.text(name)
        except Unreadable:
            return None
    args = {arg.name: arg.value for arg in build.args}
    return work_out(
        open_context(repo, context, name, build.upload_rules), parse_dockerfile(text, name or ""),
        target=build.target, build_args=args, platform=build.platform, readers=readers,
    )  # fmt: skip


def work_out(
    context: Context,
    dockerfile: Dockerfile,
    *,
    target: str | None = None,
    build_args: Mapping[str, str | None] | None = None,
    platform: str = "linux/amd64",
    readers: Sequence[StepReader] = READERS,
) -> Worked:
    """What `dockerfile` makes of `context`. build_args: a value of None is given and not known."""
    known = {name: value for name, value in (build_args or {}).items() if value is not None}
    unknown = frozenset(build_args or {}) - frozenset(known)
    stages = read_stages(dockerfile, build_args=known, target=target, platform=platform)
    found = [*dockerfile.diagnostics, *stages.diagnostics]

    def new_builder() -> ConfigBuilder:
        return ConfigBuilder(dockerfile, stages.args, known, found.append)

    worker = _Worker(
        context, stages, new_builder, dockerfile=dockerfile, unknown_args=unknown, readers=readers
    )  # fmt: skip
    for index in stages.reached if _is_dockers(dockerfile) else ():
        worker.stage(stages.stages[index])
    return Worked(
        dockerfile=dockerfile, context=context, stages=worker.worked, target=stages.target,
        diagnostics=tuple(dict.fromkeys(found)),
    )  # fmt: skip


def _is_dockers(dockerfile: Dockerfile) -> bool:
    """Whether `# syntax=` leaves the rules to Docker's own frontend."""
    syntax = dockerfile.directive("syntax")
    return syntax is None or syntax.value.removeprefix("docker.io/").startswith("docker/dockerfile")


class _After(Record, frozen=True):
    """What an instruction left, and why the build ends there."""

    tree: Folder
    failures: Sequence[Failure] = ()
    installs: "tuple[Installed, ...]" = ()


class _Worker:
    """Goes through the stages, each once."""

    def __init__(
        self,
        context: Context,
        stages: Stages,
        new_builder: Callable[[], ConfigBuilder],
        *,
        dockerfile: Dockerfile,
        unknown_args: frozenset[str],
        readers: Sequence[StepReader],
    ) -> None:
        self.worked: dict[int, WorkedStage] = {}
        self._context = context
        self._dockerfile = dockerfile
        self._context_tree = context.as_tree()
        self._stages = stages
        self._readers = readers
        self._unknown_args = unknown_args
        self._by_name = {stage.name: stage.index for stage in stages.stages if stage.name}
        self._means = Means(archive_test(context), Effort(MAX_EFFORT))
        self._new_builder = new_builder
        self._builders: dict[int, ConfigBuilder] = {}
        parents = [s.parent for s in (stages.stages[i] for i in stages.reached) if not self._is_guess(s)]
        self._children = {parent: parents.count(parent) for parent in set(parents) if parent is not None}

    def stage(self, stage: Stage) -> None:
        builder, tree = self._begin(stage)
        steps: list[Step] = []
        for instruction in builder.enter(stage):
            after = self._after(instruction, builder, tree, stage)
            tree = after.tree
            steps.append(
                Step(
                    instruction=instruction, tree=tree, workdir=builder.workdir, user=builder.user,
                    failures=tuple(after.failures), installs=after.installs,
                )
            )  # fmt: skip
        config = builder.result() if stage.index == self._stages.target else None
        self.worked[stage.index] = WorkedStage(stage=stage, steps=tuple(steps), tree=tree, config=config)
        if self._children.get(stage.index):
            self._builders[stage.index] = builder

    def _begin(self, stage: Stage) -> tuple[ConfigBuilder, Folder]:
        """The configuration and the filesystem that the stage is built on."""
        if stage.parent is None or self._is_guess(stage):
            builder = self._new_builder()
            if self._is_guess(stage):
                builder.begin(replace(stage, base=""), _base_config)
                return builder, Folder(complete=False)
            builder.begin(stage, _base_config)
            return builder, base_tree(stage.base) if stage.base else Folder(complete=False)
        self._children[stage.parent] -= 1
        # The last stage on a base takes its builder over, the others take a copy.
        last = self._children[stage.parent] == 0
        builder = self._builders.pop(stage.parent) if last else self._builders[stage.parent].fork()
        return builder, self.worked[stage.parent].tree

    def _is_guess(self, stage: Stage) -> bool:
        """Whether the base depends on a variable whose value is not known here."""
        return bool(self._unknown_args) and "$" in stage.written

    def _after(self, instruction: Instruction, builder: ConfigBuilder, tree: Folder, stage: Stage) -> "_After":
        """The tree after an instruction, and why the build ends there."""
        builder.apply(instruction)
        for name in self._unknown_args & {pair.key for pair in instruction.pairs if instruction.keyword == "ARG"}:
            builder.scope.values[name] = None
        match instruction.keyword:
            case "COPY" | "ADD":
                return _After(*self._copied(instruction, builder, tree, stage))
            case "WORKDIR":
                return _After(*_with_workdir(instruction, builder, tree))
            case "RUN":
                ran = run_step(instruction, self._state(builder, tree, stage), self._readers)
                return _After(ran.tree, installs=ran.installs)
        return _After(tree)

    def _copied(
        self, instruction: Instruction, builder: ConfigBuilder, tree: Folder, stage: Stage
    ) -> tuple[Folder, Sequence[Failure]]:
        order, failures = read_order(instruction, builder)
        if failures or order is None:
            return unknown_folder(), failures
        source = self._source(instruction, stage)
        if order.reads_context and self._context.ignore.problem is not None:
            return tree, [_bad_ignore_file(self._context)]
        copied = copy_into(tree, source, order, self._means)
        return copied.tree, copied.failures

    def _source(self, instruction: Instruction, stage: Stage) -> Folder:
        """The tree that the instruction copies from."""
        name = instruction.flag("from")
        if instruction.keyword == "ADD" or name is None:
            return self._context_tree
        return self._named(name, stage)

    def _named(self, name: str, stage: Stage) -> Folder:
        """The tree of an earlier stage, of the context for "", unknown for an image."""
        if not name:
            return self._context_tree
        digits = name.removeprefix("+")
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            index = int(digits)
        else:
            index = self._by_name.get(name.lower(), stage.index)
        earlier = self.worked.get(index) if index < stage.index else None
        return earlier.tree if earlier is not None else Folder(complete=False)

    def _state(self, builder: ConfigBuilder, tree: Folder, stage: Stage) -> State:
        return State(
            tree=tree, workdir=builder.workdir, user=builder.user, shell=builder.shell, base=stage.base,
            variables=MappingProxyType(builder.scope.values), complete=builder.scope.complete,
            repo=self._context.repo, lines=self._dockerfile.lines, escape=self._dockerfile.escape,
            source=lambda name: self._named(name, stage), effort=self._means.effort,
        )  # fmt: skip


def _base_config(ref: str) -> ImageConfig | None:
    """Of a plain image we know where it begins; its variables and its command stay unknown."""
    if is_distroless(ref):
        home = workdir_of_distroless(ref)
        return ImageConfig(workdir=home, user=None, unknown_base=True) if home is not None else None
    if not is_plain(ref):
        return ImageConfig(workdir="/", user=None, unknown_base=True) if begins_in_root(ref) else None
    return ImageConfig(workdir="/", user="", env=(Setting(name="PATH", value=base_path(ref)),), unknown_base=True)


def _with_workdir(instruction: Instruction, builder: ConfigBuilder, tree: Folder) -> tuple[Folder, Sequence[Failure]]:
    """WORKDIR makes its directory."""
    if builder.workdir is None:
        return tree, ()  # a directory more, nobody knows where; nothing that was there goes
    try:
        return make_folders(tree, builder.workdir or "/", made_by(instruction)), ()
    except Unsure:
        return tree, ()
    except Refused as refused:
        return tree, [Failure(kind="refused", reason=str(refused), origin=instruction.origin)]


def _bad_ignore_file(context: Context) -> Failure:
    ignore = context.ignore
    assert ignore.problem is not None
    assert ignore.problem_origin is not None
    return Failure(kind="bad-ignore-file", reason=ignore.problem, origin=ignore.problem_origin, from_context=True)
