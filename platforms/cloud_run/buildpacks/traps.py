"""What surely goes wrong with what the buildpacks chose, told before anything is built."""

import re

from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.plan import Command
from platforms.cloud_run import rules
from platforms.cloud_run.given import Given
from platforms.cloud_run.manifest import ContainerSpec

from .building import Building, failure
from .source import Source

_DETECTED = "ERROR: failed to detect: no buildpacks participating"
_DEFAULT_PORT = 8080
_MANIFESTS = {
    "package.json": "node", "requirements.txt": "python", "pyproject.toml": "python", "Gemfile": "ruby",
    "go.mod": "go", "composer.json": "php", "pom.xml": "java",
}  # fmt: skip
"""What a project of a language has in its root."""
_PROGRAMS = {
    "node": ["node", "npm", "npx", "yarn", "pnpm", "bun", "bunx"],
    "python": ["python", "python3", "gunicorn", "uvicorn", "flask"],
    "ruby": ["ruby", "bundle", "rails", "rackup", "puma"], "go": [], "php": ["php"], "java": ["java"],
}  # fmt: skip
"""What comes with a language, and with no other."""
_TITLES = {"node": "Node", "python": "Python", "ruby": "Ruby", "go": "Go", "php": "PHP", "java": "Java",
           "dotnet": ".NET", "dart": "Dart"}  # fmt: skip


def tell(of: Building, command: Command, container: ContainerSpec) -> None:
    """Everything that is found, with its place."""
    _helper_decides(of, command)
    if container.command:
        _past_the_launcher(of, container)
    elif of.literal_port:
        _literal_port(of, command, container)


def nothing_detects(given: Given, source: Source) -> Diagnostic:
    """No group detects; what lies there instead may tell why."""
    page = source.first("index.html")
    help_ = "add a Dockerfile, or the files of a language"
    if page is not None:
        help_ = "add a Dockerfile FROM nginx that serves it on 8080: files alone are not served"
    elif (script := source.in_root(r".*\.[jt]s")) is not None:
        help_ = f"add a package.json, or a Procfile that starts {script}"
        page = script
    elif source.has("Gemfile"):
        help_, page = "add a Procfile with a web line: Ruby has no default command", "Gemfile"
    elif leads_nowhere := given.repo.look("Dockerfile").detail:
        help_ = f"{leads_nowhere}; make it a file"
    return failure(given, _DETECTED, source.place(page), help_, rules.BUILDPACK_ORDER)


def command_is_dropped(of: Building, container: ContainerSpec) -> None:
    """A command that is given does not help a build that asks for an entrypoint."""
    if not container.command or not of.spec.is_built:
        return
    rule = rules.BUILDPACK_COMMAND
    of.found.append(
        warning(
            "cloud-run/command-not-built-in", "the build does not see the command: it is not an entrypoint",
            origin=container.command_origin, service=of.name, rule=rule.id, url=rule.url,
            help=f'--set-build-env-vars GOOGLE_ENTRYPOINT="{" ".join(container.command)}" tells it',
        )
    )  # fmt: skip


def _helper_decides(of: Building, command: Command) -> None:
    """A file in a folder makes it another language than the manifest in the root is of."""
    evidence = of.group.evidence
    if evidence is None or "/" not in evidence:
        return
    other = next((name for name, language in _MANIFESTS.items() if of.source.has(name)), None)
    if other is None or _MANIFESTS[other] == of.group.language or _own_manifest(of):
        return
    language, lost = of.group.language, _MANIFESTS[other]
    named = "the Procfile" if command.source == "procfile" else "the entrypoint"
    beside, makes = (f" and {named}", "make") if of.command is not None else ("", "makes")
    program = next((name for name in _PROGRAMS.get(lost, ()) if _calls(command.text or "", name)), None)
    title, theirs = _TITLES[language], _TITLES[lost]
    message = (
        f"{evidence}{beside} {makes} this a {title} source: {other} is not read, and there is no {theirs} in the image"
    )
    facts = (f"{program}: command not found, exit status 127, is how it ends",) if program else ()
    make = error if program else warning
    of.found.append(
        make(
            "cloud-run/helper-decides-language", message, origin=of.source.place(evidence), service=of.name,
            rule=rules.BUILDPACK_ORDER.id, url=rules.BUILDPACK_ORDER.url, facts=facts,
            related=(Related(origin=command.origin, message="this is started"),) if command.origin else (),
            help=f"keep {evidence} out of the upload, or --set-build-env-vars GOOGLE_RUNTIME={_runtime(lost)}",
        )
    )  # fmt: skip


def _own_manifest(of: Building) -> bool:
    return any(of.source.has(name) for name, language in _MANIFESTS.items() if language == of.group.language)


def _runtime(language: str) -> str:
    return "nodejs" if language == "node" else language


def _calls(text: str, program: str) -> bool:
    return re.search(rf"(^|[\s;&|(]){re.escape(program)}($|[\s;&|)])", text) is not None


def _past_the_launcher(of: Building, container: ContainerSpec) -> None:
    """A command replaces the launcher, which would have set where the language and its packages are."""
    rule = rules.BUILDPACK_COMMAND
    words = " ".join((*container.command, *container.args))
    of.found.append(
        warning(
            "cloud-run/launcher-bypassed",
            f"{container.command[0]} is started without the buildpacks' launcher: neither "
            f"{_TITLES[of.group.language]} nor its packages are on PATH",
            origin=container.command_origin, service=of.name, rule=rule.id, url=rule.url,
            help=f'leave the command out, and build with --set-build-env-vars GOOGLE_ENTRYPOINT="{words}"',
        )
    )  # fmt: skip


def _literal_port(of: Building, command: Command, container: ContainerSpec) -> None:
    """The default command listens on 8080, whatever PORT is."""
    written = next((port for port in container.ports if port is not None), None)
    if written is None or written.value == _DEFAULT_PORT or of.spec.is_job:
        return
    text = command.text or "the default command"
    sure = re.match(r"gunicorn|uvicorn|streamlit|adk", text) is not None or command.text is None
    rule, make = rules.BUILDPACK_PORT, error if sure else warning
    of.found.append(
        make(
            "cloud-run/buildpack-port", f"the app listens on 8080, and port {written.value} is asked for",
            origin=written.origin, service=of.name, rule=rule.id, url=rule.url,
            facts=(f"the buildpacks start `{text}`: 8080 stands in it, and PORT is not read",),
            help="leave the port out, or name an entrypoint that binds $PORT in a Procfile",
        )
    )  # fmt: skip
