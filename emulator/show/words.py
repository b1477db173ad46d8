"""Facts of a plan in a few words each: the words that `plan` and `compare` share."""

from collections.abc import Sequence

from emulator.model.lifecycle import Probe, Probes
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Command, Tasks


def at(origin: Origin | None) -> str:
    """ "app.yaml:8"; "" where there is no place."""
    return f"{origin.file}:{origin.line}" if origin and origin.file else ""


def argv_words(words: Sequence[str]) -> str:
    """An argv as JSON, which shows where each word ends."""
    import msgspec

    return msgspec.json.encode(words).decode().replace('","', '", "')


def command_words(command: Command) -> str:
    """What runs, as it is written; where no file says it, who knows."""
    elsewhere = "what the buildpack starts" if command.source == "buildpack" else "the command of the base image"
    return (command.text or elsewhere).strip()


def build_words(build: Build) -> str:
    base = f", from {', '.join(build.base_images)}" if build.base_images else ""
    match build.kind:
        case BuildKind.DOCKERFILE:
            context = f" with context {build.context}" if build.context else ""
            return f"{build.dockerfile or 'no Dockerfile'}{context}{base}"
        case BuildKind.NATIVE:
            return f"{build.runtime}: {(build.command or 'no build command').rstrip()} (in {build.root}){base}"
        case BuildKind.IMAGE:
            return f"nothing: the image {build.image}" if build.image else f"nothing: {build.runtime}"
        case BuildKind.STATIC:
            return f"{(build.command or 'no build command').rstrip()}, publishes {build.publish or 'nothing'}"
        case BuildKind.BUILDPACK:
            return f"buildpacks: {'none takes part' if build.runtime == 'buildpacks' else build.runtime}{base}"


def probes_of(probes: Probes) -> list[tuple[str, Probe]]:
    """The probes that there are, by what they are called."""
    named = [
        ("health", probes.health),
        ("startup", probes.startup),
        ("liveness", probes.liveness),
        ("readiness", probes.readiness),
    ]
    return [(name, probe) for name, probe in named if probe is not None]


def probe_words(probe: Probe) -> str:
    what = f"GET {probe.path}" if probe.kind == "http" else f"{probe.kind} on port {probe.port}"
    statuses = f" → {probe.success_statuses[0]}-{probe.success_statuses[1]}" if probe.success_statuses else ""
    after = f" after {probe.initial_delay_s:g} s" if probe.initial_delay_s else ""
    every = f", every {probe.period_s:g} s" if probe.failure_threshold > 1 else ""
    count = "once" if probe.failure_threshold == 1 else f"{probe.failure_threshold} times"
    times = f", {count} at most" if probe.deadline_s is None else ""
    by_itself = " (the platform's own)" if probe.implicit else ""
    return f"{what}{statuses} within {probe.timeout_s:g} s{after}{every}{times}{by_itself}"


def tasks_words(tasks: Tasks) -> str:
    at_once = f"{tasks.parallelism} at once" if tasks.parallelism else "all at once"
    retries = f"{tasks.max_retries} {'retry' if tasks.max_retries == 1 else 'retries'}"
    return f"{tasks.count}, {at_once}, {retries}, {tasks.timeout_s:g} s each"
