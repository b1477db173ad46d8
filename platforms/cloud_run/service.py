"""One service or job: its containers with their builds, commands, ports, variables, probes and limits."""

from typing import NamedTuple

from emulator.contract import GivenFile, Inputs
from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, Fault, warning
from emulator.model.lifecycle import Lifecycle, Probe
from emulator.model.plan import BuildKind, Container, Coverage, Port, Service, ServiceType
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from . import rules
from .annotation_values import value_problems
from .building import Built, ingress_build, ready_made
from .checks import container_name, dependencies_of, ingress_of, service_problems
from .commands import container_command
from .environment import environment
from .given import Given
from .limits import SCALING, SHUTDOWN, concurrency_of, instances_of, limit_problems, resources_of, tasks_of, usage_of
from .manifest import ContainerSpec, EnvEntry, ServiceSpec
from .metadata import metadata_server
from .probes import lifecycle_of, probe_problems, probes_of
from .router import request_timeout, router_of
from .secrets import given_secrets, names_of
from .traffic import revisions_of, traffic_problems
from .volume_checks import unset_files, volume_problems
from .volumes import mounts_of, volumes_of

DEFAULT_PORT = 8080


class ServiceResult(NamedTuple):
    """A resolved service with what must not be printed and the secrets nobody has given yet. service: None
    where the file describes no container."""

    service: Service | None
    diagnostics: tuple[Diagnostic, ...]
    hidden: dict[str, str] = {}
    unset: tuple[EnvEntry, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    secret_files: tuple[GivenFile, ...] = ()
    """What was given for its secrets."""


class _Resolved(NamedTuple):
    """One container, and what came with it."""

    container: Container
    hidden: dict[str, str] = {}
    unset: tuple[EnvEntry, ...] = ()


def resolve_service(repo: Snapshot, inputs: Inputs, spec: ServiceSpec) -> ServiceResult:
    """The plan of a service or a job."""
    given = Given(repo, inputs, spec, Trace(), [*service_problems(spec), *value_problems(spec)])
    found = given.found
    ingress = ingress_of(spec)
    if ingress is None:
        return ServiceResult(None, tuple(replace(d, service=None) for d in found))
    needs, problems = dependencies_of(spec)
    found += [*problems, *limit_problems(spec), *volume_problems(spec), *traffic_problems(spec)]
    resolved = [_container(given, container, needs) for container in spec.containers]
    top = resolved[spec.containers.index(ingress)]
    if spec.is_job and len(resolved) > 1:
        found.append(_sidecars(spec, [r.container.name for r in resolved if r is not top]))
    containers = tuple(r.container for r in resolved)
    if spec.is_job:
        service = _job(spec, top.container, containers, given.trace)
    else:
        service = _service(spec, ingress, top.container, containers, given.trace)
    service = replace(service, metadata=metadata_server(spec, inputs, given.trace), decisions=given.trace.decisions)
    stands_for = given_secrets(spec, inputs)
    service = replace(
        service, volumes=volumes_of(spec, stands_for), secret_names=tuple(sorted({*names_of(spec), *stands_for}))
    )
    found += unset_files(spec, service, stands_for)
    hidden = {name: value for one in resolved for name, value in one.hidden.items()}
    unset = {entry.name: entry for one in (*resolved, top) for entry in one.unset}
    return ServiceResult(
        service, tuple(found), hidden, tuple(unset.values()), _coverage(spec, service), tuple(stands_for.values())
    )


def _service(
    spec: ServiceSpec, ingress: ContainerSpec, top: Container, containers: tuple[Container, ...], trace: Trace
) -> Service:
    _startup_decision(spec, top.probes.startup, trace)
    timeout = request_timeout(spec, trace)
    router = router_of(spec, ingress, timeout, trace)
    return Service(
        name=spec.name, type=ServiceType.WEB, origin=spec.origin, build=top.build, command=top.command, port=top.port,
        env=top.env, probes=top.probes, containers=containers, lifecycle=lifecycle_of(containers, timeout),
        instances=instances_of(spec), scaling=SCALING, concurrency=concurrency_of(spec, usage_of(spec)),
        request_timeout_s=timeout, traffic=spec.traffic, revisions=revisions_of(spec), resources=top.resources,
        local_name=f"{spec.name}.localhost", shutdown=SHUTDOWN, router=router, decisions=trace.decisions,
    )  # fmt: skip


def _job(spec: ServiceSpec, top: Container, containers: tuple[Container, ...], trace: Trace) -> Service:
    tasks = tasks_of(spec)
    assert tasks is not None
    times = ("never", "once")[tasks.max_retries] if tasks.max_retries < 2 else f"{tasks.max_retries} times"
    trace.note(
        f"{spec.name}.tasks", "What is an execution of the job?",
        f"{tasks.count} task{'' if tasks.count == 1 else 's'} of {tasks.timeout_s:g} s, each started again {times}",
        "every task must end with 0", rule=rules.JOB_TASKS, origin=spec.origin,
    )  # fmt: skip
    return Service(
        name=spec.name, type=ServiceType.JOB, origin=spec.origin, build=top.build, command=top.command, port=None,
        env=top.env, probes=top.probes, containers=containers, tasks=tasks, resources=top.resources, shutdown=SHUTDOWN,
        lifecycle=Lifecycle(success_is_exit_zero=True, restarts_during_deploy=False), decisions=trace.decisions,
    )  # fmt: skip


def _container(given: Given, written: ContainerSpec, needs: dict[str, tuple[str, ...]]) -> _Resolved:
    """One container of the service; the ingress container is what the options on the command line speak of."""
    spec, found = given.spec, given.found
    is_ingress = written is ingress_of(spec)
    name = container_name(spec, written)
    image = written.image.text if written.image and written.image.text else None
    built = ingress_build(given, written) if is_ingress else ready_made(image, spec.name)
    serves = is_ingress and not spec.is_job
    port = _port(given, written, name, built) if serves else None
    env = environment(spec, written, port.number if port else None, given.inputs, is_ingress=is_ingress)
    found += env.diagnostics
    probed = port.number if port else next((p.value for p in written.ports if p), None)
    found += probe_problems(written, probed, spec)
    id_ = f"{spec.name}.command" if is_ingress else f"{spec.name}.{name}.command"
    command = container_command(given, written, built.own, id=id_) if built.own is not None else None
    container = Container(
        name=name, ingress=serves, build=built.build, command=command, port=port, env=env.variables,
        probes=probes_of(written, probed, is_ingress=serves), resources=resources_of(written, spec),
        depends_on=needs.get(name, ()), mounts=mounts_of(spec, written),
    )  # fmt: skip
    return _Resolved(container, env.hidden, env.unset)


def _port(of: Given, written: ContainerSpec, name: str, built: Built) -> Port:
    """The port the ingress container must listen on."""
    given = next(iter(written.ports), None)
    number = given.value if given is not None and 0 < given.value < 65536 else ABSENT
    default = Candidate(DEFAULT_PORT, source="default", because="no containerPort is set: 8080", rule=rules.PORT)
    setting: Setting[int] | None = choose(
        of.trace, f"{of.name}.port", "Which port must the app listen on?",
        Candidate(number, source=of.spec.source, because=f"containerPort of {name}", rule=rules.PORT,
                  origin=given.origin if given else None, absent="no containerPort is set"),
        *([default] if number is ABSENT else []),
        *([built.image_port] if built.image_port is not None else []),
    )  # fmt: skip
    assert setting is not None
    return Port(number=setting.value, source=setting.source)


def _startup_decision(spec: ServiceSpec, startup: Probe | None, trace: Trace) -> None:
    """When the container counts as started, as a decision on the trace."""
    if startup is None:
        return
    asked = f"GET {startup.path}" if startup.kind == "http" else startup.kind.upper()
    longest = startup.initial_delay_s + startup.failure_threshold * startup.period_s
    because = "no startupProbe is written: the platform adds one by TCP" if startup.implicit else "startupProbe says so"
    trace.note(
        f"{spec.name}.startup", "When does the container count as started?",
        f"{asked} on port {startup.port} succeeds within {longest:g} s", because,
        rule=rules.DEFAULT_PROBE if startup.implicit else rules.PROBE_DEFAULTS, origin=startup.origin,
    )  # fmt: skip


def _sidecars(spec: ServiceSpec, names: list[str]) -> Diagnostic:
    return warning(
        "cloud-run/sidecars", f"{', '.join(names)} will not run here: emu runs the first container of a task alone",
        fault=Fault.GAP, service=spec.name, origin=spec.origin, rule=rules.JOB_SIDECARS.id, url=rules.JOB_SIDECARS.url,
        help="an app that needs them at its start will fail here and not there",
    )  # fmt: skip


def _coverage(spec: ServiceSpec, service: Service) -> tuple[Coverage, ...]:
    """What the platform does around this service that a run here does otherwise."""
    rows = [rules.CPU, rules.MEMORY_FILES, rules.METADATA]
    if spec.is_job:
        rows.append(rules.JOB_PARALLELISM)
    else:
        rows += [rules.EDGE, rules.REQUEST_HEADERS, rules.INVOKER, rules.CONCURRENCY, rules.SCALING, rules.LOG_LINES]
        rows += [rules.TRAFFIC] if spec.traffic else []
    rows += [rules.THROTTLING] if service.resources.idle_cpu is not None else []
    rows += [rules.HTTP2] if service.router and service.router.http2 else []
    if service.build.kind is BuildKind.DOCKERFILE and spec.is_built:
        rows.append(rules.UPLOAD_SET)
    if service.build.kind is BuildKind.BUILDPACK:
        rows += [rules.UPLOAD_SET, rules.BUILDPACKS_OTHERWISE]
        rows += [rules.BUILDPACK_IMAGE] if service.build.generated_dockerfile is not None else []
    if len(service.containers) > 1:
        rows += [rules.JOB_SIDECARS] if spec.is_job else [rules.INSTANCE_STARTED, rules.INSTANCE_ENDS]
    kinds = {volume.kind for volume in service.volumes}
    rows += [rules.MEMORY_VOLUME] if "memory" in kinds else []
    rows += [rules.SECRET_VOLUME] if "secret" in kinds else []
    rows += [rules.FOLDER_VOLUME] if "folder" in kinds else []
    return tuple(
        Coverage(key=rule.id, origin=spec.origin, fidelity=rule.fidelity, note=rule.note or rule.statement)
        for rule in rows
    )
