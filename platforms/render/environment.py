"""The variables of a service: Render's own, the file's, the user's; who wins, and which stay hidden.

Precedence (rule render/default-env): a service's variable beats its groups', which beat Render's
defaults; what the user gives on the command line beats all.
"""

from typing import NamedTuple

from emulator.contract import GivenVar, token
from emulator.model.plan import EnvKind, EnvPhase, EnvVar
from emulator.model.record import replace
from emulator.snapshot import Repository

from .declarations import EnvEntry, ServiceSpec
from .identifiers import letters
from .linking import private_name
from .plans import InstanceType, cpu_count, web_concurrency
from .values import PRINTED, Known, Scope, declared, is_printed, kind_of, known

BUILD, RUN, BOTH = EnvPhase.BUILD, EnvPhase.RUN, EnvPhase.BOTH

_TYPE_WORDS = {"W": "web", "P": "pserv", "K": "worker", "C": "cron", "S": "static"}

LANGUAGE_ENV: dict[str, tuple[tuple[str, str, EnvPhase], ...]] = {
    "python": (
        ("CI", "true", BUILD),
        ("FORWARDED_ALLOW_IPS", "*", BOTH),
        ("GUNICORN_CMD_ARGS", "--preload --access-logfile - --bind=0.0.0.0:10000", BOTH),
        ("PIPENV_YES", "true", BOTH),
        ("VENV_ROOT", "/opt/render/project/src/.venv", BOTH),
    ),
    "node": (("NODE_ENV", "production", RUN), ("NODE_MODULES_CACHE", "true", BOTH)),
    "ruby": (
        ("BUNDLE_APP_CONFIG", "/opt/render/project/.gems", BOTH),
        ("BUNDLE_PATH", "/opt/render/project/.gems", BOTH),
        ("GEM_PATH", "/opt/render/project/.gems", BOTH),
        ("BUNDLE_BIN", "/opt/render/project/.gems/bin", BOTH),
        ("BUNDLE_DEPLOYMENT", "true", BOTH),
        ("MALLOC_ARENA_MAX", "2", BOTH),
        ("PASSENGER_ENGINE", "builtin", BOTH),
        ("PASSENGER_ENVIRONMENT", "production", BOTH),
        ("PASSENGER_PORT", "10000", BOTH),
        ("PIDFILE", "/tmp/puma-server.pid", BOTH),  # noqa: S108 - Render's own value
        ("RAILS_ENV", "production", BOTH),
        ("RAILS_SERVE_STATIC_FILES", "true", BOTH),
        ("RAILS_LOG_TO_STDOUT", "true", BOTH),
    ),
    "go": (("GO111MODULE", "on", BOTH), ("GOPATH", "/opt/render/project/go", BOTH)),
    "rust": (
        ("CARGO_HOME", "/opt/render/project/.cargo", BOTH),
        ("RUSTUP_HOME", "/opt/render/project/.rustup", BOTH),
        ("ROCKET_ENV", "prod", BOTH),
        ("ROCKET_PORT", "10000", RUN),
    ),
    "elixir": (("MIX_ENV", "prod", BOTH), ("RELEASE_DISTRIBUTION", "name", BOTH)),
}
"""Variables of a language's native runtime (source: environment-variables)."""


class Environment(NamedTuple):
    """variables: sorted by name. hidden: the values that are not printed. empty: variables that have no form.
    unanswered: prompts that nobody has answered, each with the service it belongs to: this one, or one it refers to."""

    variables: tuple[EnvVar, ...]
    hidden: dict[str, str]
    empty: tuple[EnvEntry, ...]
    unanswered: tuple[tuple[str, EnvEntry], ...]

    def get(self, name: str) -> EnvVar | None:
        return next((v for v in self.variables if v.name == name), None)

    def shown(self, name: str) -> str | None:
        """The value, or the token that stands for one that is hidden or not known yet; None when the
        service has no such variable."""
        found = self.get(name)
        if found is None:
            return None
        return token(name) if found.value is None else found.value

    def args(self) -> dict[str, str]:
        """What a build is given: each variable with its value or token."""
        return {v.name: token(v.name) if v.value is None else v.value for v in self.variables if v.phase is not RUN}


def environment(
    *, spec: ServiceSpec, scope: Scope, repository: Repository, runtime: str, instance: InstanceType
) -> Environment:
    """Everything the service's build and process see; a static site has no process, only a build."""
    sources = scope.sources
    defaults = platform_variables(spec, repository, runtime, instance, is_preview=sources.is_preview)
    variables = {v.name: v for v in defaults}
    values: dict[str, Known] = {}
    empty: dict[str, EnvEntry] = {}
    for entry in declared(spec, sources.blueprint):
        value = values[entry.key] = known(entry, spec, scope)
        variables[entry.key] = EnvVar(
            name=entry.key, value=value.value, kind=kind_of(entry), origin=entry.origin, reference=value.reference,
            made_as=value.made_as,
        )  # fmt: skip
        empty = {key: e for key, e in {**empty, entry.key: entry}.items() if e.form == "empty"}
    for given in sources.given_to(spec.name).values():
        values[given.name] = _give(variables, given)
        empty.pop(given.name, None)
    if spec.kind == "S":
        variables = {name: replace(v, phase=BUILD) for name, v in variables.items() if v.phase is not RUN}
    ordered = tuple(variables[name] for name in sorted(variables))
    # Where two have one value, a log shows the name of the service's own: what comes last names it.
    order = sorted(values, key=lambda name: variables[name].kind is not EnvKind.SERVICE)
    hidden = {name: text for name in order if (text := values[name].hidden) is not None}
    unanswered = tuple(value.unset for value in values.values() if value.unset is not None)
    return Environment(ordered, hidden, tuple(empty.values()), unanswered)


def _give(variables: dict[str, EnvVar], given: GivenVar) -> Known:
    """A variable the user gave. One that the platform keeps secret stays secret, and so does what an env file says."""
    declared = variables.get(given.name)
    kind = declared.kind if declared else EnvKind.FLAG
    printed = is_printed(given, kind)
    if kind in PRINTED:
        kind = EnvKind.FLAG if given.source == "flag" else EnvKind.SECRET
    variables[given.name] = EnvVar(
        name=given.name, value=given.value if printed else None, kind=kind,
        origin=given.origin or (declared.origin if declared else None),
    )  # fmt: skip
    return Known(value=given.value) if printed else Known(hidden=given.value)


def platform_variables(
    spec: ServiceSpec, repository: Repository, runtime: str, instance: InstanceType, *, is_preview: bool
) -> list[EnvVar]:
    """Render's own variables (rule render/default-env)."""
    id_ = service_id(spec, repository)
    public = spec.kind in "WS"
    rows: list[tuple[str, str | None, EnvPhase]] = [
        ("RENDER", "true", BOTH),
        ("IS_PULL_REQUEST", "true" if is_preview else "false", BOTH),
        ("RENDER_SERVICE_ID", id_, BOTH),
        ("RENDER_SERVICE_NAME", spec.name, BOTH),
        ("RENDER_SERVICE_TYPE", _TYPE_WORDS.get(spec.kind, "web"), BOTH),
        ("RENDER_EXTERNAL_HOSTNAME", external_host(spec) if public else "", BOTH),
        ("RENDER_EXTERNAL_URL", f"https://{external_host(spec)}" if public else "", BOTH),
        ("RENDER_DISCOVERY_SERVICE", f"{private_name(spec)}-discovery", BOTH),
        ("RENDER_CPU_COUNT", cpu_count(instance), BOTH),
        ("RENDER_INSTANCE_ID", f"{id_}-{letters(id_, 5)}", RUN),
    ]
    if repository.is_git and runtime != "image":
        rows += [
            ("RENDER_GIT_BRANCH", repository.branch or "", BOTH),
            ("RENDER_GIT_COMMIT", repository.commit or "", BOTH),
            ("RENDER_GIT_REPO_SLUG", repository.slug or "", BOTH),
        ]
    if spec.kind in "WP":
        rows += [
            ("RENDER_WEB_CONCURRENCY", web_concurrency(instance), RUN),
            ("WEB_CONCURRENCY", web_concurrency(instance), RUN),
        ]
    if spec.kind == "W":
        rows.append(("PORT", "10000", BOTH))
    rows += LANGUAGE_ENV.get(runtime, ())
    return [EnvVar(name=name, value=value, kind=EnvKind.PLATFORM, phase=phase) for name, value, phase in rows]


def service_id(spec: ServiceSpec, repository: Repository) -> str:
    """An identifier of the form Render gives, the same for the same repository and service."""
    if spec.identity and spec.identity.id:
        return spec.identity.id
    return "srv-" + letters(f"{repository.name}/{spec.name}", 20)


def external_host(spec: ServiceSpec) -> str:
    if spec.identity and spec.identity.host:
        return spec.identity.host
    return f"{private_name(spec)}.onrender.com"
