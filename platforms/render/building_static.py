"""Static sites: what builds them, and which folder is published."""

import posixpath
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate, choose
from emulator.model.diagnostic import Fault, error, info, warning
from emulator.model.plan import Build, BuildKind, Command

from . import rules
from .declarations import Value
from .environment import Environment, service_id
from .native_image import SOURCE, calls, dockerfile
from .recipes import recipe_of
from .way import Given, Way

DEFAULT_PUBLISH = "public"
"""The API's default; the documentation of render.yaml calls the field required."""

_NODE_TOOLS = ("node", "npm", "npx", "yarn", "pnpm", "pnpx", "bun", "bunx", "corepack")
_LOCKS = (
    ("yarn.lock", "yarn install"), ("pnpm-lock.yaml", "pnpm install"), ("bun.lock", "bun install"),
    ("bun.lockb", "bun install"), ("package-lock.json", "npm install"), ("package.json", "npm install"),
    ("requirements.txt", "pip install -r requirements.txt"),
)  # fmt: skip
"""A file of the root, and what installs what it names (rule render/site-dependencies)."""


class _Builder(NamedTuple):
    """What is built: nothing where we cannot."""

    base: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    dockerfile: str | None = None


def static(given: Given) -> Way:
    """A static site: built, then served; nothing runs."""
    spec = given.spec
    env = given.environment("static")
    written = spec.get("buildCommand")
    command = choose(
        given.trace, f"{spec.name}.build", "Which build command?",
        Candidate(written.text if written and written.text.strip() else ABSENT, source=spec.source,
                  because="buildCommand is set", origin=written.origin if written else None, rule=rules.NATIVE_SHELL,
                  absent="no buildCommand is set"),
    )  # fmt: skip
    text = str(command.value).strip() if command else None
    install = _install(given, env)
    builder = _builder(given, text, install, env)
    build = Build(
        kind=BuildKind.STATIC, runtime="static", context=given.root, root=given.root, args=env.variables,
        command=text, publish=_publish_path(given), base_images=builder.base, base_fallbacks=builder.fallbacks,
        generated_dockerfile=builder.dockerfile,
    )  # fmt: skip
    nothing = Command(argv=None, form="none", text=None, source=spec.source, origin=spec.origin)
    return Way(build, nothing, env, tuple(given.found))


def folder_of(build: Build) -> str | None:
    """Where the built image has what is published."""
    return None if build.publish is None else posixpath.normpath(posixpath.join(SOURCE, build.publish))


def _publish_path(given: Given) -> str | None:
    """The folder that is published, as a path of the repository; None when it leads out of it."""
    written = given.spec.filled("staticPublishPath")
    path = given.path(written.text if written else DEFAULT_PUBLISH)
    if path is None and written is not None:
        given.found.append(
            error(
                "render/publish-path", f"staticPublishPath {written.text} leads out of the repository",
                origin=written.origin, service=given.spec.name, rule=rules.PUBLISH_PATH.id,
                help="name a folder inside the repository",
            )
        )  # fmt: skip
    if path is None:
        return None
    given.trace.note(
        f"{given.spec.name}.publish", "Which folder is published?", path,
        "staticPublishPath names it, from the service's root" if written else "staticPublishPath is not set",
        rule=rules.PUBLISH_PATH, origin=written.origin if written else None,
    )  # fmt: skip
    if written is not None:
        _doubtful(given, written, path)
    return path


def _doubtful(given: Given, written: Value, path: str) -> None:
    """A path that is likely another than the one that is meant."""
    text, root = written.text.strip(), given.root
    if text.startswith("/"):
        facts, help_ = f"staticPublishPath {text} is read from the service's root: {path}", f"write {text.lstrip('/')}"
    elif root != "." and posixpath.normpath(text).startswith(f"{root}/"):
        facts = f"staticPublishPath {text} is relative to rootDir, so that {path} is published"
        help_ = f"write {posixpath.relpath(posixpath.normpath(text), root)}"
    elif " " in text and text.split()[0] in _NODE_TOOLS:
        facts, help_ = f"staticPublishPath {text} is read as a folder, and looks like a command", "name the folder"
    else:
        return
    given.found.append(
        warning(
            "render/publish-path", facts, origin=written.origin, service=given.spec.name, rule=rules.PUBLISH_PATH.id,
            url=rules.PUBLISH_PATH.url, help=help_,
        )
    )  # fmt: skip


def _install(given: Given, env: Environment) -> str | None:
    """What Render runs first by itself, by the files in the root."""
    file, command = next(
        ((file, does) for file, does in _LOCKS if given.repo.is_file(posixpath.join(given.root, file))), ("", None)
    )
    skip = env.get("SKIP_INSTALL_DEPS")
    skips = skip is not None and (skip.value or "").strip().lower() == "true"
    because = "SKIP_INSTALL_DEPS is true" if skips else f"{file} is there" if file else "no file names any"
    answer = command if command and not skips else "nothing"
    given.trace.note(
        f"{given.spec.name}.install", "What installs the site's dependencies before the build command?", answer,
        because, rule=rules.SITE_DEPENDENCIES, origin=skip.origin if skip is not None and skips else None,
    )  # fmt: skip
    return None if skips else command


def _builder(given: Given, command: str | None, install: str | None, env: Environment) -> _Builder:
    """Render's builder has the tools of every language; here what the files and the command ask for decides."""
    if command is None and install is None:
        home = SOURCE if given.root == "." else f"{SOURCE}/{given.root}"
        return _Builder(dockerfile=f"FROM scratch\nCOPY . {home}/\n")
    steps = "\n".join(step for step in (f"{install} || exit 1" if install else None, command) if step)
    missing = next((tool for tool in _NOT_HERE if calls(steps, tool)), None)
    recipe = recipe_of(given, _language(steps), env, steps) if missing is None else None
    if recipe is None:
        return _without(missing or "another tool", given)
    recipe = recipe._replace(source=SOURCE)
    own = service_id(given.spec, given.repo.repository)
    text = dockerfile(recipe, root=given.root, build_command=steps, service_id=own)
    return _Builder(recipe.images, recipe.fallbacks, text)


def _language(steps: str) -> str:
    """Whose image the steps are run in. Python's has Node beside it where that is called too."""
    if calls(steps, "pip", "pip3", "python", "python3", "mkdocs", "poetry", "uv"):
        return "python"
    return next((language for language, tools in _TOOLS.items() if calls(steps, *tools)), "python")


_TOOLS = {
    "node": _NODE_TOOLS, "ruby": ("bundle", "jekyll", "gem", "rake", "ruby"), "go": ("go",),
    "rust": ("cargo", "trunk", "mdbook"), "elixir": ("mix",),
}  # fmt: skip
_NOT_HERE = ("hugo", "zola")
"""Builders of sites that are programs of their own."""


def _without(tool: str, given: Given) -> _Builder:
    spec = given.spec
    given.found.append(
        info(
            "render/runtime-not-built", f"the site is built with {tool}, which `emu up` cannot do yet",
            fault=Fault.GAP, service=spec.name, origin=spec.keys.get("buildCommand") or spec.origin,
            rule=rules.NATIVE_LAYOUT.id, help="the plan holds; only the run is missing",
        )
    )  # fmt: skip
    return _Builder()
