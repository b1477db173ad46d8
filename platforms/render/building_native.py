"""Services with a native runtime."""

from emulator.model.choice import ABSENT, Candidate, choose
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.plan import Build, BuildKind, EnvPhase, Shadowed
from platforms.common import read_dockerfile

from . import fields, rules
from .commands import native_command
from .environment import Environment, service_id
from .native import languages_of, suggested_build, unsupported_language
from .native_image import dockerfile
from .recipes import recipe_of
from .way import Given, Way


def native(given: Given) -> Way:
    """A service that runs on one of Render's own language environments."""
    spec, found = given.spec, given.found
    runtime = given.runtime or _language(given)
    env = given.environment(runtime)
    build_command = _build_command(given, runtime)
    recipe = recipe_of(given, runtime, env, build_command)
    own = service_id(spec, given.repo.repository)
    build = Build(
        kind=BuildKind.NATIVE, runtime=runtime, context=given.root, root=given.root, command=build_command,
        private_network=True,
        args=tuple(v for v in env.variables if v.phase is not EnvPhase.RUN),
        base_images=recipe.images if recipe else (), base_fallbacks=recipe.fallbacks if recipe else (),
        generated_dockerfile=dockerfile(recipe, root=given.root, build_command=build_command, service_id=own)
        if recipe
        else None,
    )  # fmt: skip
    refusal = _refusal(given, runtime)
    process = given.process()
    command = native_command(
        spec, process, _beside(given, env), trace=given.trace, found=found, why_no_procfile=given.why_no_procfile
    )
    if command is None and refusal is None and given.root_is_usable:
        found.append(
            error(
                "render/no-start-command",
                f"nothing says how to start {spec.name}: no startCommand"
                + ("" if spec.is_recorded else f", no Procfile with a {process.name} line"),
                origin=spec.origin if spec.is_declared else None, service=spec.name,
                rule=rules.NATIVE_START_COMMAND.id, help="add a startCommand",
            )
        )  # fmt: skip
    unread = {field: f"runtime is {runtime}" for field in fields.DOCKER_ONLY if field in spec.keys}
    return Way(build, command, env, tuple(found), refusal, unread)


def _language(given: Given) -> str:
    """The runtime the creation form would preselect, on the trace."""
    found = languages_of(given.repo, given.root)
    language, because = (found[0][0], f"{found[0][1]} is there") if found else ("python", "nothing tells the language")
    given.trace.note(f"{given.spec.name}.runtime", "Which language?", language, because, rule=rules.SUGGESTED_BUILD)
    if not found and not given.spec.is_declared:
        given.found.append(_no_language(given))
    return language


def _no_language(given: Given) -> Diagnostic:
    said, help = "no file tells the language", "add the language's own file, for example requirements.txt, "
    help += "or a render.yaml with runtime and buildCommand"
    other = unsupported_language(given.repo, given.root)
    if other is not None:
        said, help = f"{other[1]} says {other[0]}, which Render has no runtime for", "add a Dockerfile"
    return warning(
        "render/no-language", f"{said}: Python is taken, and no build command", service=given.spec.name,
        origin=given.process().origin, rule=rules.SUGGESTED_BUILD.id, help=help,
    )  # fmt: skip


def _build_command(given: Given, runtime: str) -> str | None:
    """buildCommand, or without a render.yaml the one the creation form would suggest."""
    written = given.spec.get("buildCommand")
    if written is None and given.spec.is_declared and not given.spec.is_recorded:
        given.found.append(
            warning(
                "render/no-build-command", f"{given.spec.name} has no buildCommand, which a native runtime needs",
                origin=given.spec.origin, service=given.spec.name, rule=rules.NATIVE_BUILD_COMMAND.id,
                url=rules.NATIVE_BUILD_COMMAND.url,
                help="add one; where there is nothing to build, `buildCommand: ''` says so",
            )
        )  # fmt: skip
    is_suggested = not given.spec.is_declared and languages_of(given.repo, given.root)
    suggested = suggested_build(given.repo, given.root, runtime) if is_suggested else None
    setting = choose(
        given.trace, f"{given.spec.name}.build", "Which build command?",
        Candidate(written.text if written else ABSENT, source=given.spec.source, because="buildCommand is set",
                  origin=written.origin if written else None, rule=rules.NATIVE_SHELL, absent="no buildCommand is set"),
        Candidate(suggested or ABSENT, source="suggested", because="the creation form suggests it",
                  rule=rules.SUGGESTED_BUILD),
    )  # fmt: skip
    return (str(setting.value).strip() or None) if setting else None


def _refusal(given: Given, runtime: str) -> str | None:
    """What a Blueprint's validator says of a native service, in its words; None when it has no complaint."""
    spec = given.spec
    if not given.by_blueprint or not spec.is_declared:
        return None
    problems = [
        (f"non-docker runtime {runtime} cannot have {field}", value.origin, f"remove {field}, or set `runtime: docker`")
        for field, value in given.present(*fields.DOCKER_ONLY)
    ]
    if spec.filled("startCommand") is None:
        words = f"non-docker, non-static, non-image runtime {given.runtime or ''} must have startCommand"
        problems.append((words, spec.origin, "add a startCommand"))
    given.found.extend(
        error(
            "render/native-fields", f"services[{spec.number}] {words}", origin=origin, service=spec.name,
            rule=rules.NATIVE_START_COMMAND.id, help=help_,
        )
        for words, origin, help_ in problems
    )  # fmt: skip
    return f"services[{spec.number}] {problems[0][0]}" if problems else None


def _beside(given: Given, env: Environment) -> Shadowed | None:
    """A Dockerfile that lies there and is not read."""
    spec, path = given.spec, given.dockerfile()
    if path is None or not given.repo.is_file(path):
        return None
    reading = read_dockerfile(given.repo, path, env.args(), given.spec.name)
    if reading.text is None:
        return None
    who = "service synced from a Blueprint" if given.by_blueprint else "cron job"
    who = "service that exists" if spec.is_recorded else who
    return Shadowed(
        source="dockerfile", text=reading.text, origin=reading.origin,
        because=f"a {who} with runtime {given.runtime} does not read {path}",
    )  # fmt: skip
