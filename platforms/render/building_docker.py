"""Services built from a Dockerfile, and ready-made images."""

import posixpath

from emulator.formats.editing import instead_of
from emulator.model.choice import Rejected
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.plan import Build, BuildKind, EnvPhase
from emulator.snapshot import normal
from platforms.common import DockerfileReading, read_dockerfile

from . import fields, rules
from .commands import docker_command
from .declarations import Value
from .environment import Environment
from .procfile import Process
from .way import Given, Way


def docker(given: Given) -> Way:
    """A service built from its Dockerfile."""
    spec, found = given.spec, given.found
    env = given.environment("docker")
    path = _dockerfile_path(given)
    context = _context(given)
    reading = _read_dockerfile(given, path, env)
    if reading is not None:
        found += reading.diagnostics
    refusal = _refusal(given)
    unread = _unread(given)
    build = Build(
        kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile=path, context=context, root=given.root,
        args=tuple(v for v in env.variables if v.phase is not EnvPhase.RUN),
        base_images=reading.base_images if reading else (),
    )  # fmt: skip
    command = docker_command(
        spec, reading, given.process(), env, trace=given.trace, found=found,
        reads_docker_command=given.runtime == "docker", why_no_procfile=given.why_no_procfile,
    )  # fmt: skip
    return Way(build, command, env, tuple(found), refusal, unread, reading.port if reading else None)


def _dockerfile_path(given: Given) -> str | None:
    """The Dockerfile's path; None, and said, when it leads out of the repository."""
    path = given.dockerfile()
    written = given.spec.filled("dockerfilePath")
    if path is None and written is not None:
        given.found.append(
            error(
                "render/dockerfile-outside-repository", f"dockerfilePath {written.text} leads out of the repository",
                origin=written.origin, service=given.spec.name, rule=rules.DOCKERFILE_PATH.id,
                help="name a Dockerfile inside the repository",
            )
        )  # fmt: skip
    elif path is not None and written is not None:
        given.found.extend(_outside_root(given, "dockerfilePath", written, path))
    return path


def _read_dockerfile(given: Given, path: str | None, env: Environment) -> DockerfileReading | None:
    """The Dockerfile read, or None with Render's own words for its absence."""
    if path is None:
        return None
    if given.repo.is_file(path):
        return read_dockerfile(given.repo, path, env.args(), given.spec.name)
    if given.root_is_usable:
        given.found.append(_no_dockerfile(given, path))
    return None


def _no_dockerfile(given: Given, path: str) -> Diagnostic:
    written = given.spec.filled("dockerfilePath")
    origin = written.origin if written else given.spec.origin if given.spec.is_declared else None
    look = given.repo.look(path)
    shown = posixpath.relpath(path, given.root)
    if look.kind is not None:
        message = f"failed to read dockerfile: {shown} is a {look.kind}"
    else:
        message = f"error: failed to solve: failed to read dockerfile: open {shown}: no such file or directory"
    fact = {
        "ignored": f"{path} is on this disk, but git ignores it ({look.detail}): Render's clone does not have it",
        "outside": f"{path} leads out of the repository: {look.detail}",
        "missing": look.detail or f"there is no {path} in the repository",
    }.get(look.why, f"{path} is no file")
    return error(
        "render/dockerfile-missing", message, origin=origin, service=given.spec.name, facts=(fact,),
        rule=rules.DOCKERFILE_PATH.id, url=rules.DOCKERFILE_PATH.url,
        help=_seen_from_the_top(given, written) or "commit a Dockerfile there, or name another with dockerfilePath",
    )  # fmt: skip


def _seen_from_the_top(given: Given, written: Value | None) -> str | None:
    """What to write when a path was meant from the repository's root, the most common mistake."""
    if written is None or given.root == ".":
        return None
    from_top = normal(written.text.strip().lstrip("/") or ".")
    if from_top is None or given.repo.look(from_top).kind is None or given.leaves_root(from_top):
        return None
    return f"it is relative to rootDir: write {posixpath.relpath(from_top, given.root)}"


def _context(given: Given) -> str | None:
    written = given.spec.filled("dockerContext")
    context = given.path(written.text) if written else given.root
    if written is not None and context is None:
        given.found.append(
            error(
                "render/context-outside-repository", f"dockerContext {written.text} leads out of the repository",
                origin=written.origin, service=given.spec.name, rule=rules.DOCKER_CONTEXT.id,
                url=rules.DOCKER_CONTEXT.url, help="name a folder inside the repository",
            )
        )  # fmt: skip
    if context is None:
        return None
    because = "dockerContext names it" if written else "dockerContext is not set: the service's root"
    given.trace.note(
        f"{given.spec.name}.context", "Which folder is the build context?", context, because,
        rule=rules.DOCKER_CONTEXT, origin=written.origin if written else None,
    )  # fmt: skip
    if written is not None:
        given.found.extend(_outside_root(given, "dockerContext", written, context))
        given.found.extend(_no_context(given, written, context))
    return context


def _no_context(given: Given, written: Value, context: str) -> list[Diagnostic]:
    look = given.repo.look(context)
    if look.is_directory or not given.root_is_usable:
        return []
    why = {"ignored": f"is ignored by git ({look.detail})", "outside": f"leads out of the repository: {look.detail}"}
    return [
        error(
            "render/context-missing",
            f"dockerContext {written.text} {why.get(look.why, 'is no folder of the repository')}",
            origin=written.origin, service=given.spec.name, rule=rules.DOCKER_CONTEXT.id, url=rules.DOCKER_CONTEXT.url,
            facts=(f"it means {context}: it is relative to rootDir",) if given.root != "." else (),
            help=_seen_from_the_top(given, written) or "name a folder that is committed to the repository",
        )
    ]  # fmt: skip


def _outside_root(given: Given, field: str, written: Value, path: str) -> list[Diagnostic]:
    """A path that climbs out of rootDir but stays in the repository: whether Render takes it is not known."""
    if not given.leaves_root(path) or not given.root_is_usable:
        return []
    return [
        warning(
            "render/outside-root-dir", f"{field} {written.text} leads out of rootDir {given.root}",
            origin=written.origin, service=given.spec.name, rule=rules.ROOT_DIR.id, url=rules.ROOT_DIR.url,
            facts=("the documentation says that files outside rootDir are not there when it builds",),
            help="remove rootDir and write paths from the repository's root",
        )
    ]  # fmt: skip


def _refusal(given: Given) -> str | None:
    """Render's words when a Blueprint says docker and carries a startCommand."""
    start = given.spec.get("startCommand")
    if not given.by_blueprint or given.runtime != "docker" or start is None:
        return None
    words = f"services[{given.spec.number}] docker runtime must not have startCommand"
    given.found.append(
        error(
            "render/docker-start-command", words, origin=start.origin, service=given.spec.name,
            rule=rules.DOCKER_NO_START_COMMAND.id, help="rename it to dockerCommand, or remove it",
            fix=instead_of(key, "dockerCommand") if (key := given.spec.keys.get("startCommand")) is not None else None,
        )
    )  # fmt: skip
    return words


def _unread(given: Given) -> dict[str, str]:
    """Fields a Dockerfile makes idle; those of a docker service that says so are worth a warning."""
    spec, path = given.spec, given.dockerfile()
    idle = ["buildCommand", "startCommand"]
    if given.runtime in fields.NATIVE_RUNTIMES:
        idle += ["runtime", "env", "dockerCommand"]
    build_command = spec.filled("buildCommand")
    if build_command is not None:
        given.trace.note(
            f"{spec.name}.build", "Which build command?", "none: the Dockerfile builds", f"{path} decides",
            rule=rules.REPOSITORY_PRECEDENCE, rejected=(rejected(build_command, "a Dockerfile has no build command"),),
        )  # fmt: skip
        if given.runtime == "docker":
            given.found.append(unused(given, "buildCommand", build_command, "docker"))
    return {field: f"{path} decides" for field in idle if field in spec.keys}


def rejected(value: Value, because: str) -> Rejected:
    return Rejected(answer=value.text, because=because, origin=value.origin)


def unused(given: Given, field: str, value: Value, runtime: str) -> Diagnostic:
    """A field that its runtime has no use for; whether Render refuses it is not known."""
    return warning(
        "render/unused-field", f"{field} has no effect with runtime {runtime}", origin=value.origin,
        service=given.spec.name, rule=rules.BLUEPRINT_RUNTIME.id, help=f"remove {field}",
    )  # fmt: skip


def image(given: Given) -> Way:
    """A service that runs a ready-made image."""
    spec = given.spec
    env = given.environment("image")
    if spec.image is None:
        given.found.append(
            error(
                "render/image-without-url", f"services[{spec.number}] image runtime needs image.url",
                origin=spec.keys.get("image", spec.origin), service=spec.name, rule=rules.IMAGE_RUNTIME.id,
                help="add `image:` with `url:`",
            )
        )  # fmt: skip
    ref = spec.image_reference
    given.trace.note(
        f"{spec.name}.builder", "What builds the image?", f"nothing: {ref or 'an image'} is pulled",
        "runtime is image", rule=rules.IMAGE_RUNTIME, origin=spec.image.origin if spec.image else None,
    )  # fmt: skip
    idle = given.present("buildCommand", "startCommand", "dockerfilePath", "dockerContext")
    given.found.extend(unused(given, field, value, "image") for field, value in idle)
    build = Build(kind=BuildKind.IMAGE, runtime="image", root=given.root, image=ref, base_images=(ref,) if ref else ())
    command = docker_command(
        spec, None, Process(found=False), env, trace=given.trace, found=given.found, reads_docker_command=True,
        why_no_procfile=given.why_no_procfile, ready_made=True,
    )  # fmt: skip
    unread = {field: "the image is ready-made" for field, _ in idle}
    return Way(build, command, env, tuple(given.found), unread=unread)
