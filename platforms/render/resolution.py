"""snapshot + inputs → the plan: what Render would build and run, and why.

A service's settings came about in one of two ways, and Render consults nothing else at deploy time:
"repository", set up by pointing at the repository, and "blueprint", synced from render.yaml. Both are
worked out for every service; the plan follows the one asked for and says where the other differs.
"""

from emulator.contract import GivenText, Inputs, Prompt, Resolution, Secrets, has_errors
from emulator.model.choice import Decision, Rejected, Trace
from emulator.model.diagnostic import Diagnostic, Fault, Severity, error, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage, Plan, Service
from emulator.model.record import replace
from emulator.snapshot import Look, Snapshot, Unreadable
from platforms.common import nearest_file, unknown_service, unreadable

from . import rules
from .coverage import blueprint_coverage, datastore_coverage, key_coverage, merged
from .declarations import Blueprint, Database, ServiceSpec
from .elsewhere import as_elsewhere
from .emptiness import absence, nothing_to_run
from .fields import DEFAULT_PATH
from .manifest import read_blueprint
from .previews import as_preview, is_preview
from .procfile import process_line
from .reading import legible
from .references import edges, reference_problems
from .service import ServiceResult, resolve_service
from .validation import service_problems
from .validation_database import database_problems, free_databases
from .values import Sources

OPTION = "service_record"
"""By which name the record's files come (see `Inputs.files`)."""

MISSPELT = ("render.yml", ".render.yaml", ".render.yml")


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """The plan of every service (or of those in `inputs.services`). Raises UsageError for a service
    nobody knows."""
    trace = Trace()
    if texts := inputs.files.get(OPTION):
        return _from_record(repo, inputs, texts, detected)
    created_from = inputs.options.get("created_from", "repository")
    blueprint, found = _blueprint(repo, inputs, trace)
    if blueprint and is_preview(inputs):
        blueprint, more = as_preview(blueprint, inputs, trace)
        found += more
    elif is_preview(inputs):
        question = "Which services does a preview have?"
        trace.note("preview", question, "this one", "there is no Blueprint", rule=rules.PREVIEWS)
    specs = blueprint.services if blueprint else _without_blueprint(repo, created_from, trace, found)
    found += blueprint.diagnostics if blueprint else ()
    specs, databases = _selected(specs, blueprint.databases if blueprint else (), inputs, found)
    sources = Sources(blueprint, inputs)
    results = [_result(repo, inputs, spec, sources, created_from) for spec in specs]
    results += [_database(repo, inputs, d, blueprint.name_of(d)) for d in databases] if blueprint else []
    found += [d for result in results for d in result.diagnostics]
    explained = has_errors(tuple(found)) or any(d.code == "render/workflow-not-run" for d in found)
    if not results and not explained:
        found.append(nothing_to_run(repo, blueprint))
    found += [*reference_problems(specs, blueprint), *free_databases(databases)]
    plan = Plan(
        platform="render", created_from=created_from, snapshot=repo.info, detected=detected,
        services=tuple(r.service for r in results), edges=edges(blueprint, specs), decisions=trace.decisions,
        coverage=_coverage(blueprint, specs, results), diagnostics=legible(found),
    )  # fmt: skip
    return Resolution(plan=plan, secrets=_secrets(results), prompts=_prompts(results))


def _from_record(repo: Snapshot, inputs: Inputs, texts: tuple[GivenText, ...], detected: Decision) -> Resolution:
    """The plan of services that exist, from their record; render.yaml is only compared with it."""
    from .recorded import resolve_recorded

    trace = Trace()
    blueprint, found = _blueprint(repo, inputs, trace)
    found = [d for d in found if "blueprint" in inputs.options_chosen]
    if blueprint is not None and has_errors(blueprint.diagnostics):
        found.append(_no_comparison(blueprint))
        blueprint = None
    record = resolve_recorded(repo, inputs, texts, blueprint, trace)
    results = list(record.results)
    found += [*record.diagnostics, *(d for result in results for d in result.diagnostics)]
    coverage = (*record.coverage, *merged([(result.service.name, result.coverage) for result in results]))
    plan = Plan(
        platform="render", created_from="record", snapshot=repo.info, detected=detected,
        services=tuple(r.service for r in results), edges=(), decisions=trace.decisions, coverage=coverage,
        diagnostics=tuple(found),
    )  # fmt: skip
    return Resolution(plan=plan, secrets=_secrets(results), prompts=_prompts(results), secret_files=record.secret_files)


def _no_comparison(blueprint: Blueprint) -> Diagnostic:
    return info(
        "render/record-not-compared", f"{blueprint.file} is not compared with the record: it has mistakes",
        origin=next(d.origin for d in blueprint.diagnostics if d.severity is Severity.ERROR),
        fault=Fault.APP, rule=rules.SERVICE_RECORD.id, help="`emu check` without --service-record tells them all",
    )  # fmt: skip


def _result(repo: Snapshot, inputs: Inputs, spec: ServiceSpec, sources: Sources, created_from: str) -> ServiceResult:
    if spec.kind == "V":
        from .datastores import key_value

        service = _emptied(key_value(spec, repo.repository), inputs)
        rows = datastore_coverage(spec.origin, rules.KEY_VALUE_LIMITS)
        return ServiceResult(service, tuple(service_problems(spec)), coverage=rows)
    result = resolve_service(repo, inputs, spec, sources.blueprint, created_from, sources=sources)
    declared = sources.blueprint.services if sources.blueprint is not None else ()
    return as_elsewhere(result, spec, repo.repository, declared)


def _database(repo: Snapshot, inputs: Inputs, database: Database, called: str) -> ServiceResult:
    from .datastores import postgres

    service = _emptied(postgres(database, called, repo.repository), inputs)
    return ServiceResult(service, tuple(database_problems(database)), coverage=datastore_coverage(database.origin))


def _emptied(service: Service, inputs: Inputs) -> Service:
    """A preview's datastores are new ones: they begin empty, and what they hold goes with them."""
    if service.datastore is None or not is_preview(inputs):
        return service
    return replace(service, datastore=replace(service.datastore, persistent=False))


def _secrets(results: list[ServiceResult]) -> Secrets:
    return Secrets({(r.service.name, name): value for r in results for name, value in r.hidden.items()})


def _prompts(results: list[ServiceResult]) -> tuple[Prompt, ...]:
    """Each once, also where several services refer to it."""
    unanswered = {(service, entry.key): entry for r in results for service, entry in r.unanswered}
    return tuple(Prompt(service=at, name=key, origin=entry.origin) for (at, key), entry in unanswered.items())


def _blueprint(repo: Snapshot, inputs: Inputs, trace: Trace) -> tuple[Blueprint | None, list[Diagnostic]]:
    """render.yaml read, or None with the reason on the trace."""
    path = inputs.options.get("blueprint") or DEFAULT_PATH
    look = repo.look(path)
    question = "Which Blueprint describes the services?"
    if look.is_file:
        trace.note("blueprint", question, path, "it is there", rule=rules.BLUEPRINT_PATH, origin=Origin(file=look.path))
        try:
            return read_blueprint(repo.text(path), look.path), []
        except Unreadable as problem:
            return Blueprint(path), [unreadable(problem, look.path)]
    because = absence(look)
    trace.note(
        "blueprint", question, "none", because, rule=rules.BLUEPRINT_PATH,
        rejected=(Rejected(answer=path, because=because),),
    )  # fmt: skip
    if "blueprint" in inputs.options_chosen:
        meant = nearest_file(repo, path)
        help_ = f"did you mean {meant}?" if meant else "name a file of the repository with --blueprint"
        return None, [error("render/blueprint-missing", f"there is no Blueprint at {path}: {because}", help=help_)]
    return None, _overlooked(repo, look, because)


def _overlooked(repo: Snapshot, look: Look, because: str) -> list[Diagnostic]:
    """A Blueprint that Render would not find, though it is there."""
    if look.why == "ignored":
        return [
            warning(
                "render/blueprint-ignored", f"{DEFAULT_PATH} is on this disk, but {because}",
                rule=rules.CLEAN_CLONE.id, help=f"`git add -f {DEFAULT_PATH}` if Render is to see it",
            )
        ]  # fmt: skip
    misspelt = next((name for name in MISSPELT if repo.is_file(name)), None)
    if misspelt is None:
        return []
    return [
        warning(
            "render/blueprint-name", f"{misspelt} is not read: Render looks for {DEFAULT_PATH}",
            origin=Origin(file=misspelt), rule=rules.BLUEPRINT_PATH.id, url=rules.BLUEPRINT_PATH.url,
            help=f"rename it to {DEFAULT_PATH}, or name it with --blueprint as in the Dashboard",
        )
    ]  # fmt: skip


def _without_blueprint(
    repo: Snapshot, created_from: str, trace: Trace, found: list[Diagnostic]
) -> tuple[ServiceSpec, ...]:
    """One web service made of what lies in the root: a Dockerfile, else a Procfile's web line."""
    if created_from == "blueprint":
        if not has_errors(tuple(found)):
            found.append(
                error(
                    "render/blueprint-missing",
                    f"there is no {DEFAULT_PATH}, and a service synced from a Blueprint needs one",
                    rule=rules.BLUEPRINT_PATH.id, url=rules.BLUEPRINT_PATH.url,
                    help="add one, or plan with --created-from repository",
                )
            )  # fmt: skip
        return ()
    if has_errors(tuple(found)):
        return ()
    process = process_line(repo, ".")
    is_there = repo.is_file("Dockerfile") or process.found
    trace.note(
        "services", "Which services are there?", repo.repository.name if is_there else "none",
        "no render.yaml: one web service named after the repository" if is_there
        else "no render.yaml, no Dockerfile, no Procfile with a web line",
        rule=rules.REPOSITORY_PRECEDENCE,
    )  # fmt: skip
    if is_there:
        return (ServiceSpec(number=0, name=repo.repository.name, kind="W", runtime=None, origin=Origin(file=".")),)
    found.extend(process.diagnostics)
    return ()


def _selected(
    specs: tuple[ServiceSpec, ...], databases: tuple[Database, ...], inputs: Inputs, found: list[Diagnostic]
) -> tuple[tuple[ServiceSpec, ...], tuple[Database, ...]]:
    """Those that --service names, and the datastores they refer to. Where the file is broken, a name may be missing
    because of that."""
    if not inputs.services:
        return specs, databases
    names = [s.name for s in specs] + [d.name for d in databases]
    unknown = [name for name in inputs.services if name not in names]
    if unknown and not has_errors(tuple(found)):
        raise unknown_service(unknown[0], names)
    chosen = {s.name for s in specs if s.name in inputs.services}
    needed = _needed(specs, chosen)
    return (
        tuple(s for s in specs if s.name in chosen or (s.kind == "V" and s.name in needed)),
        tuple(d for d in databases if d.name in inputs.services or needed & {d.name, *d.replicas}),
    )


def _needed(specs: tuple[ServiceSpec, ...], chosen: set[str]) -> set[str]:
    """What the chosen refer to, also through a variable of another service."""
    referred = {s.name: {e.reference.name for e in s.env if e.reference} for s in specs}
    needed: set[str] = set()
    ahead = [*chosen]
    while ahead:
        more = referred.get(ahead.pop(), set()) - needed
        needed |= more
        ahead += more
    return needed


def _coverage(
    blueprint: Blueprint | None, specs: tuple[ServiceSpec, ...], results: list[ServiceResult]
) -> tuple[Coverage, ...]:
    """Every key of the file and what becomes of it, then what the platform does that we do not."""
    unread = [result.unread for result in results]
    rows = [row for spec, idle in zip(specs, unread, strict=False) for row in key_coverage(spec, idle)]
    rows += blueprint_coverage(blueprint) if blueprint else []
    return (*rows, *merged([(result.service.name, result.coverage) for result in results]))
