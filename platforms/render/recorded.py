"""Services as Render has them: planned from their record, whatever the repository says, and compared with it."""

from typing import NamedTuple

from emulator.contract import GivenFile, GivenText, Inputs
from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic, Fault, UsageError, error, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.snapshot import Snapshot
from platforms.common import unknown_service

from . import fields, rules
from .declarations import Blueprint
from .reading import few
from .record import Recorded, read_records
from .record_comparison import compared
from .record_fields import FIELDS
from .service import ServiceResult, resolve_service


class RecordedResult(NamedTuple):
    """The services of the record that are planned, what was found in it, what becomes of its fields, and the secret
    files of each service."""

    results: tuple[ServiceResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    coverage: tuple[Coverage, ...]
    secret_files: dict[str, tuple[GivenFile, ...]] = {}


def resolve_recorded(
    repo: Snapshot, inputs: Inputs, texts: tuple[GivenText, ...], blueprint: Blueprint | None, trace: Trace
) -> RecordedResult:
    """The plan of every service of the record that is meant. Raises UsageError for a service it does not have."""
    if "created_from" in inputs.options_chosen:
        raise UsageError(
            "--created-from and --service-record exclude each other",
            help="leave out --created-from: the record says how the service is set up",
        )
    records = read_records(texts, inputs.services)
    found = list(records.diagnostics)
    chosen = _chosen(_unlike(records.services, found), inputs, repo, found)
    names = ", ".join(recorded.spec.name for recorded in chosen)
    trace.note(
        "services", "Which services are there?", names or "none",
        f"{few(list(dict.fromkeys(text.file for text in texts)))} holds the settings that Render has",
        rule=rules.SERVICE_RECORD, origin=chosen[0].spec.origin if chosen else None,
    )  # fmt: skip
    results: list[ServiceResult] = []
    for recorded in chosen:
        files = {file.name: file for file in (*recorded.secret_files, *inputs.secret_files)}
        env = (*(recorded.env or ()), *inputs.env)
        own = replace(inputs, env=env, secret_files=tuple(files.values()))
        result = resolve_service(repo, own, recorded.spec, None, "record")
        found += _doubts(repo, recorded)
        results.append(compared(repo, inputs, recorded, result, blueprint))
    rows = [_coverage(recorded, result) for recorded, result in zip(chosen, results, strict=True)]
    files_of = {recorded.spec.name: recorded.secret_files for recorded in chosen if recorded.secret_files}
    return RecordedResult(tuple(results), tuple(found), tuple(row for of in rows for row in of), files_of)


def _unlike(services: tuple[Recorded, ...], found: list[Diagnostic]) -> tuple[Recorded, ...]:
    """The first of each name."""
    first: dict[str, Recorded] = {}
    for recorded in services:
        if recorded.spec.name in first:
            found.append(
                error(
                    "render/duplicate-name", f"two services of the record are called {recorded.spec.name!r}",
                    origin=recorded.spec.origin, rule=rules.SERVICE_RECORD.id, help="give a file with one of them",
                )
            )  # fmt: skip
        first.setdefault(recorded.spec.name, recorded)
    return tuple(first.values())


def _chosen(
    services: tuple[Recorded, ...], inputs: Inputs, repo: Snapshot, found: list[Diagnostic]
) -> tuple[Recorded, ...]:
    """Those that --service names; else, of several, those whose repository this is."""
    names = [recorded.spec.name for recorded in services]
    unknown = [name for name in inputs.services if name not in names]
    if unknown and (names or not found):
        raise unknown_service(unknown[0], names, "in the record")
    if inputs.services:
        return tuple(recorded for recorded in services if recorded.spec.name in inputs.services)
    own = tuple(recorded for recorded in services if _is_here(repo, recorded))
    if len(services) == 1 or not own or len(own) == len(services):
        return services
    others = [recorded.spec.name for recorded in services if recorded not in own]
    found.append(
        info(
            "render/record-elsewhere",
            f"{few(others)} {'is' if len(others) == 1 else 'are'} not planned: the record says another repository",
            fault=Fault.APP, rule=rules.SERVICE_RECORD.id, help="name one with --service",
        )
    )  # fmt: skip
    return own


def _is_here(repo: Snapshot, recorded: Recorded) -> bool:
    return repo.repository.slug is not None and slug_of(recorded.repo) == repo.repository.slug.lower()


def slug_of(url: str) -> str:
    """owner/name of a repository's URL."""
    return "/".join(url.strip().rstrip("/").removesuffix(".git").replace(":", "/").split("/")[-2:]).lower()


def _doubts(repo: Snapshot, recorded: Recorded) -> list[Diagnostic]:
    """Where the record is of something else, or has only a part."""
    spec, found = recorded.spec, []
    theirs = spec.get("repo")
    if theirs is not None and repo.repository.slug and not _is_here(repo, recorded):
        found.append(
            warning(
                "render/record-other-repository",
                f"{spec.name} is built from {theirs.text}, and this is {repo.repository.slug}", origin=theirs.origin,
                service=spec.name, rule=rules.SERVICE_RECORD.id, help="run it in a clone of that repository",
            )
        )  # fmt: skip
    if recorded.suspended is not None:
        found.append(
            info(
                "render/record-suspended",
                f"{spec.name} is suspended on Render ({recorded.suspended.text}); it is run here all the same",
                fault=Fault.APP, origin=recorded.suspended.origin, service=spec.name, rule=rules.SERVICE_RECORD.id,
                help="resume it in the Dashboard",
            )
        )  # fmt: skip
    places = [given.origin.file for given in recorded.env or () if given.origin]
    places += [spec.origin.file] if recorded.secret_files else []
    shown = next((file for file in places if repo.look(file).is_file), None)
    if shown is not None:
        found.append(
            warning(
                "render/record-in-repository", f"{shown} holds secrets of a service, and git does not ignore it",
                origin=Origin(file=shown), rule=rules.SERVICE_RECORD.id,
                facts=("it is sent to the builder, and committed with the rest",),
                help="move it out of the repository, or add it to .gitignore",
            )
        )  # fmt: skip
    if recorded.env is None:
        found.append(
            info(
                "render/record-without-env", f"the record has no variables of {spec.name}: only Render's own are set",
                fault=Fault.APP, service=spec.name, origin=spec.origin, rule=rules.SERVICE_RECORD.id,
                help="export /v1/services/ID/env-vars as well and give that file with a second --service-record",
            )
        )  # fmt: skip
    return found


def _coverage(recorded: Recorded, result: ServiceResult) -> list[Coverage]:
    """Every field of the record and what becomes of it."""
    rows: list[Coverage] = []
    for path, origin in recorded.paths.items():
        field = FIELDS[path]
        like = fields.SERVICE_FIELDS.get(field.into)
        fidelity, note = (like.fidelity, like.note) if like else (field.fidelity, field.note)
        if path in recorded.idle:
            fidelity, note = Fidelity.EXACT, "nothing is set with it"
        if field.into in result.unread:
            fidelity, note = Fidelity.EXACT, f"not read: {result.unread[field.into]}"
        rows.append(Coverage(key=f"{recorded.spec.name}.{path}", origin=origin, fidelity=fidelity, note=note))
    return rows
