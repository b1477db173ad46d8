"""What the image worked out says will fail, as diagnostics: only what is certain."""

from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Related, error
from emulator.model.plan import Build, Service
from emulator.model.record import replace, to_json
from emulator.snapshot import Snapshot

from .causes import Cause, cause_of
from .context import Context, LeftOut
from .copying import Failure
from .working import Worked, work_out_build


class Builds:
    """The builds of a repository's services worked out, each once."""

    def __init__(self, repo: Snapshot) -> None:
        self.repo = repo
        self._worked: dict[bytes, Worked | None] = {}

    def of(self, build: Build) -> Worked | None:
        """What a build makes; None as for `work_out_build`."""
        key = to_json(build)
        if key not in self._worked:
            self._worked[key] = work_out_build(self.repo, build)
        return self._worked[key]


def build_findings(builds: Builds, services: tuple[Service, ...]) -> tuple[Diagnostic, ...]:
    """Why the builds of `services` fail, each reason once. A Dockerfile of ours is not looked at."""
    found: dict[bytes, Diagnostic] = {}
    for service in services:
        for build in dict.fromkeys((service.build, *(container.build for container in service.containers))):
            worked = builds.of(build) if build.generated_dockerfile is None else None
            for diagnostic in findings(worked) if worked is not None else ():
                found.setdefault(to_json(diagnostic), replace(diagnostic, service=service.name))
    return tuple(found.values())


def findings(worked: Worked) -> Iterator[Diagnostic]:
    """Why the build of a worked-out image ends, in the order of the Dockerfile."""
    for failure in worked.failures:
        match failure.kind:
            case "missing" if failure.from_context:
                yield _missing(failure, worked)
            case "missing":
                yield error(
                    "build/copy-source-missing",
                    f"COPY --from={failure.stage} needs {failure.source}, which that stage does not have",
                    origin=failure.origin,
                    facts=(failure.reason,),
                    help="copy a path that the stage makes, or make it there",
                )
            case "refused":
                help = "give the destination another name, or end it with / where a directory is meant"
                yield error("build/path-is-a-file", failure.reason, origin=failure.origin, help=help)
            case "bad-pattern":
                help = "close the [, and write a backslash before a character that is meant as it is"
                yield error("build/bad-copy-pattern", failure.reason, origin=failure.origin, help=help)
            case "url":
                yield error("build/copy-of-url", failure.reason, origin=failure.origin, help="use ADD")
            case "bad-ignore-file":
                yield from bad_ignore_file(worked.context)


def bad_ignore_file(context: Context) -> Iterator[Diagnostic]:
    """Why Docker refuses every build with the context's ignore file, if it does."""
    ignore = context.ignore
    if ignore.problem is not None:
        message = f"Docker cannot read the ignore file: {ignore.problem}"
        yield error("build/bad-ignore-file", message, origin=ignore.problem_origin, help="correct or remove the line")


def _missing(failure: Failure, worked: Worked) -> Diagnostic:
    cause = cause_of(worked.context, failure.lost)
    source = failure.source.lstrip("/")
    what = f"{failure.keyword} needs {source}, "
    if cause.left_out is not None and cause.left_out.by == "ignore-file":
        return _ignored(failure, cause.left_out, what)
    if cause.left_out is not None and cause.left_out.by == "upload":
        return _not_uploaded(failure, cause.left_out, what)
    if cause.left_out is not None and cause.left_out.by == "git":
        return _ignored_by_git(failure, cause.left_out, what)
    if cause.where == "outside":
        return _outside(failure, cause, worked.context.directory, what)
    facts = [f"the build context is {_directory(worked.context.directory)}"]
    help = "commit the file, or copy what is there"
    if cause.near is not None:
        facts.append(f"there is {cause.near}: the names differ in upper and lower case, which Linux tells apart")
        help = "write the name as the repository has it"
    elif cause.meant is not None:
        help = f"did you mean {cause.meant}?"
    elif cause.left_out is not None and cause.left_out.detail:
        facts.append(cause.left_out.detail)
    return error(
        "build/copy-source-missing", what + "which is not in the repository", origin=failure.origin,
        facts=tuple(facts), help=help,
    )  # fmt: skip


def _ignored(failure: Failure, gone: LeftOut, what: str) -> Diagnostic:
    assert gone.origin is not None
    return error(
        "build/copy-source-ignored",
        f"{what}which {gone.origin.file} keeps from the builder",
        origin=failure.origin,
        related=(Related(origin=gone.origin, message=f"leaves out {gone.path}"),),
        help=f"add !{failure.source.lstrip('/')} below that line, or remove the pattern",
    )


def _not_uploaded(failure: Failure, gone: LeftOut, what: str) -> Diagnostic:
    who = gone.origin.file if gone.origin is not None else "the deploy command"
    return error(
        "build/copy-source-not-uploaded",
        f"{what}which {who} keeps out of the upload",
        origin=failure.origin,
        facts=() if gone.on_disk else ("it is not on this disk",),
        related=(Related(origin=gone.origin, message=f"leaves out {gone.path}"),) if gone.origin is not None else (),
        help="make it in the Dockerfile, or let the upload have it",
    )


def _ignored_by_git(failure: Failure, gone: LeftOut, what: str) -> Diagnostic:
    related = (Related(origin=gone.origin, message=f"git ignores {gone.path}"),) if gone.origin is not None else ()
    here = "it lies on this disk, and the platform builds what git has" if gone.on_disk else "it is not on this disk"
    more = (
        () if gone.on_disk else ("git would ignore it there, so what a build leaves on your machine never comes along",)
    )
    where = () if gone.origin is not None else (f"the rule {gone.pattern} stands in {gone.where}",)
    return error(
        "build/copy-source-ignored-by-git",
        f"{what}which git keeps out of the repository",
        origin=failure.origin,
        facts=(here, *more, *where),
        related=related,
        help="make it in the Dockerfile, in a stage that the last one copies from; or commit it (git add --force)",
    )


def _outside(failure: Failure, cause: Cause, directory: str, what: str) -> Diagnostic:
    return error(
        "build/copy-source-outside-context",
        f"{what}which lies outside of the build context {_directory(directory)}",
        origin=failure.origin,
        facts=(f"the repository has it at {cause.path}; a builder gets nothing from above its context",),
        help=f"move it below {directory}/, or build with a context that holds both",
    )


def _directory(path: str) -> str:
    return "the repository's root" if path == "." else f"{path}/"
