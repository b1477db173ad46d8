"""The rule about variables of a service that a RUN uses and no ARG brings into the build."""

from collections.abc import Iterator, Mapping

from emulator.formats.dockerfile import Instruction
from emulator.image.working import WorkedStage
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import EnvKind

from .rule import CheckRule
from .shell import Simple, parse_script, references, words
from .subject import Subject

NOT_DECLARED = CheckRule(
    code="build/argument-not-declared",
    severity=Severity.WARNING,
    statement="A RUN uses a variable that the platform passes to the build, and that no ARG takes in.",
    why=(
        "A build argument is seen from the ARG that names it on, in its stage and in those built on that. Without one "
        "the shell puts nothing in its place."
    ),
    needs_platform_file=True,
)

RULES = (NOT_DECLARED,)

_SETS = words("export declare readonly local typeset read unset for")
_MAY_SET_ANYTHING = words("source . eval set getopts mapfile readarray")


def argument_not_declared(subject: Subject) -> Iterator[Diagnostic]:
    """Every such variable once, at the first RUN that uses it."""
    worked = subject.worked
    passed = {arg.name for arg in subject.container.build.args if arg.kind is not EnvKind.PLATFORM}
    if worked is None or worked.failures or not passed or subject.container.build.generated_dockerfile is not None:
        return
    told: set[str] = set()
    for stage in worked.stages.values():
        declared = _before(worked.stages, stage)
        for step in stage.steps:
            one = step.instruction
            if one.keyword in ("ARG", "ENV"):
                declared |= {pair.key for pair in one.pairs}
            for name in _used(one) if one.keyword == "RUN" else ():
                if name in passed - declared - told and not any(name in (flag.value or "") for flag in one.flags):
                    told.add(name)
                    yield subject.finding(
                        NOT_DECLARED.code, Severity.WARNING, f"{name} is empty in this RUN: no ARG takes it in",
                        origin=one.origin,
                        help=f"write ARG {name} before it; a secret is better taken from a secret mount",
                    )  # fmt: skip


def _before(stages: Mapping[int, WorkedStage], stage: WorkedStage) -> set[str]:
    """What the stages below it set. ARGs of a stage are seen in those built on it as well."""
    found: set[str] = set()
    parent = stage.stage.parent
    while parent is not None and parent in stages:
        instructions = stages[parent].stage.instructions
        found |= {pair.key for one in instructions if one.keyword in ("ARG", "ENV") for pair in one.pairs}
        parent = stages[parent].stage.parent
    return found


def _used(run: Instruction) -> Iterator[str]:
    """Variables that the shell replaces without a default; none where the text is not all understood."""
    script = parse_script(run.text) if run.json is None and not run.heredocs else None
    if script is None or any(one.name in _MAY_SET_ANYTHING for one in script):
        return
    own = {name for one in script for name in _set_by(one)}
    for one in script:
        if one.name in ("echo", "printf", "[", "test"):
            continue
        for word in (*one.words, *(value for _, value in one.assignments)):
            yield from (ref.name for ref in references(word) if not ref.has_default and ref.name not in own)


def _set_by(one: Simple) -> Iterator[str]:
    yield from (name for name, _ in one.assignments)
    if one.name in _SETS:
        yield from (word.starts().partition("=")[0] for word in one.words[1:])
