"""The engine's JSON → our values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.world.containers import ContainerFacts
from emulator.world.docker import EngineFacts, ImageFacts


def container_facts(told: Mapping[str, Any]) -> ContainerFacts:
    """What `GET /containers/ID/json` says."""
    state, config = told["State"], told.get("Config") or {}
    settings = told.get("NetworkSettings") or {}
    running = bool(state.get("Running"))
    started, finished = _time(state.get("StartedAt")), _time(state.get("FinishedAt"))
    ended = not running and finished is not None
    return ContainerFacts(
        id=told["Id"],
        name=str(told.get("Name", "")).lstrip("/"),
        state=state.get("Status", ""),
        running=running,
        pid=state.get("Pid") or None,
        exit_code=state.get("ExitCode") if ended or state.get("ExitCode") else None,
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        started_at=started,
        finished_at=finished if ended else None,
        argv=(told["Path"], *(told.get("Args") or ())) if told.get("Path") is not None else (),
        address=_address(settings),
        ports=_ports(settings.get("Ports") or {}),
        image_id=told.get("Image", ""),
        labels=config.get("Labels") or {},
    )


def _address(settings: Mapping[str, Any]) -> str | None:
    networks = settings.get("Networks") or {}
    return next((network["IPAddress"] for network in networks.values() if network.get("IPAddress")), None)


def _ports(told: Mapping[str, Any]) -> dict[int, int]:
    """Published TCP ports; the engine lists one entry per address family."""
    found: dict[int, int] = {}
    for port, bindings in told.items():
        number, _, protocol = port.partition("/")
        if bindings and protocol == "tcp" and bindings[0].get("HostPort"):
            found[int(number)] = int(bindings[0]["HostPort"])
    return found


def _time(text: str | None) -> float | None:
    """Seconds since the epoch; the engine writes year 1 for "never"."""
    if not text or text.startswith("0001-"):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def image_facts(told: Mapping[str, Any]) -> ImageFacts:
    """What `GET /images/REF/json` says."""
    config = told.get("Config") or {}
    return ImageFacts(
        id=told["Id"],
        entrypoint=_words(config.get("Entrypoint")),
        cmd=_words(config.get("Cmd")),
        env=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        exposed=tuple(sorted(config.get("ExposedPorts") or ())),
        labels=config.get("Labels") or {},
        architecture=told.get("Architecture") or "",
        stop_signal=config.get("StopSignal") or None,
        shell=_words(config.get("Shell")),
        size=told.get("Size"),
        has_triggers=bool(config.get("OnBuild")),
    )


def _words(told: "list[str] | None") -> tuple[str, ...] | None:
    return tuple(told) if told else None


def engine_facts(info: Mapping[str, Any], *, api: str, endpoint: str, same_machine: bool) -> EngineFacts:
    """What `GET /info` says. `same_machine`: the endpoint is a socket of this machine, which runs Linux."""
    security = " ".join(info.get("SecurityOptions") or ())
    desktop = "docker desktop" in str(info.get("OperatingSystem", "")).lower()
    rootless = "name=rootless" in security
    return EngineFacts(
        version=info.get("ServerVersion", ""),
        api=api,
        os=info.get("OSType", ""),
        arch=info.get("Architecture", ""),
        name=info.get("Name", ""),
        endpoint=endpoint,
        local=same_machine and not desktop and not rootless,
        rootless=rootless,
        desktop=desktop,
        cgroup=int(info.get("CgroupVersion") or 1),
        id=info.get("ID") or "",
        images_in_containerd=any("containerd" in str(one) for one in info.get("DriverStatus") or ()),
    )
