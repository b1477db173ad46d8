"""Which services of a plan are run here, and what they need for it."""

from emulator.model.plan import BuildKind, Coverage, Service, ServiceType
from emulator.model.rule import Fidelity

RUNNABLE = (
    ServiceType.WEB, ServiceType.PRIVATE, ServiceType.WORKER, ServiceType.JOB, ServiceType.CRON, ServiceType.STATIC,
)  # fmt: skip


def can_run(service: Service) -> bool:
    """Whether `up` runs it."""
    return service.datastore is not None or (service.type in RUNNABLE and can_build(service))


def can_build(service: Service) -> bool:
    return (
        service.build.kind in (BuildKind.DOCKERFILE, BuildKind.IMAGE) or service.build.generated_dockerfile is not None
    )


def ends_by_itself(service: Service) -> bool:
    """Whether a run of it ends, and is judged by that."""
    return service.lifecycle.success_is_exit_zero


def left_out(service: Service) -> Coverage:
    note = f"{service.type.value} services with runtime {service.build.runtime} are planned, not run yet"
    return Coverage(key=service.name, origin=service.origin, fidelity=Fidelity.NOT_IMITATED, note=note)
