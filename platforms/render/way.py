"""The records of a decision: what it rests on, and what it comes to."""

import posixpath
from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import Candidate, Trace
from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Build, Command
from emulator.snapshot import Snapshot, normal

from .declarations import Blueprint, ServiceSpec, Value
from .environment import Environment, environment, platform_variables
from .plans import DEFAULT, InstanceType, instance_type
from .procfile import Process, process_line
from .values import Scope, Sources

NO_PROCFILE = "a service synced from a Blueprint never reads a Procfile"


class Way(NamedTuple):
    """What one way of creation comes to. refusal: Render's own words when it refuses the service.
    unread: fields of render.yaml that have no effect, and why. image_port: the PORT that the Dockerfile sets."""

    build: Build
    command: Command | None
    environment: Environment
    diagnostics: tuple[Diagnostic, ...]
    refusal: str | None = None
    unread: dict[str, str] = {}
    image_port: Candidate[str] | None = None


class Given(NamedTuple):
    """What a decision rests on, gathered once. root_is_usable: False when rootDir is wrong, which is
    said already; what follows from it is then not said."""

    repo: Snapshot
    inputs: Inputs
    spec: ServiceSpec
    blueprint: Blueprint | None
    created_from: str
    root: str
    root_is_usable: bool
    instance: InstanceType
    trace: Trace
    found: list[Diagnostic]
    sources: Sources

    @property
    def by_blueprint(self) -> bool:
        return self.created_from == "blueprint"

    @property
    def is_fixed(self) -> bool:
        """Whether the service's settings hold, whatever else lies in the repository: it is synced from a
        Blueprint, or exists as it is recorded."""
        return self.created_from != "repository"

    @property
    def why_no_procfile(self) -> str | None:
        """Why a Procfile is not read; None where it is."""
        if self.created_from == "repository":
            return None
        return NO_PROCFILE if self.by_blueprint else "Render reads no Procfile: the service's own settings hold"

    @property
    def runtime(self) -> str | None:
        return self.spec.runtime.text if self.spec.runtime else None

    def path(self, written: str) -> str | None:
        """A path of render.yaml as a repository path: relative to the service's root, a leading slash
        too (rule render/root-dir). None when it leaves the repository."""
        return normal(posixpath.join(self.root, written.strip().lstrip("/") or "."))

    def leaves_root(self, path: str) -> bool:
        """Whether a path lies outside the service's root."""
        return self.root not in (".", path) and not path.startswith(self.root + "/")

    def dockerfile(self) -> str | None:
        """The Dockerfile's path, there or not: what dockerfilePath names, else Dockerfile in the root."""
        written = self.spec.filled("dockerfilePath")
        return self.path(written.text if written else "Dockerfile")

    def environment(self, runtime: str) -> Environment:
        scope = Scope(self.sources, self.created_from, self._set_by_render)
        return environment(
            spec=self.spec, scope=scope, repository=self.repo.repository, runtime=runtime, instance=self.instance
        )

    def _set_by_render(self, spec: ServiceSpec) -> dict[str, str | None]:
        """The variables that Render itself gives any service of the file."""
        instance = instance_type(spec.text("plan") or DEFAULT) or instance_type(DEFAULT)
        assert instance is not None
        runtime = self._runtime_of(spec)
        preview = self.sources.is_preview
        variables = platform_variables(spec, self.repo.repository, runtime, instance, is_preview=preview)
        return {v.name: v.value for v in variables}

    def _runtime_of(self, spec: ServiceSpec) -> str:
        """What builds another service, as far as its variables go by that."""
        written = spec.runtime.text if spec.runtime else ""
        root = spec.filled("rootDir")
        other = self._replace(spec=spec, root=normal((root.text if root else ".").strip().lstrip("/") or ".") or ".")
        path = other.dockerfile()
        switches = spec.kind in "WPK" and not self.by_blueprint and written != "image"
        return "docker" if switches and path is not None and self.repo.is_file(path) else written

    def process(self) -> Process:
        """The Procfile's line for this kind of service."""
        return process_line(self.repo, self.root, "worker" if self.spec.kind == "K" else "web")

    def present(self, *names: str) -> list[tuple[str, Value]]:
        """Those of the fields that are written."""
        return [(name, value) for name in names if (value := self.spec.get(name)) is not None]
