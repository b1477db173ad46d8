"""What Render builds and which command runs, for one service and one way of creation.

"repository": a Dockerfile wins over render.yaml, which wins over a Procfile (rule
render/repository-precedence). "blueprint": `runtime` is the law (rule render/blueprint-runtime).
"""

from emulator.model.choice import ABSENT, Candidate, choose
from emulator.model.origin import Origin

from . import rules
from .way import Given, Way


def decide(given: Given) -> Way:
    """Builder and command of a service created from "repository" or "blueprint"."""
    is_image = given.spec.kind != "S" and given.runtime == "image"
    if is_image or (given.spec.kind != "S" and _uses_dockerfile(given)):
        from .building_docker import docker, image

        return image(given) if is_image else docker(given)
    if given.spec.kind == "S":
        from .building_static import static

        return static(given)
    from .building_native import native

    return native(given)


def _uses_dockerfile(given: Given) -> bool:
    """Which builder, as a decision on the trace."""
    spec, path = given.spec, given.dockerfile()
    there = path is not None and given.repo.is_file(path)
    says_docker = given.runtime == "docker"
    switches = spec.kind in "WPK" and not given.is_fixed
    dockerfile = Candidate(
        "dockerfile" if there and (switches or says_docker) else ABSENT, source="Dockerfile", shown=path,
        origin=Origin(file=path) if there and path else None, because=f"{path} is there",
        rule=rules.REPOSITORY_PRECEDENCE if switches else rules.DOCKERFILE_PATH,
        absent=_no_dockerfile(given, path, there=there),
    )  # fmt: skip
    runtime = Candidate(
        given.runtime or ABSENT, source=spec.source, origin=spec.runtime.origin if spec.runtime else None,
        shown=f"runtime: {given.runtime}", because=f"runtime is {given.runtime}",
        rule=rules.SERVICE_RECORD if spec.is_recorded else rules.BLUEPRINT_RUNTIME if given.by_blueprint
        else rules.REPOSITORY_PRECEDENCE if switches else rules.CRON_RUNTIME,
    )  # fmt: skip
    order = (dockerfile, runtime) if switches else (runtime, dockerfile)
    choose(given.trace, f"{spec.name}.builder", "What builds the image?", *order, none="nothing yet")
    return says_docker or (switches and there)


def _no_dockerfile(given: Given, path: str | None, *, there: bool) -> str:
    if path is None:
        return "dockerfilePath leads out of the repository"
    if there and given.spec.is_recorded:
        return f"{path} is there, and a service whose runtime is {given.runtime} does not read it"
    if there and given.by_blueprint:
        return f"{path} is there, and a service with runtime {given.runtime} synced from a Blueprint does not read it"
    if there:
        return f"{path} is there, and a cron job with runtime {given.runtime} does not read it"
    look = given.repo.look(path)
    if look.why == "ignored":
        return f"{path} is on this disk, but git ignores it ({look.detail})"
    return f"{path} is no file" if look.kind or look.why == "not-a-file" else f"there is no {path}"
