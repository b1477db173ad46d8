"""The rule about what a compiler of an earlier stage leaves: the name by which COPY --from asks for it."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from emulator.image.findings import Builds
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Related, Severity, error
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.record import Record, replace

from .rule import CheckRule, Sample

_POM = (
    "<project><modelVersion>4.0.0</modelVersion><groupId>org.shop</groupId><artifactId>shop</artifactId>"
    "<version>1.0</version></project>\n"
)
_JAVA = (
    "FROM maven:3.9-eclipse-temurin-21 AS build\nWORKDIR /src\nCOPY . .\nRUN mvn -B package\n"
    'FROM eclipse-temurin:21-jre\nCOPY --from=build /src/target/%s /app.jar\nCMD ["java", "-jar", "/app.jar"]\n'
)
NOT_BUILT = CheckRule(
    code="build/artifact-not-built",
    severity=Severity.ERROR,
    statement="A COPY --from asks a stage for a program or archive by a name that its build does not give.",
    why=(
        "Maven names the archive after artifactId and version, or finalName, of pom.xml; cargo the program after the "
        "package or a [[bin]] of Cargo.toml, in target/release only with --release. The build ends at the COPY."
    ),
    wrong=Sample(files={"pom.xml": _POM, "Dockerfile": _JAVA % "store-1.0.jar"}, file="Dockerfile", line=6),
    right=Sample(files={"pom.xml": _POM, "Dockerfile": _JAVA % "shop-1.0.jar"}),
)

RULES = (NOT_BUILT,)

_MAX_TEXT = 300_000
_MAVEN = r"(?P<project>.*)/target/(?P<name>[^/*?\[$]+)\.(?P<end>jar|war)"
_CARGO = r"(?P<project>.*)/target/(?P<profile>release|debug)/(?P<name>[\w-]+)"


class _Asked(Record, frozen=True):
    """One source of a COPY --from: an absolute path of the stage. files: of its sources, as far as they are known."""

    path: str
    origin: Origin
    stage: WorkedStage


class _Told(Record, frozen=True):
    """made: what the build leaves instead. source: the line that says so."""

    made: str
    file: str


def artifact_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """COPY --from of what no build of that stage makes, each once."""
    found: dict[tuple[Origin, str], Diagnostic] = {}
    for service in services:
        worked = builds.of(service.build) if service.build.generated_dockerfile is None else None
        if worked is None or worked.failures:
            continue
        for asked in _asked(worked):
            told = _by_maven(asked, builds) or _by_cargo(asked, builds)
            if told is not None:
                one = _finding(asked, told)
                found.setdefault((asked.origin, asked.path), replace(one, service=service.name))
    yield from found.values()


def _finding(asked: _Asked, told: _Told) -> Diagnostic:
    name = asked.stage.stage.title
    return error(
        NOT_BUILT.code, f"COPY --from={name} needs {asked.path}, which the build of that stage does not make",
        origin=asked.origin, facts=(f"it makes {told.made}",),
        related=(Related(origin=Origin(file=told.file, line=1), message="says how it is named"),),
        help=f"copy {told.made}",
    )  # fmt: skip


def _asked(worked: Worked) -> Iterator[_Asked]:
    by_name = {stage.stage.name or str(index): stage for index, stage in worked.stages.items()}
    by_name |= {str(index): stage for index, stage in worked.stages.items()}
    for stage in worked.stages.values():
        for step in stage.steps:
            instruction = step.instruction
            source = by_name.get((instruction.flag("from") or "").lower())
            if instruction.keyword != "COPY" or source is None or source is stage:
                continue
            for word in instruction.words[:-1]:
                path = word.text.strip("\"'")
                if "$" not in path:
                    yield _Asked(posixpath.normpath("/" + path.lstrip("/")), instruction.origin, source)


def _known(asked: _Asked, path: str, builds: Builds) -> tuple[str, str] | None:
    """The text of a file of the stage's sources, and its path in the repository: as it was last known."""
    for step in reversed(asked.stage.steps):
        text = TreeFiles(step.tree, builds.repo).read(path)
        found = step.tree
        if text is not None and len(text) < _MAX_TEXT:
            from emulator.image.tree import look

            made = look(found, path).made
            return (text, made.path) if made is not None and made.by == "context" and made.path else None
    return None


def _runs(asked: _Asked) -> list[str]:
    return [step.instruction.source for step in asked.stage.steps if step.instruction.keyword == "RUN"]


# ---- maven -------------------------------------------------------------------------------------------


def _by_maven(asked: _Asked, builds: Builds) -> _Told | None:
    """maven.apache.org/ref, "build/finalName": ${artifactId}-${version} where nothing else is said; a classifier
    follows it."""
    found = re.fullmatch(_MAVEN, asked.path)
    runs = _runs(asked)
    if found is None or not any(re.search(r"(\bmvn|\./mvnw)\b.*\b(package|verify|install)\b", run) for run in runs):
        return None
    if any(found["name"] in run or re.search(r"\b(cp|mv|ln|jar|javac)\s|-D(final|project|rev|version)", run)
           for run in runs):  # fmt: skip
        return None
    known = _known(asked, f"{found['project']}/pom.xml", builds)
    base = _final_name(known[0]) if known is not None else None
    if known is None or base is None or re.match(rf"(original-)?{re.escape(base)}(?![\w.])", found["name"]):
        return None
    return _Told(f"{found['project']}/target/{base}.{found['end']}", known[1])


def _final_name(pom: str) -> str | None:
    """What the archive of a pom.xml is named; None where that is not certain."""
    from xml.etree import ElementTree as ET

    if "<!DOCTYPE" in pom or "<!ENTITY" in pom:
        return None
    try:
        root = ET.fromstring(pom)  # noqa: S314 - no entities
    except ET.ParseError:
        return None

    def text(path: str) -> str | None:
        found = root.find("/".join(f"{{*}}{part}" for part in path.split("/")))
        return (found.text or "").strip() if found is not None else None

    given = text("build/finalName")
    moved = ("<modules>", "<outputDirectory>", "<outputFile>", "<directory>target", "<jarName>", "<warName>")
    if any(one in pom for one in moved) or pom.count("<finalName>") != (given is not None):
        return None
    artifact, version = text("artifactId"), text("version") or text("parent/version")
    name = given if given is not None else f"{artifact}-{version}"
    values = {"artifactId": artifact, "version": version, "name": text("name")}
    for key, value in values.items():
        for spelling in (f"${{project.{key}}}", f"${{pom.{key}}}", f"${{{key}}}"):
            name = name.replace(spelling, value or "$")
    return name if artifact and version and "$" not in name else None


# ---- cargo -------------------------------------------------------------------------------------------


def _by_cargo(asked: _Asked, builds: Builds) -> _Told | None:
    """doc.rust-lang.org/cargo/reference/cargo-targets: the package's own program, [[bin]]s, and src/bin/."""
    found = re.fullmatch(_CARGO, asked.path)
    runs = _runs(asked)
    builds_it = [run for run in runs if re.search(r"\bcargo\s+(build|b|rustc)\b", run)]
    odd = re.compile(r"\b(cp|mv|ln|install)\s|target-dir|CARGO_|\bcross\b|-Z\b|--example|--profile|--manifest-path")
    if found is None or not builds_it or any(odd.search(run) or found["name"] in run for run in runs):
        return None
    project = found["project"]
    known = _known(asked, f"{project}/Cargo.toml", builds)
    names = _programs(known[0], asked, project, builds) if known is not None else None
    if known is None or not names:
        return None
    profile = "release" if all("--release" in run or " -r" in run for run in builds_it) else ""
    profile = profile or ("debug" if not any("--release" in run or " -r" in run for run in builds_it) else "")
    wrong_profile = profile not in ("", found["profile"])
    if found["name"] in names and not wrong_profile:
        return None
    place = posixpath.join(project, "target", profile or found["profile"])
    name = found["name"] if found["name"] in names else min(names)
    return _Told(f"{place}/{name}", known[1])


def _programs(text: str, asked: _Asked, project: str, builds: Builds) -> set[str] | None:
    """The programs of a package; None where they are not certain."""
    import tomllib

    try:
        data: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    package, listed = data.get("package"), data.get("bin", [])
    if not isinstance(package, dict) or "workspace" in data or not isinstance(listed, list):
        return None
    names = {package.get("name"), *(one.get("name") for one in listed if isinstance(one, dict))}
    more = _in_bin(asked, project, builds)
    if more is None or not all(isinstance(one, str) for one in names):
        return None
    return {str(one) for one in names} | more


def _in_bin(asked: _Asked, project: str, builds: Builds) -> set[str] | None:
    """src/bin/NAME.rs and src/bin/NAME/main.rs, of the repository's own folder."""
    known = _known(asked, f"{project}/Cargo.toml", builds)
    folder = posixpath.join(posixpath.dirname(known[1]), "src/bin") if known is not None else None
    if folder is None:
        return None
    if not builds.repo.look(folder).is_directory:
        return set()
    return {name.removesuffix(".rs") for name in builds.repo.entries(folder)}
