"""Services that are built from another repository than the one at hand (`repo:`)."""

from emulator.model.diagnostic import Diagnostic, Fault, warning
from emulator.model.plan import AutoDeploy
from emulator.model.record import replace
from emulator.snapshot import Repository

from . import rules
from .declarations import ServiceSpec, Value
from .service import ServiceResult

_OF_FILES = (
    "render/root-dir", "render/dockerfile-missing", "render/context-missing", "render/no-language",
    "render/no-start-command", "render/no-command", "render/process-not-run", "render/python-version",
    "config/commands-disagree", "config/command-shadowed",
)  # fmt: skip
"""What is found by looking at files, which are not the service's."""


def as_elsewhere(
    result: ServiceResult, spec: ServiceSpec, repository: Repository, declared: tuple[ServiceSpec, ...]
) -> ServiceResult:
    """The result, or where the service is of another repository, what can be said without that one. declared: all
    services of the Blueprint."""
    url = spec.filled("repo")
    if url is None or not _is_built(spec) or _is_here(url, repository, declared):
        return result
    kept = [d for d in result.diagnostics if not _is_of_files(d, url)]
    build = replace(result.service.build, repository=url.text.strip())
    containers = tuple(replace(c, build=build) for c in result.service.containers)
    pushes = AutoDeploy(off="it is built from another repository")
    service = replace(result.service, build=build, containers=containers, auto_deploy=pushes)
    return result._replace(service=service, diagnostics=(*kept, _told(spec, url)))


def _is_built(spec: ServiceSpec) -> bool:
    return spec.kind != "V" and not (spec.runtime and spec.runtime.text == "image")


def _is_here(url: Value, repository: Repository, declared: tuple[ServiceSpec, ...]) -> bool:
    """Whether it may be the one at hand: a fork has the same name. Without a remote nobody knows, and it is taken for
    this one unless other services name another, or none."""
    if repository.slug is not None:
        return _name(url) == repository.slug.rpartition("/")[2].casefold()
    named = (spec.filled("repo") for spec in declared if _is_built(spec))
    return _name(url) == repository.name.casefold() or all(one and _name(one) == _name(url) for one in named)


def _name(url: Value) -> str:
    return url.text.strip().rstrip("/").removesuffix(".git").rpartition("/")[2].casefold()


def _is_of_files(diagnostic: Diagnostic, url: Value) -> bool:
    in_file = diagnostic.origin is None or diagnostic.origin.file == url.origin.file
    return diagnostic.code in _OF_FILES or not in_file


def _told(spec: ServiceSpec, url: Value) -> Diagnostic:
    return warning(
        "render/other-repository", f"{spec.name} is built from another repository, which is not read here",
        fault=Fault.GAP, origin=url.origin, service=spec.name, rule=rules.OTHER_REPOSITORY.id,
        facts=("what `up` builds of it are the files of this one",),
        help="check it in a clone of that one, or remove `repo` if this is it",
    )  # fmt: skip
