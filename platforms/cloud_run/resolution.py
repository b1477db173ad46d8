"""snapshot + inputs → the plan: what Cloud Run would deploy, and why.

Two ways lead there. With a service's or job's YAML the plan follows `gcloud run services replace` or `gcloud run jobs
replace`: every field the file leaves out has its default. Without one it follows `gcloud run deploy --source .` (or
`--image`), for a new service.
"""

from typing import TYPE_CHECKING, NamedTuple

from emulator.contract import Inputs, Prompt, Resolution, Secrets, has_errors
from emulator.model.choice import Decision, Rejected, Trace
from emulator.model.diagnostic import Diagnostic, error, info
from emulator.model.origin import Origin
from emulator.model.plan import Coverage, Plan
from emulator.snapshot import Snapshot, Unreadable
from platforms.common import nearest_file, unknown_service, unreadable

from . import JOB_CONFIG, NAME, SERVICE_CONFIG, default_config, is_config, rules
from .manifest import ContainerSpec, Manifest, ServiceSpec, read_manifest
from .service import ServiceResult, resolve_service
from .terraform_files import is_terraform

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.model.rule import Rule

    from .gcloud_words import Call

_QUESTION = "Which file describes what is deployed?"


class _Config(NamedTuple):
    """The service to plan; None, with the reasons, when what describes it cannot be used."""

    service: ServiceSpec | None
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    """The plan of the one service a repository has for Cloud Run. Raises UsageError for a service that is another."""
    trace = Trace()
    config = _config(repo, inputs, trace)
    diagnostics = list(config.diagnostics)
    result: ServiceResult | None = None
    if config.service is not None:
        unknown = [name for name in inputs.services if name != config.service.name]
        if unknown and not has_errors(config.diagnostics):
            raise unknown_service(unknown[0], (config.service.name,))
        if not inputs.services or config.service.name in inputs.services:
            result = resolve_service(repo, inputs, config.service)
            diagnostics += result.diagnostics
    service = result.service if result else None
    coverage = (*config.coverage, *(result.coverage if result else ()))
    plan = Plan(
        platform=NAME, created_from=None, snapshot=repo.info, detected=detected, services=(service,) if service else (),
        decisions=trace.decisions, coverage=coverage, diagnostics=tuple(diagnostics),
    )  # fmt: skip
    if result is None or service is None:
        return Resolution(plan=plan)
    secrets = Secrets({(service.name, name): value for name, value in result.hidden.items()})
    prompts = tuple(Prompt(service=service.name, name=entry.name, origin=entry.origin) for entry in result.unset)
    files = {service.name: result.secret_files}
    return Resolution(plan=plan, secrets=secrets, prompts=prompts, secret_files=files)


def _config(repo: Snapshot, inputs: Inputs, trace: Trace) -> _Config:
    """The YAML asked for, else service.yaml or job.yaml when it is Cloud Run's, else a service by its source alone."""
    default_name = slug(repo.repository.name)
    asked = inputs.options.get("config")
    if command := inputs.options.get("gcloud"):
        return _by_command(repo, command, asked, default_name, trace)
    if not asked and (default := default_config(repo)) is not None:
        return _by_default(repo, default, default_name, trace)
    path = asked or SERVICE_CONFIG
    look = repo.look(path)
    if asked and is_terraform(asked) and repo.is_file(path := asked.partition(":")[0]):
        from .terraform import read_terraform

        because = "--config names it"
        trace.note("config", _QUESTION, asked, because, rule=rules.TERRAFORM, origin=Origin(file=path))
        terraform = read_terraform(repo, asked, inputs.files.get("var_file", ()), default_name, trace)
        return _Config(terraform.service, terraform.diagnostics, terraform.coverage)
    if look.is_file and asked:
        because = "--config names it"
        trace.note("config", _QUESTION, look.path, because, rule=rules.CONFIG, origin=Origin(file=look.path))
        return _read(repo, look.path, default_name)
    because = {
        "ignored": f"git ignores it ({look.detail})", "outside": "it leads out of the repository",
        "missing": "there is no such file",
    }.get(look.why, f"it is a {look.kind}")  # fmt: skip
    if look.is_file:
        because = "it is no Knative Service: its apiVersion is not serving.knative.dev/v1"
    rejected = [Rejected(answer=path, because=because)]
    if not asked and repo.is_file(JOB_CONFIG):
        no_job = "it is no Cloud Run Job: its apiVersion is not run.googleapis.com/v1"
        rejected.append(Rejected(answer=JOB_CONFIG, because=no_job))
    trace.note("config", _QUESTION, "none", because, rule=rules.CONFIG, rejected=tuple(rejected))
    if asked:
        near = nearest_file(repo, asked) if look.why == "missing" else None
        help_ = f"did you mean {near}?" if near else "name a file of the repository with --config"
        return _Config(None, (error("cloud-run/config-missing", f"there is no {asked}: {because}", help=help_),))
    return _Config(_by_source(default_name), _offered(repo))


def _by_command(repo: Snapshot, command: str, config: str | None, default_name: str, trace: Trace) -> _Config:
    """What --gcloud says: a command, or where a file has one."""
    from .gcloud import read_gcloud
    from .gcloud_execute import executed
    from .gcloud_files import Unusable, find_call
    from .gcloud_update import updated

    try:
        call = find_call(repo, command)
    except Unusable as problem:
        return _Config(None, (error("cloud-run/gcloud-command", problem.message, rule=rules.DEPLOY_COMMAND.id,
                                    url=rules.DEPLOY_COMMAND.url, help=problem.help),))  # fmt: skip
    origin = call.origin if call.origin.file else None
    if call.verbs == ("run", "jobs", "execute"):
        over = _Over(call, "execute", "job", rules.EXECUTION_OVERRIDES, executed)
        return _over_file(repo, over, config or JOB_CONFIG, default_name, trace)
    is_update = call.verbs == ("run", "services", "update")
    if is_update and (described := config or default_config(repo)) is not None and described != JOB_CONFIG:
        over = _Over(call, "update", "service", rules.SERVICES_UPDATE, updated)
        return _over_file(repo, over, described, default_name, trace)
    if config:
        return _Config(None, (error("cloud-run/config-twice", "--gcloud and --config both describe what is deployed",
                                    help="leave one of them out"),))  # fmt: skip
    trace.note("config", _QUESTION, str(call), "--gcloud names it", rule=rules.DEPLOY_COMMAND, origin=origin)
    read = read_gcloud(call, default_name, repo)
    return _Config(read.service, read.diagnostics, read.coverage)


class _Over(NamedTuple):
    """A command over what a file describes."""

    call: "Call"
    verb: str
    kind: str
    """Which of the two the file has to describe: a "service" or a "job"."""
    rule: "Rule"
    merged: "Callable[[Call, ServiceSpec, Snapshot], Manifest]"


def _over_file(repo: Snapshot, over: _Over, path: str, default_name: str, trace: Trace) -> _Config:
    """The service or job of a file, with what the command has otherwise."""
    read = _read(repo, path, default_name) if repo.is_file(path) else _Config(None)
    if read.service is None or read.service.is_job != (over.kind == "job"):
        because = f"describes no {over.kind}" if repo.is_file(path) else "is not there"
        problem = error(
            "cloud-run/config-missing",
            f"{path}, which would describe the {over.kind} that is {over.verb}d, {because}",
            rule=over.rule.id, help=f"name the {over.kind}'s file with --config",
        )  # fmt: skip
        return read._replace(service=None, diagnostics=(*read.diagnostics, problem))
    because = f"--gcloud {over.verb}s the {over.kind} that it describes"
    trace.note("config", _QUESTION, path, because, rule=over.rule, origin=Origin(file=path))
    merged = over.merged(over.call, read.service, repo)
    return _Config(merged.service, (*read.diagnostics, *merged.diagnostics), (*read.coverage, *merged.coverage))


def _offered(repo: Snapshot) -> tuple[Diagnostic, ...]:
    """The first command of a build file or workflow that deploys, and the first resource of a Terraform file: neither
    is read unless it is asked for."""
    from .gcloud_files import calls_of
    from .terraform_files import offered

    found: list[Diagnostic] = []
    call = next(calls_of(repo), None)
    if call is not None:
        found.append(
            info(
                "cloud-run/deploy-command",
                f"{call.origin.file} deploys with {_shortened(str(call))}, which is not read",
                origin=call.origin, rule=rules.DEPLOY_COMMAND.id, url=rules.DEPLOY_COMMAND.url,
                help=f"plan it with --gcloud {call.origin.file}:{call.origin.line}",
            )
        )  # fmt: skip
    offer = next(offered(repo), None)
    if offer is not None:
        found.append(
            info(
                "cloud-run/terraform-resource",
                f"{offer.origin.file} has the {offer.type} {offer.name}, which is not read",
                origin=offer.origin, rule=rules.TERRAFORM.id, url=rules.TERRAFORM.url,
                help=f"plan it with --config {offer.origin.file}:{offer.name}",
            )
        )  # fmt: skip
    return tuple(found)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"


def _by_default(repo: Snapshot, path: str, default_name: str, trace: Trace) -> _Config:
    """A file of a usual name; of a service and a job side by side the service is planned."""
    job_beside = path == SERVICE_CONFIG and is_config(repo, JOB_CONFIG)
    because = "it describes a Knative Service" if path == SERVICE_CONFIG else "it describes a Cloud Run Job"
    rejected = (Rejected(answer=JOB_CONFIG, because=f"{path} comes first"),) if job_beside else ()
    trace.note(
        "config", _QUESTION, path, because, rule=rules.CONFIG, origin=Origin(file=path), rejected=rejected
    )
    config = _read(repo, path, default_name)
    if not job_beside:
        return config
    beside = info(
        "cloud-run/job-beside", f"{JOB_CONFIG} describes a job, which is not in this plan",
        origin=Origin(file=JOB_CONFIG), rule=rules.CONFIG.id, help=f"plan it with --config {JOB_CONFIG}",
    )  # fmt: skip
    return config._replace(diagnostics=(*config.diagnostics, beside))


def _read(repo: Snapshot, path: str, default_name: str) -> _Config:
    try:
        text = repo.text(path)
    except Unreadable as problem:
        return _Config(None, (unreadable(problem, path),))
    read: Manifest = read_manifest(text, path, default_name)
    return _Config(read.service, read.diagnostics, read.coverage)


def _by_source(name: str) -> ServiceSpec:
    """What `gcloud run deploy` creates when nothing else is said."""
    return ServiceSpec(name=name, containers=(ContainerSpec(number=0, origin=Origin(file="")),), is_built=True)


def slug(name: str) -> str:
    """A repository's name as a service may be called."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return "-".join(part for part in letters.split("-") if part)[:63].rstrip("-") or "service"
