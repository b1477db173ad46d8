"""What Render builds and which command runs, for one service and one way of creation.

"repository": a Dockerfile wins over render.yaml, which wins over a Procfile (rule
render/repository-precedence). "blueprint": `runtime` is the law (rule render/blueprint-runtime).
"""

import posixpath
from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import ABSENT, Candidate, Trace, choose
from emulator.model.diagnostic import Diagnostic, error, info
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, Command, EnvPhase, Shadowed
from emulator.snapshot import Snapshot, normal
from platforms.common import DockerfileReading, read_dockerfile

from . import fields, rules
from .commands import docker_command, native_command
from .environment import Environment, environment
from .manifest import Blueprint, ServiceSpec, Value
from .native import BUILD_COMMANDS, language_of, python_dockerfile, python_image, python_version
from .plans import InstanceType
from .procfile import WebProcess, web_process


class Way(NamedTuple):
    """What one way of creation comes to. refusal: Render's own words when it refuses the service."""

    build: Build
    command: Command | None
    environment: Environment
    diagnostics: tuple[Diagnostic, ...]
    refusal: str | None = None


class Given(NamedTuple):
    """What a decision rests on, gathered once."""

    repo: Snapshot
    inputs: Inputs
    spec: ServiceSpec
    blueprint: Blueprint | None
    root: str
    instance: InstanceType
    created_from: str
    trace: Trace
    found: list[Diagnostic]

    @property
    def by_blueprint(self) -> bool:
        return self.created_from == "blueprint"

    @property
    def runtime(self) -> str | None:
        return self.spec.runtime.text if self.spec.runtime else None

    def path(self, written: str) -> str | None:
        """A path of render.yaml as a repository path: relative to the service's root, a leading slash
        too (rule render/root-dir). None when it leaves the repository."""
        return normal(posixpath.join(self.root, written.strip().lstrip("/") or "."))

    def environment(self, runtime: str) -> Environment:
        return environment(
            spec=self.spec, blueprint=self.blueprint, repository=self.repo.repository, inputs=self.inputs,
            runtime=runtime, instance=self.instance,
        )  # fmt: skip


def decide(
    repo: Snapshot, inputs: Inputs, spec: ServiceSpec, blueprint: Blueprint | None, created_from: str, *,
    root: str, instance: InstanceType, trace: Trace,
) -> Way:  # fmt: skip
    """Builder and command of a service created from "repository" or "blueprint"."""
    given = Given(repo, inputs, spec, blueprint, root, instance, created_from, trace, [])
    if spec.kind in "SV":
        return _not_run(given)
    if given.runtime == "image":
        return _image(given)
    if _uses_dockerfile(given):
        return _docker(given)
    return _native(given)


def _uses_dockerfile(given: Given) -> bool:
    """Which builder, as a decision on the trace."""
    spec, path = given.spec, _dockerfile_path(given)
    there = path is not None and given.repo.look(path).is_file
    origin = Origin(file=path) if there and path else None
    says_docker = given.runtime == "docker"
    switches = spec.kind in "WPK" and not given.by_blueprint
    dockerfile = Candidate(
        "dockerfile" if there and (switches or says_docker) else ABSENT,
        source="Dockerfile",
        origin=origin,
        shown=f"{path}",
        because=f"{path} is there",
        rule=rules.REPOSITORY_PRECEDENCE if switches else rules.DOCKERFILE_PATH,
        absent=_no_dockerfile(given, path, there=there),
    )
    runtime = Candidate(
        given.runtime or ABSENT, source="render.yaml", origin=spec.runtime.origin if spec.runtime else None,
        shown=f"runtime: {given.runtime}", because=f"runtime is {given.runtime}", rule=rules.BLUEPRINT_RUNTIME,
    )  # fmt: skip
    order = (dockerfile, runtime) if switches else (runtime, dockerfile)
    choose(given.trace, f"{spec.name}.builder", "What builds the image?", *order, none="nothing yet")
    return says_docker or (switches and there)


def _no_dockerfile(given: Given, path: str | None, *, there: bool) -> str:
    if path is None:
        return "dockerfilePath leads out of the repository"
    if there:
        return f"{path} is there, and a service with runtime {given.runtime} synced from a Blueprint does not read it"
    look = given.repo.look(path)
    return f"{path} is on this disk, but git ignores it" if look.why == "ignored" else f"there is no {path}"


def _dockerfile_path(given: Given) -> str | None:
    written = given.spec.get("dockerfilePath")
    return given.path(written.text if written else "Dockerfile")


def _docker(given: Given) -> Way:
    spec, found = given.spec, given.found
    env = given.environment("docker")
    path = _dockerfile_path(given)
    context = _context(given)
    reading = _read_dockerfile(given, path, env)
    if reading is not None:
        found += reading.diagnostics
    refusal = _docker_refusal(given)
    build = Build(
        kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile=path, context=context, root=given.root,
        args=tuple(v for v in env.variables if v.phase is not EnvPhase.RUN),
        base_images=reading.base_images if reading else (),
    )  # fmt: skip
    command = docker_command(
        spec, reading, web_process(given.repo, given.root), env, trace=given.trace, found=found,
        reads_docker_command=given.runtime == "docker", by_blueprint=given.by_blueprint,
    )  # fmt: skip
    return Way(build, command, env, tuple(found), refusal)


def _read_dockerfile(given: Given, path: str | None, env: Environment) -> DockerfileReading | None:
    """The Dockerfile read, or None with Render's own words for its absence."""
    written = given.spec.get("dockerfilePath")
    origin = written.origin if written else given.spec.origin if given.spec.keys else None
    if path is None:
        assert written is not None
        given.found.append(
            error(
                "render/dockerfile-outside-repository", f"dockerfilePath {written.text} leads out of the repository",
                origin=written.origin, service=given.spec.name, rule=rules.DOCKERFILE_PATH.id,
                help="name a Dockerfile inside the repository",
            )
        )  # fmt: skip
        return None
    look = given.repo.look(path)
    if look.is_file:
        args = {v.name: env.shown(v.name) or "" for v in env.variables if v.phase is not EnvPhase.RUN}
        return read_dockerfile(given.repo, path, args, given.spec.name)
    shown = posixpath.relpath(path, given.root)
    facts = {
        "ignored": (f"{path} is on this disk, but git ignores it ({look.detail}): Render's clone does not have it",),
        "outside": (f"{path} leads out of the repository: {look.detail}",),
        "missing": (f"there is no {path} in the repository",),
    }.get(look.why, (f"{path} is no file",))
    given.found.append(
        error(
            "render/dockerfile-missing",
            f"error: failed to solve: failed to read dockerfile: open {shown}: no such file or directory",
            origin=origin,
            service=given.spec.name,
            rule=rules.DOCKERFILE_PATH.id,
            url=rules.DOCKERFILE_PATH.url,
            facts=facts,
            help=_dockerfile_help(given, written),
        )
    )
    return None


def _dockerfile_help(given: Given, written: Value | None) -> str:
    """What would make it found: most often a path written from the repository's root."""
    if written is not None and given.root != ".":
        from_top = normal(written.text.lstrip("/"))
        if from_top and given.repo.look(from_top).is_file:
            return f"dockerfilePath is relative to rootDir: write {posixpath.relpath(from_top, given.root)}"
    return "commit a Dockerfile there, or name another with dockerfilePath"


def _context(given: Given) -> str | None:
    written = given.spec.get("dockerContext")
    context = given.path(written.text) if written else given.root
    origin = written.origin if written else None
    if context is None:
        assert written is not None
        given.found.append(
            error(
                "render/context-outside-repository", f"dockerContext {written.text} leads out of the repository",
                origin=origin, service=given.spec.name, rule=rules.DOCKER_CONTEXT.id, url=rules.DOCKER_CONTEXT.url,
                help="name a folder inside the repository",
            )
        )  # fmt: skip
        return None
    given.trace.note(
        f"{given.spec.name}.context",
        "Which folder is the build context?",
        context,
        "dockerContext names it" if written else "dockerContext is not set: the service's root",
        rule=rules.DOCKER_CONTEXT,
        origin=origin,
    )
    look = given.repo.look(context)
    if written and not look.is_directory:
        why = {"ignored": "is ignored by git", "outside": "leads out of the repository"}.get(look.why)
        given.found.append(
            error(
                "render/context-missing", f"dockerContext {written.text} {why or 'is no folder of the repository'}",
                origin=origin, service=given.spec.name, rule=rules.DOCKER_CONTEXT.id, url=rules.DOCKER_CONTEXT.url,
                facts=(f"it means {context}: it is relative to rootDir",) if given.root != "." else (),
                help="name a folder that is committed to the repository",
            )
        )  # fmt: skip
    return context


def _docker_refusal(given: Given) -> str | None:
    """Render's words when a Blueprint says docker and carries a startCommand."""
    start = given.spec.get("startCommand")
    if given.runtime != "docker" or start is None:
        return None
    words = f"services[{given.spec.number}] docker runtime must not have startCommand"
    if given.by_blueprint:
        given.found.append(
            error(
                "render/docker-start-command", words, origin=start.origin, service=given.spec.name,
                rule=rules.DOCKER_NO_START_COMMAND.id, help="rename it to dockerCommand, or remove it",
            )
        )  # fmt: skip
    return words


def _image(given: Given) -> Way:
    spec = given.spec
    env = given.environment("image")
    if spec.image is None:
        given.found.append(
            error(
                "render/image-without-url",
                f"services[{spec.number}] image runtime needs image.url",
                origin=spec.origin,
                service=spec.name,
                rule=rules.IMAGE_RUNTIME.id,
                help="add `image:` with `url:`",
            )
        )
    ref = full_reference(spec.image.text) if spec.image else None
    given.trace.note(
        f"{spec.name}.builder", "What builds the image?", f"nothing: {ref} is pulled", "runtime is image",
        rule=rules.IMAGE_RUNTIME, origin=spec.image.origin if spec.image else None,
    )  # fmt: skip
    build = Build(kind=BuildKind.IMAGE, runtime="image", root=given.root, image=ref, base_images=(ref,) if ref else ())
    command = docker_command(
        spec, None, WebProcess(found=False), env, trace=given.trace, found=given.found, reads_docker_command=True,
        by_blueprint=given.by_blueprint,
    )  # fmt: skip
    return Way(build, command, env, tuple(given.found))


def full_reference(url: str) -> str:
    """An image URL with the defaults Render documents left to the engine, which has the same:
    docker.io, library, latest. A scheme in front is dropped."""
    return url.removeprefix("https://").removeprefix("docker://").strip()


def _native(given: Given) -> Way:
    spec, found = given.spec, given.found
    runtime = given.runtime or _language(given)
    env = given.environment(runtime)
    build_command = _build_command(given, runtime)
    base: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    dockerfile = None
    if runtime == "python":
        version, problems = python_version(given.repo, given.root, env, given.trace, spec.name)
        found += problems
        image, fallbacks = python_image(version)
        base = (image,)
        uses = f"{build_command or ''} {_start_text(spec)}"
        dockerfile = python_dockerfile(
            image=image, root=given.root, build_command=build_command, with_poetry="poetry" in uses,
            with_uv=given.repo.is_file(posixpath.join(given.root, "uv.lock")),
        )  # fmt: skip
    elif runtime in fields.NATIVE_RUNTIMES:
        found.append(
            info(
                "render/runtime-not-built",
                f"runtime {runtime} is planned, but `emu up` cannot build it yet",
                service=spec.name,
                origin=spec.runtime.origin if spec.runtime else None,
                help="the plan holds; only the run is missing",
            )
        )
    build = Build(
        kind=BuildKind.NATIVE, runtime=runtime, context=given.root, root=given.root, command=build_command,
        args=tuple(v for v in env.variables if v.phase is not EnvPhase.RUN), base_images=base, base_fallbacks=fallbacks,
        generated_dockerfile=dockerfile,
    )  # fmt: skip
    refusal = _native_refusal(given, runtime)
    process = web_process(given.repo, given.root)
    command = native_command(
        spec, process, _beside(given, env), trace=given.trace, found=found, by_blueprint=given.by_blueprint
    )
    if command is None and refusal is None and runtime in fields.NATIVE_RUNTIMES:
        found.append(
            error(
                "render/no-start-command",
                f"nothing says how to start {spec.name}: no startCommand and no Procfile with a web line",
                origin=spec.origin,
                service=spec.name,
                rule=rules.NATIVE_START_COMMAND.id,
                help="add a startCommand",
            )
        )
    return Way(build, command, env, tuple(found), refusal)


def _start_text(spec: ServiceSpec) -> str:
    start = spec.get("startCommand")
    return start.text if start else ""


def _language(given: Given) -> str:
    """The runtime the creation form would preselect, on the trace."""
    found = language_of(given.repo, given.root)
    language, because = (found[0], f"{found[1]} is there") if found else ("python", "nothing tells the language")
    given.trace.note(f"{given.spec.name}.runtime", "Which language?", language, because, rule=rules.SUGGESTED_BUILD)
    return language


def _build_command(given: Given, runtime: str) -> str | None:
    """buildCommand, or without a render.yaml the one the creation form would suggest."""
    written = given.spec.get("buildCommand")
    suggested = BUILD_COMMANDS.get(runtime) if not given.spec.keys else None
    setting = choose(
        given.trace,
        f"{given.spec.name}.build",
        "Which build command?",
        Candidate(
            written.text if written else ABSENT,
            source="render.yaml",
            because="buildCommand is set",
            origin=written.origin if written else None,
            rule=rules.NATIVE_SHELL,
            absent="no buildCommand is set",
        ),
        Candidate(
            suggested or ABSENT, source="suggested", because="the creation form suggests it", rule=rules.SUGGESTED_BUILD
        ),
    )
    return str(setting.value) if setting else None


def _native_refusal(given: Given, runtime: str) -> str | None:
    """What a Blueprint's validator says of a native service, in its words; None when it has no complaint."""
    spec = given.spec
    if not spec.keys:
        return None
    problems = [
        (f"non-docker runtime {runtime} cannot have {field}", value.origin, f"remove {field}, or set `runtime: docker`")
        for field in ("dockerContext", "dockerfilePath", "dockerCommand")
        if (value := spec.get(field)) is not None
    ]
    start = spec.get("startCommand")
    if start is None or not start.text.strip():
        words = f"non-docker, non-static, non-image runtime {runtime} must have startCommand"
        problems.append((words, spec.origin, "add a startCommand"))
    if not problems:
        return None
    if given.by_blueprint:
        given.found.extend(
            error(
                "render/native-fields", f"services[{spec.number}] {words}", origin=origin, service=spec.name,
                rule=rules.NATIVE_START_COMMAND.id, help=help_,
            )
            for words, origin, help_ in problems
        )  # fmt: skip
    return f"services[{spec.number}] {problems[0][0]}"


def _beside(given: Given, env: Environment) -> Shadowed | None:
    """A Dockerfile that lies there and is not read."""
    path = _dockerfile_path(given)
    if path is None or not given.repo.look(path).is_file:
        return None
    reading = read_dockerfile(
        given.repo, path, {v.name: env.shown(v.name) or "" for v in env.variables}, given.spec.name
    )
    if reading.text is None:
        return None
    return Shadowed(
        source="dockerfile", text=reading.text, origin=reading.origin,
        because=f"a service synced from a Blueprint with runtime {given.runtime} does not read {path}",
    )  # fmt: skip


def _not_run(given: Given) -> Way:
    """A static site or a datastore: planned, not run yet."""
    spec = given.spec
    static = spec.kind == "S"
    build_command = spec.get("buildCommand")
    publish = spec.get("staticPublishPath")
    build = Build(
        kind=BuildKind.STATIC if static else BuildKind.IMAGE, runtime="static" if static else "valkey", root=given.root,
        command=build_command.text if build_command else None, publish=publish.text if publish else None,
    )  # fmt: skip
    command = Command(argv=None, form="none", text=None, source="render.yaml", origin=spec.origin) if static else None
    return Way(build, command, given.environment("static" if static else "image"), tuple(given.found))
