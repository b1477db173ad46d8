"""snapshot + inputs → the plan: what Render would build and run, and why.

A service's settings came about in one of two ways, and Render consults nothing else at deploy time:
"repository", set up by pointing at the repository, and "blueprint", synced from render.yaml. Both are
worked out for every service; the plan follows the one asked for and says where the other differs.
"""

from emulator.contract import Inputs, Prompt, Resolution, Secrets
from emulator.model.choice import Decision, Rejected, Trace
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage, Plan
from emulator.model.rule import Fidelity
from emulator.snapshot import Snapshot, Unreadable

from . import fields, rules
from .fields import DEFAULT_PATH
from .manifest import Blueprint, ServiceSpec, read_blueprint
from .native import language_of
from .procfile import web_process
from .service import ServiceResult, resolve_service


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """The plan of every service (or of those in `inputs.services`)."""
    trace = Trace()
    created_from = inputs.options.get("created_from", "repository")
    blueprint, problems = _blueprint(repo, inputs, trace)
    specs = blueprint.services if blueprint else _without_blueprint(repo, created_from, trace, problems)
    specs, unknown = _selected(specs, inputs)
    results = [resolve_service(repo, inputs, spec, blueprint, created_from) for spec in specs]
    diagnostics = [*problems, *(blueprint.diagnostics if blueprint else ()), *unknown]
    diagnostics += [d for result in results for d in result.diagnostics]
    if not specs and not any(d.severity == "error" for d in diagnostics):
        diagnostics.append(_nothing_to_run(repo, blueprint))
    plan = Plan(
        platform="render", created_from=created_from, snapshot=repo.info, detected=detected,
        services=tuple(r.service for r in results), decisions=trace.decisions,
        coverage=_coverage(blueprint, specs, results), diagnostics=tuple(diagnostics),
    )  # fmt: skip
    return Resolution(plan=plan, secrets=_secrets(results), prompts=_prompts(results))


def _secrets(results: list[ServiceResult]) -> Secrets:
    return Secrets({(r.service.name, name): value for r in results for name, value in r.hidden.items()})


def _prompts(results: list[ServiceResult]) -> tuple[Prompt, ...]:
    return tuple(
        Prompt(service=r.service.name, name=entry.key, origin=entry.origin) for r in results for entry in r.unset
    )


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
            return Blueprint(path, (), (), {}, ()), [unreadable(problem, look.path)]
    because = {"ignored": f"git ignores it ({look.detail})", "outside": "it leads out of the repository"}.get(
        look.why, "there is no such file"
    )
    trace.note(
        "blueprint", question, "none", because, rule=rules.BLUEPRINT_PATH,
        rejected=(Rejected(answer=path, because=because),),
    )  # fmt: skip
    asked_for = "blueprint" in inputs.options_chosen
    problems: list[Diagnostic] = []
    if asked_for:
        problems.append(
            error("render/blueprint-missing", f"there is no Blueprint at {path}: {because}",
                  help="name a file of the repository with --blueprint")
        )  # fmt: skip
    elif look.why == "ignored":
        problems.append(
            warning("render/blueprint-ignored", f"{path} is on this disk, but {because}", rule=rules.CLEAN_CLONE.id,
                    help=f"`git add -f {path}` if Render is to see it")
        )  # fmt: skip
    return None, problems


def unreadable(problem: Unreadable, path: str, service: str | None = None) -> Diagnostic:
    """A file that is there but cannot be used, as a diagnostic at its place."""
    return error(
        f"file/{problem.code}", problem.message, service=service,
        origin=Origin(file=path, line=problem.line, column=problem.column), help="write it as UTF-8 text",
    )  # fmt: skip


def _without_blueprint(
    repo: Snapshot, created_from: str, trace: Trace, problems: list[Diagnostic]
) -> tuple[ServiceSpec, ...]:
    """One web service made of what lies in the root: a Dockerfile, else a Procfile's web line."""
    if created_from == "blueprint":
        if not problems:
            problems.append(
                error(
                    "render/blueprint-missing",
                    f"there is no {DEFAULT_PATH}, and a service synced from a Blueprint needs one",
                    rule=rules.BLUEPRINT_PATH.id,
                    url=rules.BLUEPRINT_PATH.url,
                    help="add one, or plan with --created-from repository",
                )
            )
        return ()
    has_dockerfile = not _is_missing(repo, "Dockerfile")
    process = web_process(repo, ".")
    trace.note(
        "services", "Which services are there?",
        repo.repository.name if has_dockerfile or process.found else "none",
        "no render.yaml: one web service named after the repository" if has_dockerfile or process.found
        else "no render.yaml, no Dockerfile, no Procfile with a web line",
        rule=rules.REPOSITORY_PRECEDENCE,
    )  # fmt: skip
    if not has_dockerfile and not process.found:
        problems.extend(process.diagnostics)
        return ()
    return (_implied_service(repo),)


def _is_missing(repo: Snapshot, path: str) -> bool:
    """Whether nothing at all lies there; an ignored or unreadable Dockerfile is there and goes wrong later."""
    return repo.look(path).why in ("missing", "ignored", "outside") and not repo.look(path).is_file


def _implied_service(repo: Snapshot) -> ServiceSpec:
    return ServiceSpec(
        number=0, name=repo.repository.name, kind="W", runtime=None, origin=Origin(file="."), texts={}, image=None,
        env=(), domains=(), disk=None, keys={},
    )  # fmt: skip


def _selected(specs: tuple[ServiceSpec, ...], inputs: Inputs) -> tuple[tuple[ServiceSpec, ...], list[Diagnostic]]:
    if not inputs.services:
        return specs, []
    names = [s.name for s in specs]
    unknown = [
        error(
            "usage/unknown-service", f"there is no service {name!r}",
            help=f"known are {', '.join(names)}" if names else "the repository declares no service",
        )
        for name in inputs.services if name not in names
    ]  # fmt: skip
    return tuple(s for s in specs if s.name in inputs.services), unknown


def _nothing_to_run(repo: Snapshot, blueprint: Blueprint | None) -> Diagnostic:
    if blueprint:
        return error(
            "render/nothing-to-run", f"{blueprint.file} declares no service", origin=Origin(file=blueprint.file),
            help="add one under `services:`",
        )  # fmt: skip
    language = language_of(repo, ".")
    facts = (f"{language[1]} says {language[0]}, but nothing says how to start it",) if language else ()
    return error(
        "render/nothing-to-run", "nothing to run: no render.yaml, no Dockerfile, no Procfile with a web line",
        facts=facts, rule=rules.REPOSITORY_PRECEDENCE.id,
        help="add a render.yaml with a startCommand, or a Dockerfile; "
        "if the service lies in a subfolder, plan it with --root FOLDER",
    )  # fmt: skip


def _coverage(
    blueprint: Blueprint | None, specs: tuple[ServiceSpec, ...], results: list[ServiceResult]
) -> tuple[Coverage, ...]:
    """Every key of the file and what becomes of it, then what the platform does that we do not."""
    rows: list[Coverage] = []
    for spec in specs:
        for key, origin in spec.keys.items():
            field = fields.SERVICE_FIELDS.get(key)
            rows.append(
                Coverage(
                    key=f"services[{spec.number}].{key}", origin=origin,
                    fidelity=field.fidelity if field else Fidelity.UNKNOWN,
                    note=field.note if field else "Render has no such field",
                )
            )  # fmt: skip
    rows += [
        Coverage(
            key=f"databases.{database.name}", origin=database.origin, fidelity=Fidelity.NOT_IMITATED,
            note="Postgres is not run yet",
        )
        for database in (blueprint.databases if blueprint else ())
    ]  # fmt: skip
    return (*rows, *(c for result in results for c in result.coverage))
