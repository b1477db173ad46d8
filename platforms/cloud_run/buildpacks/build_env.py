"""The variables that a buildpack build gets: of the deploy command's flags, else of project.toml."""

import tomllib
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate
from emulator.model.diagnostic import error, warning
from emulator.model.origin import Origin
from emulator.model.plan import EnvKind, EnvPhase, EnvVar
from emulator.model.rule import Rule
from emulator.model.spelling import nearest
from platforms.cloud_run import rules
from platforms.cloud_run.given import Given

from .source import Source, line_of

PROJECT = "project.toml"
_WORDS = (
    "RUNTIME RUNTIME_VERSION ENTRYPOINT BUILDABLE BUILD_ARGS CLEAR_SOURCE DEVMODE FUNCTION_TARGET FUNCTION_SOURCE "
    "FUNCTION_SIGNATURE_TYPE GOGCFLAGS GOLDFLAGS PYTHON_PACKAGE_MANAGER PACKAGE_MANAGER PYTHON_VERSION NODEJS_VERSION "
    "GO_VERSION NODE_RUN_SCRIPTS VENDOR_PIP_DEPENDENCIES VENDOR_NPM_DEPENDENCIES JAVA_USE_NATIVE_IMAGE "
    "JAVA_NATIVE_IMAGE_ARGS MAVEN_BUILD_ARGS GRADLE_BUILD_ARGS ASP_NET_CORE_VERSION DOTNET_SDK_VERSION "
    "COMPOSER_VERSION RUBY_VERSION"
)
KNOWN = frozenset(f"GOOGLE_{word}" for word in _WORDS.split())
"""Variables that a buildpack reads."""


class Variable(NamedTuple):
    """source: who gives it, in words."""

    value: str
    source: str
    origin: Origin


class BuildEnvironment:
    """The build's variables by name."""

    def __init__(self, variables: dict[str, Variable]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        """The value; "" where it is not set."""
        found = self._variables.get(name)
        return found.value if found is not None else ""

    def __contains__(self, name: str) -> bool:
        return name in self._variables

    def origin(self, name: str) -> Origin | None:
        found = self._variables.get(name)
        return found.origin if found is not None else None

    def candidate(self, name: str, rule: Rule) -> Candidate[str]:
        """What a variable says, as a candidate; an empty one says nothing."""
        found = self._variables.get(name)
        return Candidate(
            found.value if found is not None and found.value else ABSENT, source=name, rule=rule,
            because=f"{found.source} sets {name}" if found is not None else "", absent="it is not set",
            origin=self.origin(name),
        )  # fmt: skip

    @property
    def args(self) -> tuple[EnvVar, ...]:
        """For the plan, by name."""
        return tuple(
            EnvVar(name=name, value=one.value, kind=EnvKind.LITERAL, phase=EnvPhase.BUILD, origin=one.origin)
            for name, one in sorted(self._variables.items())
        )


def build_environment(given: Given, source: Source) -> BuildEnvironment:
    """Flags beat project.toml, name by name; what is wrong with either is said."""
    variables = _of_project(given, source)
    for name, text in given.spec.build_env.items():
        variables[name] = Variable(text.text, "the deploy command", text.origin)
    for name, one in variables.items():
        if not name.startswith("GOOGLE_") or name in KNOWN or name.startswith("GOOGLE_LABEL_"):
            continue
        if (close := nearest(name, KNOWN, cutoff=0.85)) is not None:
            given.found.append(
                warning(
                    "cloud-run/build-variable", f"no buildpack reads {name}", origin=one.origin, service=given.name,
                    rule=rules.BUILDPACK_ENV.id, url=rules.BUILDPACK_ENV.url, help=f"did you mean {close}?",
                )
            )  # fmt: skip
    return BuildEnvironment(variables)


def _of_project(given: Given, source: Source) -> dict[str, Variable]:
    """[[build.env]] of project.toml, in either version of its schema."""
    text = source.readable(PROJECT)
    if not text.strip():
        return {}
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        given.found.append(
            error(
                "cloud-run/project-toml", f"project.toml cannot be read: {problem}", origin=Origin(file=PROJECT),
                service=given.name, rule=rules.BUILDPACK_ENV.id, url=rules.BUILDPACK_ENV.url, help="correct the TOML",
            )
        )  # fmt: skip
        return {}
    found: dict[str, Variable] = {}
    for build in (_table(data, "build"), _table(data, "io", "buildpacks", "build")):
        entries = build.get("env")
        for entry in entries if isinstance(entries, list) else ():
            name, value = (entry.get("name"), entry.get("value")) if isinstance(entry, dict) else (None, None)
            if isinstance(name, str) and isinstance(value, str):
                place = line_of(text, rf"^\s*name\s*=\s*[\"']{name}[\"']" if name.isidentifier() else "$^", PROJECT)
                found[name] = Variable(value, PROJECT, place)
    return found


def _table(data: object, *keys: str) -> dict[str, object]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}
