"""Instructions → build stages: what each is built on, which the target is, and which images it reaches.

Follows BuildKit's dockerfile2llb/convert.go: a name in FROM means a stage that stands above it, a
name in COPY --from or RUN --mount means any stage, the last of that name.
"""

from collections.abc import Iterator, Mapping

from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.record import Record
from emulator.model.spelling import nearest

from .mounts import mount_sources
from .records import Dockerfile, Instruction
from .references import reference_problem
from .scope import Scope

SCRATCH = "scratch"


class Stage(Record, frozen=True, kw_only=True):
    """One FROM and what follows it.

    name: lower-case, None without AS. written: the base as it stands in FROM; base: after
    substitution, "" when that fails. parent: the index of the earlier stage that `base` names, None
    when it is an image. platform: of --platform, after substitution.
    """

    index: int
    name: str | None
    written: str
    base: str
    parent: int | None
    platform: str | None
    instructions: tuple[Instruction, ...]
    origin: Origin

    @property
    def image(self) -> str | None:
        """The image this stage is built on; None for another stage and for scratch."""
        return self.base if self.parent is None and self.base not in ("", SCRATCH) else None

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return self.name or f"stage {self.index}"


class Source(Record, frozen=True, kw_only=True):
    """What COPY --from or RUN --mount=from= reads: an earlier or later stage, or an image."""

    stage: int | None
    image: str | None
    origin: Origin


class Stages(Record, frozen=True, kw_only=True):
    """All stages, and what building the target reaches.

    target: its index, None when there is none. reached: indices of the stages that are built, in
    order. base_images: the images they are built on or copy from, each once, in order. args: the
    values of the ARGs before FROM and of the predefined platform ones.
    """

    stages: tuple[Stage, ...]
    target: int | None
    reached: tuple[int, ...] = ()
    base_images: tuple[str, ...] = ()
    args: dict[str, str] = {}
    diagnostics: tuple[Diagnostic, ...] = ()


def read_stages(
    dockerfile: Dockerfile,
    *,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    platform: str = "linux/amd64",
) -> Stages:
    """The stages of `dockerfile`; `target` names one (default: the last). Wrong references are diagnostics."""
    found: list[Diagnostic] = []
    given = build_args or {}
    scope = Scope(dockerfile.escape, found.append)
    predefined = platform_args(platform, target)
    scope.update(predefined | {name: value for name, value in given.items() if name in predefined})
    head, groups = _grouped(dockerfile.instructions)
    _read_global_args(head, given, scope)
    stages = _read_all(groups, scope, found)
    index = _target_index(stages, target, found, dockerfile.file)
    edges = _Edges(stages, found)
    reached = edges.reached(index) if index is not None else ()
    return Stages(
        stages=stages,
        target=index,
        reached=reached,
        base_images=edges.images(reached),
        args={name: value for name, value in scope.values.items() if value is not None},
        diagnostics=tuple(found),
    )


def platform_args(platform: str, target: str | None) -> dict[str, str]:
    """The ARGs Docker defines before the first FROM, for building on and for `platform`."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    values = {"PLATFORM": platform, "OS": system, "OSVERSION": "", "ARCH": architecture, "VARIANT": variant}
    args = {side + name: value for side in ("BUILD", "TARGET") for name, value in values.items()}
    return args | {"TARGETSTAGE": target or "default"}


def _grouped(instructions: tuple[Instruction, ...]) -> tuple[list[Instruction], list[list[Instruction]]]:
    """What stands before the first FROM, and one list per FROM that begins with it."""
    head: list[Instruction] = []
    groups: list[list[Instruction]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            groups.append([instruction])
        elif groups:
            groups[-1].append(instruction)
        else:
            head.append(instruction)
    return head, groups


def _read_global_args(head: list[Instruction], given: Mapping[str, str], scope: Scope) -> None:
    for instruction in head:
        for pair in instruction.pairs if instruction.keyword == "ARG" else ():
            if pair.key in given:
                scope.values[pair.key] = given[pair.key]
            elif pair.value is not None and (value := scope.text(pair.value, pair.origin)) is not None:
                scope.values[pair.key] = value


def _read_all(groups: list[list[Instruction]], scope: Scope, found: list[Diagnostic]) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    by_name: dict[str, int] = {}
    for index, (opening, *rest) in enumerate(groups):
        written = opening.words[0].text if opening.words else ""
        base = scope.text(written, opening.origin)
        name = opening.words[2].text.lower() if len(opening.words) == 3 else None
        platform = opening.flag("platform")
        stage = Stage(
            index=index,
            name=name,
            written=written,
            base=base or "",
            parent=by_name.get(base or ""),
            platform=scope.text(platform, opening.origin) if platform else None,
            instructions=tuple(rest),
            origin=opening.origin,
        )
        if base is not None and written:
            found += _base_problems(stage, opening.words[0].origin)
            found += _misspelt(f"FROM {written}", base, by_name, opening.words[0].origin, "dockerfile/bad-base")
        stages.append(stage)
        if name:
            by_name[name] = index
    return tuple(stages)


_MOST_NAMES = 100
"""Among more stages no name is looked for that is meant: each would be compared with all."""


def _misspelt(said: str, image: str, stages: Mapping[str, int], origin: Origin, code: str) -> Iterator[Diagnostic]:
    """A plain name that is close to that of an earlier stage: Docker takes it for an image."""
    if not 0 < len(stages) <= _MOST_NAMES or image.lower() in stages:
        return
    if not image.replace("-", "").replace("_", "").isalnum():
        return
    from difflib import get_close_matches  # takes long to load

    meant = get_close_matches(image.lower(), stages, n=1, cutoff=0.8)
    if meant and image != SCRATCH:
        message = f"{said}: no stage is called {image}, and an image of that name is pulled"
        yield warning(code, message, origin=origin, help=f"did you mean {meant[0]}?")


def _base_problems(stage: Stage, origin: Origin) -> Iterator[Diagnostic]:
    if not stage.base:
        yield error(
            "dockerfile/blank-base",
            f"FROM {stage.written} names no image: the variable has no value",
            origin=origin,
            help="give it a default with ARG NAME=value above the first FROM",
        )
    elif stage.image is not None and (problem := reference_problem(stage.image)):
        shown = stage.base if stage.written == stage.base else f"{stage.written}, which is {stage.base},"
        yield error(
            "dockerfile/bad-base",
            f"FROM {shown} names no image: {problem}",
            origin=origin,
            help="write NAME, NAME:TAG or REGISTRY/NAME:TAG; give a variable a default with ARG above FROM",
        )


def _target_index(stages: tuple[Stage, ...], target: str | None, found: list[Diagnostic], file: str) -> int | None:
    if not stages:
        return None
    if not target:
        return len(stages) - 1
    for stage in reversed(stages):
        if stage.name == target.lower():
            return stage.index
    names = [stage.name for stage in stages if stage.name]
    near = nearest(target.lower(), names)
    help = f"did you mean {near}?" if near else "name the stage with FROM IMAGE AS NAME; numbers are no names here"
    message = f"{file} has no stage {target}"
    found.append(error("dockerfile/unknown-target", message, origin=stages[-1].origin, help=help))
    return None


class _Edges:
    """Which stages and images every stage needs."""

    def __init__(self, stages: tuple[Stage, ...], found: list[Diagnostic]) -> None:
        self._stages = stages
        self._found = found
        self._by_name = {stage.name: stage.index for stage in stages if stage.name}
        self._sources = [self._with_triggers(stage) for stage in stages]
        self._report_cycles()

    def reached(self, target: int) -> tuple[int, ...]:
        """The stages that building `target` builds, ascending; reports those needed too early."""
        seen: set[int] = set()
        open_ = [target]
        while open_:
            index = open_.pop()
            if index in seen:
                continue
            seen.add(index)
            parent = self._stages[index].parent
            open_ += [] if parent is None else [parent]
            for source in self._sources[index]:
                if source.stage is None:
                    continue
                open_.append(source.stage)
                if source.stage > index:
                    self._report_later(index, source)
        return tuple(sorted(seen))

    def images(self, reached: tuple[int, ...]) -> tuple[str, ...]:
        images: dict[str, None] = {}
        for index in reached:
            if image := self._stages[index].image:
                images[image] = None
            images.update((source.image, None) for source in self._sources[index] if source.image)
        return tuple(images)

    def _with_triggers(self, stage: Stage) -> list[Source]:
        """The sources of a stage's own instructions and of what its parent keeps for it."""
        kept: list[Instruction] = []
        if stage.parent is not None:
            parent = self._stages[stage.parent].instructions
            kept = [i.trigger for i in parent if i.keyword == "ONBUILD" and i.trigger]
        return [source for instruction in (*kept, *stage.instructions) for source in self._sources_of(instruction)]

    def _sources_of(self, instruction: Instruction) -> Iterator[Source]:
        if instruction.keyword == "COPY" and (name := instruction.flag("from")):
            yield from self._copied(instruction, name)
        elif instruction.keyword == "RUN":
            for flag in instruction.flags:
                for name in mount_sources(flag, self._found.append):
                    index = self._by_name.get(name.lower())
                    image = None if index is not None or name == SCRATCH else name
                    yield Source(stage=index, image=image, origin=flag.origin)

    def _copied(self, instruction: Instruction, name: str) -> Iterator[Source]:
        origin = next(flag.origin for flag in instruction.flags if flag.name == "from")
        digits = name.removeprefix("+")
        if "$" in name or not name.isprintable():
            help = "add FROM $NAME AS alias with a global ARG, and copy from the alias"
            message = "COPY --from takes no variables"
            self._found.append(error("dockerfile/bad-copy-from", message, origin=origin, help=help))
        elif digits.isascii() and digits.isdigit() and len(digits) < 10:
            if int(digits) < len(self._stages):
                yield Source(stage=int(digits), image=None, origin=origin)
                return
            help = "copy from a stage by its name, or count from 0"
            message = f"COPY --from={name}: there is no stage {name}"
            self._found.append(error("dockerfile/bad-copy-from", message, origin=origin, help=help))
        else:
            index = self._by_name.get(name.lower())
            image = None if index is not None or name == SCRATCH else name
            if image is not None:
                code = "dockerfile/bad-copy-from"
                self._found += _misspelt(f"COPY --from={image}", image, self._by_name, origin, code)
            yield Source(stage=index, image=image, origin=origin)

    def _report_later(self, index: int, source: Source) -> None:
        assert source.stage is not None
        self._found.append(
            error(
                "dockerfile/stage-too-late",
                f"{self._stages[index].title} copies from {self._stages[source.stage].title}, which stands below it",
                origin=source.origin,
                help="move that stage above the one that copies from it",
            )
        )

    def _report_cycles(self) -> None:
        """Docker refuses a circle of copies anywhere in the file, reached or not."""
        done: set[int] = set()
        for start in range(len(self._stages)):
            on_path: set[int] = set()
            # (stage, its remaining sources): a stack instead of recursion, for thousands of stages.
            stack: list[tuple[int, Iterator[Source]]] = []
            if start not in done:
                stack.append((start, iter(self._sources[start])))
                on_path.add(start)
            while stack:
                index, rest = stack[-1]
                source = next(rest, None)
                if source is None:
                    stack.pop()
                    on_path.discard(index)
                    done.add(index)
                elif source.stage in on_path:
                    self._report_cycle(index, source)
                elif source.stage is not None and source.stage not in done:
                    stack.append((source.stage, iter(self._sources[source.stage])))
                    on_path.add(source.stage)

    def _report_cycle(self, index: int, source: Source) -> None:
        assert source.stage is not None
        other = self._stages[source.stage].title
        whom = "itself" if source.stage == index else f"{other}, which needs it in turn"
        self._found.append(
            error(
                "dockerfile/circular-stages",
                f"{self._stages[index].title} copies from {whom}",
                origin=source.origin,
                help="copy from a stage that stands above, or from the build context without --from",
            )
        )
