"""Which group of buildpacks builds the source: the first whose members all detect, in the order of Google's builder."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate, Setting, choose
from platforms.cloud_run import rules
from platforms.cloud_run.given import Given

from .build_env import BuildEnvironment
from .source import Source

TARGET = "GOOGLE_FUNCTION_TARGET"
RUNTIME = "GOOGLE_RUNTIME"
_NAMES = {"dotnet": ".NET", "dart": "Dart", "go": "Go", "java": "Java", "python": "Python", "ruby": "Ruby",
          "php": "PHP", "node": "Node"}  # fmt: skip


class Group(NamedTuple):
    """The group that builds. evidence: the file that told, None where only GOOGLE_RUNTIME did."""

    language: str
    what: str
    because: str
    evidence: str | None = None
    is_function: bool = False
    has_default: bool = False
    """Whether it is a group that runs without an entrypoint, and has a default command of its own."""


class _Row(NamedTuple):
    """A group of the builder. condition: what it asks for besides its language; needs: whether that is there."""

    language: str
    evidence: str | None
    asks: str
    condition: str = ""
    needs: bool = True
    is_function: bool = False
    is_prebuilt: bool = False
    has_default: bool = False


def choose_group(given: Given, source: Source, env: BuildEnvironment, *, has_entrypoint: bool) -> Group | None:
    """The group, on the trace with all that lost; None where none detects."""
    candidates = [_candidate(row, source, env) for row in _rows(source, env, has_entrypoint=has_entrypoint)]
    setting: Setting[Group] | None = choose(
        given.trace, f"{given.name}.language", "Which buildpacks build the source?", *candidates, none="none"
    )
    return setting.value if setting is not None else None


def overridden(env: BuildEnvironment, language: str) -> bool | None:
    """Whether GOOGLE_RUNTIME opts a language in or out; None where it is not set."""
    wanted = env[RUNTIME].strip().lower()
    return wanted.startswith("nodejs" if language == "node" else language) if wanted else None


def _rows(source: Source, env: BuildEnvironment, *, has_entrypoint: bool) -> Iterator[_Row]:
    """The builder's groups in their order (rule cloud-run/buildpack-order), each with what it would detect by."""
    is_function = TARGET in env
    entry, target = "an entrypoint", "a function target"
    project = source.anywhere("csproj", "fsproj", "vbproj")
    built = source.in_root(r".*runtimeconfig\.json")
    go, py, php = source.anywhere("go"), source.anywhere("py"), source.anywhere("php")
    dart = source.first("pubspec.yaml") or source.in_root(r".*\.dart")
    java = _java(source)
    ruby = source.first("Gemfile", "gems.rb") or source.anywhere("rb")
    package = source.first("package.json")
    script = source.in_root(r".*\.js") or (source.in_root(r".*\.ts") if _is_node_24(env) else None)
    yield _Row("dotnet", project, "no project file (*.csproj, *.fsproj, *.vbproj)")
    yield _Row("dotnet", project or built, "no *.runtimeconfig.json", entry, has_entrypoint, is_prebuilt=True)
    yield _Row("dart", dart, "no pubspec.yaml or *.dart", "a *.dart file", source.anywhere("dart") is not None)
    yield _Row("go", go, "no *.go at any depth", "a *.go file", go is not None, is_function=is_function)
    yield _Row("java", java, "no pom.xml, Gradle file, *.java or *.jar in the root", is_function=is_function)
    yield _Row("python", py, "no *.py at any depth", target, is_function, is_function=True)
    yield _Row("python", py, "no *.py at any depth", entry, has_entrypoint)
    yield _Row("ruby", ruby, "no Gemfile, gems.rb or *.rb at any depth", entry, has_entrypoint)
    yield _Row("ruby", ruby, "no Gemfile, gems.rb or *.rb at any depth", target, is_function, is_function=True)
    yield _Row("php", source.first("composer.json") or php, "no composer.json, and no *.php at any depth")
    yield _Row("node", package, "no package.json", "package.json", package is not None, is_function=is_function,
               has_default=True)  # fmt: skip
    yield _Row("node", script, "no *.js in the root", target, is_function, is_function=True)
    yield _Row("node", script, "no *.js in the root", entry, has_entrypoint)
    yield _Row("python", py, "no *.py at any depth", has_default=True)
    yield _Row("ruby", source.anywhere("rb"), "no *.rb at any depth", has_default=True)


def _candidate(row: _Row, source: Source, env: BuildEnvironment) -> Candidate[Group]:
    name = _NAMES[row.language]
    with_ = {"an entrypoint": " with an entrypoint", "a function target": ", a function"}.get(row.condition, "")
    what = f"{name}{' (prebuilt)' if row.is_prebuilt else ''}{with_}"
    forced = overridden(env, row.language)
    detects = row.evidence is not None if forced is None else forced
    origin = env.origin(RUNTIME) if forced else source.place(row.evidence)
    if not detects or not row.needs:
        absent = row.asks if not detects else f"{row.evidence or RUNTIME}, but {_no(row.condition)}"
        if forced is False:
            absent = f"{RUNTIME} is {env[RUNTIME]}"
        return Candidate(ABSENT, source=what, because="", absent=absent)
    told = f"{RUNTIME} is {env[RUNTIME]}" if forced else f"{row.evidence} is there"
    because = f"{told}, and {row.condition}" if with_ else told
    group = Group(row.language, what, because, row.evidence, row.is_function, row.has_default)
    return Candidate(
        group, source=what, shown=what, because=because, rule=rules.BUILDPACK_ORDER, origin=origin,
        loses="another group that detects comes first",
    )  # fmt: skip


def _no(condition: str) -> str:
    return (
        condition.replace("an ", "no ", 1).replace("a ", "no ", 1) if condition.startswith("a") else f"no {condition}"
    )


def _java(source: Source) -> str | None:
    names = ("pom.xml", ".mvn/extensions.xml", "build.gradle", "build.gradle.kts", "settings.gradle.kts",
             "settings.gradle", "META-INF/MANIFEST.MF")  # fmt: skip
    return source.first(*names) or source.in_root(r".*\.java") or source.in_root(r".*\.jar")


def _is_node_24(env: BuildEnvironment) -> bool:
    wanted = env["GOOGLE_NODEJS_VERSION"] or env["GOOGLE_RUNTIME_VERSION"]
    found = re.match(r"[\^~v=]*(\d+)", wanted)
    return found is not None and int(found[1]) >= 24
