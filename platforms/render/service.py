"""One service: its root, builder, command, port, variables, probes and limits.

`decide` works out what would be built and run for one way of creation; `resolve_service` does it for
the way asked for and compares with the other.
"""

from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.plan import (
    Alternative,
    Command,
    Container,
    Coverage,
    Disk,
    Instances,
    Port,
    Probes,
    Resources,
    Service,
    ServiceType,
    Shutdown,
)
from emulator.snapshot import Snapshot, normal

from . import rules
from .building import Way, decide
from .environment import Environment
from .health import health_probe, lifecycle
from .manifest import Blueprint, EnvEntry, ServiceSpec, Value
from .plans import DEFAULT, InstanceType, instance_type

BUILT_TYPES = {
    "W": ServiceType.WEB, "P": ServiceType.PRIVATE, "K": ServiceType.WORKER, "C": ServiceType.CRON,
    "S": ServiceType.STATIC, "V": ServiceType.DATASTORE,
}  # fmt: skip


class ServiceResult(NamedTuple):
    """A resolved service with what must not be printed and what nobody has given yet."""

    service: Service
    diagnostics: tuple[Diagnostic, ...]
    hidden: dict[str, str]
    unset: tuple[EnvEntry, ...]
    coverage: tuple[Coverage, ...]


def resolve_service(
    repo: Snapshot, inputs: Inputs, spec: ServiceSpec, blueprint: Blueprint | None, created_from: str
) -> ServiceResult:
    """The plan of one service for `created_from`, and where the other way would differ."""
    trace = Trace()
    found: list[Diagnostic] = []
    plan, instance = _plan(spec, trace, found)
    root = _root(repo, spec, trace, found)
    way = decide(repo, inputs, spec, blueprint, created_from, root=root, instance=instance, trace=trace)
    found += way.diagnostics
    command = way.command
    if blueprint and command is not None and spec.kind in "WPK":
        other_way = "blueprint" if created_from == "repository" else "repository"
        other = decide(repo, inputs, spec, blueprint, other_way, root=root, instance=instance, trace=Trace())
        alternative = _alternative(command, other, other_way)
        command = _with(command, alternative)
        found += _disagreement(spec, command, alternative, created_from)
    port = _port(spec, way.environment, trace, found)
    found += _unset(spec, way.environment)
    service = _service(spec, way, command, port=port, size=(plan, instance), trace=trace)
    return ServiceResult(service, tuple(found), way.environment.hidden, way.environment.unset, _coverage(spec, way))


def _service(
    spec: ServiceSpec, way: Way, command: Command | None, *, port: Port | None, size: tuple[str, InstanceType],
    trace: Trace,
) -> Service:  # fmt: skip
    build, environment = way.build, way.environment
    resources = Resources(plan=size[0], cpu=size[1].cpu, memory_mib=size[1].memory_mib)
    probes = Probes(health=health_probe(spec, port))
    return Service(
        name=spec.name, type=BUILT_TYPES[spec.kind], origin=spec.origin if spec.keys else None, build=build,
        command=command, port=port, env=environment.variables, probes=probes,
        containers=(
            Container(
                name=spec.name, ingress=spec.kind == "W", build=build, command=command, port=port,
                env=environment.variables, probes=probes, resources=resources,
            ),
        ),
        lifecycle=lifecycle(spec, port), instances=Instances(min=1, max=1) if spec.kind in "WPK" else None,
        pre_deploy_command=_text(spec, "preDeployCommand"), initial_deploy_hook=_text(spec, "initialDeployHook"),
        schedule=_text(spec, "schedule"), disk=_disk(spec), resources=resources, shutdown=_shutdown(spec),
        decisions=trace.decisions,
    )  # fmt: skip


def _text(spec: ServiceSpec, field: str) -> str | None:
    value = spec.get(field)
    return value.text if value else None


def _disk(spec: ServiceSpec) -> Disk | None:
    return Disk(name=spec.disk[0], mount_path=spec.disk[1], size_gb=spec.disk[2]) if spec.disk else None


def _shutdown(spec: ServiceSpec) -> Shutdown:
    delay = spec.get("maxShutdownDelaySeconds")
    seconds = int(delay.text) if delay and delay.text.isdigit() else 30
    return Shutdown(signal="SIGTERM", grace_seconds=min(300, max(1, seconds)))


def _plan(spec: ServiceSpec, trace: Trace, found: list[Diagnostic]) -> tuple[str, InstanceType]:
    written = spec.get("plan")
    setting = choose(
        trace, f"{spec.name}.plan", "Which instance type?",
        Candidate(written.text if written else ABSENT, source="render.yaml", because="plan is set",
                  origin=written.origin if written else None, rule=rules.MEMORY, absent="no plan is set"),
        Candidate(DEFAULT, source="default", because="a service without a plan gets it", rule=rules.DEFAULT_PLAN),
    )  # fmt: skip
    assert setting is not None
    kind = instance_type(setting.value)
    if kind is None and spec.kind != "V":
        found.append(
            error(
                "render/unknown-plan",
                f"{setting.value!r} is no instance type",
                origin=setting.origin,
                service=spec.name,
                rule=rules.MEMORY.id,
                help="free, starter, standard, pro, pro plus, pro max or pro ultra",
            )
        )
    size = kind or instance_type(DEFAULT)
    assert size is not None
    return str(setting.value), size


def _root(repo: Snapshot, spec: ServiceSpec, trace: Trace, found: list[Diagnostic]) -> str:
    """The service's root directory; "." when the one named cannot be used."""
    written = spec.get("rootDir")
    if written is None or not written.text.strip():
        return "."
    root = normal(written.text.strip().lstrip("/") or ".")
    if root is None:
        found.append(_bad_root(spec, written, "leads out of the repository"))
        return "."
    trace.note(
        f"{spec.name}.root", "Which folder is the service's root?", root, "rootDir names it", rule=rules.ROOT_DIR,
        origin=written.origin,
    )  # fmt: skip
    look = repo.look(root)
    if not look.is_directory:
        why = {"ignored": f"is ignored by git ({look.detail})", "outside": "leads out of the repository"}.get(look.why)
        found.append(_bad_root(spec, written, why or ("is no folder" if look.kind else "does not exist")))
    return root


def _bad_root(spec: ServiceSpec, written: Value, why: str) -> Diagnostic:
    return error(
        "render/root-dir", f"rootDir {written.text} {why}", origin=written.origin, service=spec.name,
        rule=rules.ROOT_DIR.id, url=rules.ROOT_DIR.url, help="name a folder that is committed to the repository",
    )  # fmt: skip


def _port(spec: ServiceSpec, environment: Environment, trace: Trace, found: list[Diagnostic]) -> Port | None:
    if spec.kind != "W":
        return None
    variable = environment.get("PORT")
    hidden = environment.hidden.get("PORT")
    user = variable if variable and variable.kind != "platform" else None
    text = hidden or (user.value if user else None)
    number = int(text) if text and text.isdigit() and 0 < int(text) < 65536 else None
    if text is not None and number is None:
        found.append(
            warning(
                "render/port-not-a-number", f"PORT is {'set' if hidden else repr(text)}, which is no port number",
                origin=user.origin if user else None, service=spec.name, rule=rules.DEFAULT_PORT.id,
                help="set PORT to a number from 1 to 65535, or leave it out",
            )
        )  # fmt: skip
    source = "flag" if user and user.kind in ("flag", "secret") else "render.yaml"
    setting: Setting[int] | None = choose(
        trace, f"{spec.name}.port", "Which port must the app listen on?",
        Candidate(number if number is not None else ABSENT, source=source, because="PORT is set",
                  origin=user.origin if user else None, rule=rules.DEFAULT_PORT, absent="no PORT is set"),
        Candidate(10000, source="default", because="PORT is not set", rule=rules.DEFAULT_PORT),
    )  # fmt: skip
    assert setting is not None
    return Port(number=setting.value, source=setting.source)


def _alternative(command: Command, other: Way, when: str) -> Alternative | None:
    """What the other way of creation would run, None when it is the same."""
    if other.refusal is not None:
        return Alternative(
            when=f"created-from {when}: refused, {other.refusal}", source="render.yaml", text=None, argv=None
        )
    theirs = other.command
    if theirs is None or (theirs.argv, theirs.source, theirs.form) == (command.argv, command.source, command.form):
        return None
    return Alternative(when=f"created-from {when}", source=theirs.source, text=theirs.text, argv=theirs.argv)


def _with(command: Command, alternative: Alternative | None) -> Command:
    from emulator.model.record import replace

    return replace(command, alternative=alternative)


def _disagreement(
    spec: ServiceSpec, command: Command, alternative: Alternative | None, created_from: str
) -> tuple[Diagnostic, ...]:
    """One warning when commands disagree: across the two ways, or with what the winner shadows."""
    others = [s for s in command.shadowed if s.text != command.text]
    related = tuple(Related(origin=s.origin, message=f"not used: {s.because}") for s in others if s.origin)
    if alternative is not None:
        told = alternative.text if alternative.text is not None else "nothing"
        return (
            warning(
                "config/commands-disagree",
                f"created from the {created_from}, {spec.name} runs {_told(command)}; {alternative.when}: {told}",
                service=spec.name, origin=command.origin, related=related, rule=rules.REPOSITORY_PRECEDENCE.id,
                help="the service's Settings page shows its Runtime and whether a Blueprint manages it; "
                "make the files agree and it no longer matters",
            ),
        )  # fmt: skip
    unread = [s for s in others if s.source != "dockerfile"]
    if not unread or created_from == "blueprint":
        return ()
    return (
        warning(
            "config/command-shadowed",
            f"{spec.name} runs {_told(command)}; another command in the repository is not used",
            service=spec.name,
            origin=command.origin,
            related=related,
            rule=rules.REPOSITORY_PRECEDENCE.id,
            help="make the files agree, or remove the one that is not used",
        ),
    )


def _told(command: Command) -> str:
    return f"`{command.text}` ({command.source})" if command.text else "the base image's own command"


def _unset(spec: ServiceSpec, environment: Environment) -> tuple[Diagnostic, ...]:
    if not environment.unset:
        return ()
    names = ", ".join(entry.key for entry in environment.unset)
    return (
        warning(
            "env/prompted-unset",
            f"no value here for {names}: Render asks once, when the service is created",
            service=spec.name,
            origin=environment.unset[0].origin,
            rule=rules.PROMPTED_VALUE.id,
            help=f"give it with --env {environment.unset[0].key}=… or --env-file FILE",
        ),
    )


def _coverage(spec: ServiceSpec, way: Way) -> tuple[Coverage, ...]:
    """What the platform does around this service that a run here does otherwise."""
    rows = [rules.EDGE, rules.CPU] if spec.kind == "W" else [rules.CPU] if spec.kind in "PK" else []
    if spec.kind in "CSV":
        rows.append(rules.SERVICE_TYPES)
    if way.build.kind == "native":
        rows += [rules.NATIVE_LAYOUT, rules.NATIVE_USER]
    origin = spec.origin if spec.keys else None
    covered = [
        Coverage(key=rule.id, origin=origin, fidelity=rule.fidelity, note=rule.note or rule.statement) for rule in rows
    ]
    for variable in way.environment.variables:
        if variable.kind in ("database", "service", "generated"):
            rule = rules.GENERATED_VALUE if variable.kind == "generated" else rules.REFERENCES
            covered.append(
                Coverage(
                    key=f"{spec.name}.envVars.{variable.name}",
                    origin=variable.origin,
                    fidelity=rule.fidelity,
                    note=rule.note,
                )
            )
    return tuple(covered)
