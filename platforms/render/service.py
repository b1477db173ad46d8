"""One service: its root, builder, command, port, variables, probes and limits.

What would be built and run is worked out (`building.decide`) for the way of creation asked for and for
the other one; where they differ, the plan says both.
"""

from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.lifecycle import Lifecycle, Probes
from emulator.model.plan import Command, Container, Coverage, Mount, Port, Resources, Service
from emulator.model.record import replace
from emulator.model.static import Static
from emulator.snapshot import Snapshot, normal

from . import rules
from .building import decide
from .change_filter import auto_deploy
from .comparison import alternative_to, disagreement
from .coverage import service_coverage
from .declarations import Blueprint, EnvEntry, ServiceSpec, Value
from .environment import Environment
from .health import RESERVED_PORTS, health_probe, lifecycle
from .limits import SERVICE_TYPES, disk_of, instances_of, shutdown_of
from .linking import network_names
from .plans import DEFAULT, InstanceType, canonical, instance_type
from .pre_deploy import PreDeploy, initial_hook, pre_deploy
from .router import local_name, maintenance_told, router_of
from .secret_files import mounts_of, secret_file_problems, with_secrets
from .site_rules import far_routes, site_problems, static_of
from .validation import recorded_problems, service_problems
from .values import Sources
from .way import Given, Way


class ServiceResult(NamedTuple):
    """A resolved service with what must not be printed and what nobody has given yet.
    unread: fields of render.yaml that have no effect, and why."""

    service: Service
    diagnostics: tuple[Diagnostic, ...] = ()
    hidden: dict[str, str] = {}
    unanswered: tuple[tuple[str, EnvEntry], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    unread: dict[str, str] = {}


def resolve_service(
    repo: Snapshot, inputs: Inputs, spec: ServiceSpec, blueprint: Blueprint | None, created_from: str,
    *, sources: Sources | None = None,
) -> ServiceResult:  # fmt: skip
    """The plan of one service for `created_from`, and where the other way would differ. sources: what the services of
    the Blueprint share."""
    trace = Trace()
    found = recorded_problems(spec) if spec.is_recorded else service_problems(spec)
    instance = _instance(spec, trace)
    root, usable = _root(repo, spec, trace, found)
    shared = sources or Sources(blueprint, inputs)
    given = Given(repo, inputs, spec, blueprint, created_from, root, usable, instance, trace, [], shared)
    way = decide(given)
    found += [*way.diagnostics, *site_problems(spec)]
    command = way.command
    if blueprint and spec.kind in "WPK":
        other = "blueprint" if created_from == "repository" else "repository"
        other_way = decide(given._replace(created_from=other, trace=Trace(), found=[]))
        alternative = alternative_to(way, other_way, other)
        command = replace(command, alternative=alternative) if command else None
        found += disagreement(spec, way, other_way, alternative, created_from)
    found += secret_file_problems(given, way.build)
    port = _port(spec, way, trace, found)
    before, after = pre_deploy(spec, way, trace, found), initial_hook(spec, way, trace, found)
    found += [*_unset(spec, way.environment, inputs), *maintenance_told(spec)]
    life = lifecycle(spec, port, "override" if inputs.options.get("overlapping_deploys") == "override" else "wait")
    mounts = mounts_of(way.build, inputs) if spec.kind != "S" else ()
    way = way._replace(build=with_secrets(way.build, inputs))
    static = static_of(spec, way.build, blueprint)
    service = _service(
        spec, way, command, before, after, port=port, instance=instance, life=life, static=static, trace=trace,
        mounts=mounts,
    )  # fmt: skip
    service = replace(service, auto_deploy=auto_deploy(spec, way.build, trace), decisions=trace.decisions)
    return ServiceResult(
        service,
        tuple(found),
        way.environment.hidden,
        way.environment.unanswered,
        (*service_coverage(spec, way, inputs), *far_routes(spec, static)),
        way.unread,
    )


def _service(
    spec: ServiceSpec, way: Way, command: Command | None, before: PreDeploy, after: PreDeploy, *, port: Port | None,
    instance: InstanceType, life: Lifecycle, static: Static | None, trace: Trace, mounts: tuple[Mount, ...],
) -> Service:  # fmt: skip
    build, environment = way.build, way.environment
    runs = spec.kind != "S"
    resources = (
        Resources(plan=spec.text("plan") or DEFAULT, cpu=instance.cpu, memory_mib=instance.memory_mib)
        if runs
        else Resources()
    )
    probes = Probes(health=health_probe(spec, port))
    container = Container(
        name=spec.name, ingress=spec.kind == "W", build=build, command=command, port=port,
        env=environment.variables, probes=probes, resources=resources, mounts=mounts,
    )  # fmt: skip
    return Service(
        name=spec.name, type=SERVICE_TYPES[spec.kind], origin=spec.origin if spec.is_declared else None, build=build,
        command=command, port=port, env=environment.variables, probes=probes, containers=(container,),
        lifecycle=life, instances=instances_of(spec),
        pre_deploy_command=before.text,
        pre_deploy_argv=before.argv, pre_deploy_origin=before.origin,
        initial_deploy_hook=after.text, initial_hook_argv=after.argv, initial_hook_origin=after.origin,
        schedule=spec.text("schedule"),
        static=static, disk=disk_of(spec), resources=resources, shutdown=shutdown_of(spec),
        router=router_of(spec, trace), local_name=local_name(spec), network_names=network_names(spec),
        instance_variable="RENDER_INSTANCE_ID", decisions=trace.decisions,
    )  # fmt: skip


def _instance(spec: ServiceSpec, trace: Trace) -> InstanceType:
    """What the plan buys; the default plan's where the one named does not exist."""
    default = instance_type(DEFAULT)
    assert default is not None
    if spec.kind == "S":
        return default
    written = spec.get("plan")
    setting: Setting[str] | None = choose(
        trace, f"{spec.name}.plan", "Which instance type?",
        Candidate(written.text if written else ABSENT, source=spec.source, because="plan is set",
                  origin=written.origin if written else None, rule=rules.MEMORY, absent="no plan is set"),
        *([] if written and canonical(written.text) == DEFAULT else [
            Candidate(DEFAULT, source="default", because="a service without a plan gets it", rule=rules.DEFAULT_PLAN)]),
    )  # fmt: skip
    assert setting is not None
    return instance_type(setting.value) or default


def _root(repo: Snapshot, spec: ServiceSpec, trace: Trace, found: list[Diagnostic]) -> tuple[str, bool]:
    """The service's root directory, and whether it can be used; "." when the one named is no path of the repository."""
    written = spec.filled("rootDir")
    if written is None:
        return ".", True
    root = normal(written.text.strip().lstrip("/") or ".")
    if root is None:
        found.append(_bad_root(spec, written, "leads out of the repository"))
        return ".", False
    trace.note(
        f"{spec.name}.root", "Which folder is the service's root?", root, "rootDir names it", rule=rules.ROOT_DIR,
        origin=written.origin,
    )  # fmt: skip
    look = repo.look(root)
    if look.is_directory:
        return root, True
    why = {"ignored": f"is ignored by git ({look.detail})", "outside": "leads out of the repository"}.get(look.why)
    found.append(_bad_root(spec, written, why or ("is no folder" if look.kind else "does not exist")))
    return root, False


def _bad_root(spec: ServiceSpec, written: Value, why: str) -> Diagnostic:
    return error(
        "render/root-dir", f"rootDir {written.text} {why}", origin=written.origin, service=spec.name,
        rule=rules.ROOT_DIR.id, url=rules.ROOT_DIR.url, help="name a folder that is committed to the repository",
    )  # fmt: skip


def _port(spec: ServiceSpec, way: Way, trace: Trace, found: list[Diagnostic]) -> Port | None:
    """The port a web service must listen on; a private service has one only when PORT is set."""
    environment = way.environment
    variable = environment.get("PORT")
    user = variable if variable and variable.kind != "platform" else None
    text = environment.hidden.get("PORT") or (user.value if user else None)
    if spec.kind not in "WP" or (spec.kind == "P" and text is None):
        return None
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0
    origin = user.origin if user else None
    if text is not None and not 0 < number < 65536:
        number = 0
        shown = "set" if "PORT" in environment.hidden else repr(text)
        found.append(
            warning(
                "render/port-not-a-number", f"PORT is {shown}, which is no port number", origin=origin,
                service=spec.name, rule=rules.DEFAULT_PORT.id,
                help="set PORT to a number from 1 to 65535, or leave it out",
            )
        )  # fmt: skip
    elif number in RESERVED_PORTS:
        found.append(
            error(
                "render/reserved-port", f"PORT {number} is one of Render's own", origin=origin, service=spec.name,
                rule=rules.RESERVED_PORT.id, url=rules.RESERVED_PORT.url, help="take another port",
            )
        )  # fmt: skip
    recorded = spec.is_recorded and origin is not None and origin.file == spec.origin.file
    by_flag = not recorded and user is not None and (user.kind in ("flag", "secret") or "PORT" in environment.hidden)
    setting: Setting[int] | None = choose(
        trace, f"{spec.name}.port", "Which port must the app listen on?",
        Candidate(number or ABSENT, source="flag" if by_flag else spec.source, because="PORT is set", origin=origin,
                  rule=rules.DEFAULT_PORT, absent="no PORT is set" if text is None else "it is no port number"),
        *([Candidate(10000, source="default", because="PORT is not set", rule=rules.DEFAULT_PORT)]
          if spec.kind == "W" else []),
        *([way.image_port] if way.image_port is not None else []),
    )  # fmt: skip
    return Port(number=setting.value, source=setting.source) if setting else None


def _unset(spec: ServiceSpec, environment: Environment, inputs: Inputs) -> list[Diagnostic]:
    """What Render would ask for, and what nobody would. Another service's prompt is told there, where that is planned
    too."""
    found: list[Diagnostic] = []
    asked = {
        entry.key if service == spec.name else f"{service}'s {entry.key}": entry
        for service, entry in environment.unanswered
        if service == spec.name or (inputs.services and service not in inputs.services)
    }
    if asked:
        names, first = ", ".join(asked), next(iter(asked.values()))
        found.append(
            warning(
                "env/prompted-unset", f"no value here for {names}: Render asks once, when the service is created",
                service=spec.name, origin=first.origin, rule=rules.PROMPTED_VALUE.id,
                help=f"give it with --env {first.key}=… or --env-file FILE; `emu up` at a terminal asks, and remembers",
            )
        )  # fmt: skip
    found += [
        warning(
            "render/env-without-value", f"{entry.key} has no value, generateValue, sync or reference",
            service=spec.name, origin=entry.origin, rule=rules.ENV_FORMS.id, help="add `value:`",
        )
        for entry in environment.empty
    ]  # fmt: skip
    return found
