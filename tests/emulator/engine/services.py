"""A service as small as a plan allows, to be changed where a test looks."""

from emulator.model.lifecycle import Lifecycle, PortScan, Probes, Shutdown
from emulator.model.origin import Origin
from emulator.model.plan import (
    Build,
    BuildKind,
    Command,
    EnvKind,
    EnvPhase,
    EnvVar,
    Port,
    Resources,
    Service,
    ServiceType,
)
from emulator.model.record import replace

WEB = Service(
    name="shop",
    type=ServiceType.WEB,
    origin=None,
    build=Build(kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile="Dockerfile", context="."),
    command=Command(
        argv=("python", "app.py"),
        form="exec",
        text="python app.py",
        source="dockerfile",
        origin=Origin(file="Dockerfile", line=4),
    ),
    port=Port(number=10000, source="default"),
    env=(),
    probes=Probes(),
    containers=(),
    lifecycle=Lifecycle(port_scan=PortScan(preferred=10000, http=True), back_off_s=(1.0, 2.0, 4.0)),
    resources=Resources(plan="starter", cpu=0.5, memory_mib=512),
    shutdown=Shutdown(),
)


def service(**changes: object) -> Service:
    """WEB with other values."""
    return replace(WEB, **changes)


def variable(name: str, value: str | None, phase: EnvPhase = EnvPhase.BOTH) -> EnvVar:
    return EnvVar(name=name, value=value, kind=EnvKind.LITERAL if value is not None else EnvKind.SECRET, phase=phase)
