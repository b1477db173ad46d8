"""The fields of render.yaml: which exist, on which kind of service, of which type, and what we make of them.

One table (source: blueprint-spec and the published schema, read 2026-11-20). Kinds: W web, P private,
K worker, C cron, S static, V Key Value. "○" fields are accepted without effect.
"""

from typing import NamedTuple

from emulator.model.rule import Fidelity

EXACT, APPROXIMATE, NOT_IMITATED = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED


DEFAULT_PATH = "render.yaml"


class Field(NamedTuple):
    """kinds: letters of the kinds that take it. type: string, integer, boolean, list, mapping.
    fidelity, note: what `up` makes of it."""

    kinds: str
    type: str
    fidelity: Fidelity
    note: str = ""


SERVICE_FIELDS: dict[str, Field] = {
    "type": Field("WPKCSV", "string", EXACT),
    "name": Field("WPKCSV", "string", EXACT),
    "runtime": Field("WPKCS", "string", EXACT),
    "env": Field("WPKCS", "string", EXACT, "deprecated name of runtime"),
    "plan": Field("WPKCV", "string", APPROXIMATE, "memory as a hard limit; CPU only with --limits all"),
    "region": Field("WPKCV", "string", NOT_IMITATED, "everything runs on this machine"),
    "repo": Field("WPKCS", "string", NOT_IMITATED, "the repository at hand is used"),
    "branch": Field("WPKCS", "string", NOT_IMITATED, "the snapshot at hand is used"),
    "rootDir": Field("WPKCS", "string", EXACT),
    "buildCommand": Field("WPKCS", "string", EXACT),
    "startCommand": Field("WPKC", "string", EXACT),
    "preDeployCommand": Field("WPKS", "string", EXACT),
    "initialDeployHook": Field("WPK", "string", APPROXIMATE, "once, after the first deploy that is live here"),
    "afterFirstDeployCommand": Field("WPK", "string", APPROXIMATE, "deprecated name of initialDeployHook"),
    "schedule": Field("C", "string", EXACT),
    "dockerfilePath": Field("WPKC", "string", EXACT),
    "dockerContext": Field("WPKC", "string", EXACT),
    "dockerCommand": Field("WPKC", "string", EXACT),
    "registryCredential": Field("WPKC", "mapping", NOT_IMITATED, "the engine's own credentials are used"),
    "image": Field("WPKC", "mapping", EXACT),
    "autoDeployTrigger": Field("WPKCS", "string", NOT_IMITATED, "deploys happen when you run `up`"),
    "autoDeploy": Field("WPKCS", "boolean", NOT_IMITATED, "deploys happen when you run `up`"),
    "buildFilter": Field("WPKCS", "mapping", APPROXIMATE, "`up --watch` goes by it, as a push does"),
    "numInstances": Field("WPK", "integer", EXACT),
    "scaling": Field("WPK", "mapping", APPROXIMATE, "as many as minInstances are run"),
    "healthCheckPath": Field("WPK", "string", EXACT),
    "maxShutdownDelaySeconds": Field("WPK", "integer", EXACT),
    "disk": Field("WPK", "mapping", APPROXIMATE, "a volume on this machine, without a limit of its size"),
    "domains": Field("WPKS", "list", NOT_IMITATED, "only the Host of health checks follows it"),
    "domain": Field("WPKS", "string", NOT_IMITATED, "only the Host of health checks follows it"),
    "renderSubdomainPolicy": Field("WS", "string", NOT_IMITATED, "there is one local address"),
    "maintenanceMode": Field("W", "mapping", APPROXIMATE, "503 with a page of our own"),
    "ipAllowList": Field("WSV", "list", NOT_IMITATED, "served on this machine only"),
    "envVars": Field("WPKCS", "list", EXACT),
    "previews": Field("WPKCS", "mapping", EXACT, "read with --preview"),
    "pullRequestPreviewsEnabled": Field("WPKS", "boolean", EXACT, "read with --preview"),
    "previewPlan": Field("WPKV", "string", EXACT, "read with --preview"),
    "staticPublishPath": Field("S", "string", EXACT),
    "headers": Field("S", "list", EXACT),
    "routes": Field("S", "list", EXACT),
    "maxmemoryPolicy": Field("V", "string", APPROXIMATE, "applied by the local server, at the memory of the plan"),
    "persistenceMode": Field("V", "string", APPROXIMATE, "as settings of the local server"),
}

ROOT_NOTES: dict[str, tuple[Fidelity, str]] = {
    "envVarGroups": (EXACT, ""),
    "version": (EXACT, ""),
    "projects": (APPROXIMATE, "the services of all environments stand in one plan"),
    "ungrouped": (APPROXIMATE, "the services of all environments stand in one plan"),
    "previews": (EXACT, "read with --preview; nothing expires here"),
    "previewsEnabled": (EXACT, "read with --preview"),
    "previewsExpireAfterDays": (NOT_IMITATED, "nothing expires here"),
}
"""What we make of the file's outermost fields; services and databases are told field by field."""

TYPES = {"web": "W", "pserv": "P", "worker": "K", "cron": "C", "keyvalue": "V", "redis": "V"}

WORKFLOW = "workflow"
"""A type of its own since 2026-09-16 (source: render.com/changelog, "Blueprint support for Render Workflows"). Its
tasks run when something asks for them; it takes the fields of other services, and no plan."""

KIND_NAMES = {
    "W": "a web service", "P": "a private service", "K": "a worker", "C": "a cron job", "S": "a static site",
    "V": "a Key Value store",
}  # fmt: skip

KINDS_NAMES = {
    "W": "web services", "P": "private services", "K": "workers", "C": "cron jobs", "S": "static sites",
    "V": "Key Value stores",
}  # fmt: skip

NOT_A_TYPE = {
    "static": "a static site is `type: web` with `runtime: static`",
    "private": "write `type: pserv`",
    "static_site": "a static site is `type: web` with `runtime: static`",
    **dict.fromkeys(
        ("postgres", "postgresql", "psql", "pg", "database", "db"), "Postgres goes under the root key `databases`"
    ),
    **dict.fromkeys(("web_service", "service", "app", "node", "docker"), "write `type: web`"),
    "private_service": "write `type: pserv`",
    "background_worker": "write `type: worker`",
    **dict.fromkeys(("cron_job", "cronjob", "job"), "write `type: cron`"),
    **dict.fromkeys(("key_value", "valkey"), "write `type: keyvalue`"),
}
"""Types people write that do not exist, and what to write instead."""

A_TYPE = {
    "string": "a string", "scalar": "a string or a number", "integer": "an integer", "boolean": "a boolean",
    "list": "a list", "mapping": "a mapping",
}  # fmt: skip

NATIVE_RUNTIMES = ("node", "python", "elixir", "go", "ruby", "rust")
FORMS = {"envVars": "write a list: `- key: PORT`, and below it `value: 8000`"}
"""How a field is written whose form people miss."""

DOCKER_ONLY = ("dockerContext", "dockerfilePath", "dockerCommand")
"""Fields no native service can have."""

RUNTIMES = (*NATIVE_RUNTIMES, "docker", "image", "static")

NOT_A_FIELD = {
    "dockerTarget": "Render always builds the last stage; there is no field for another",
    "buildArgs": "every variable of envVars is a build argument: declare it with ARG in the Dockerfile",
    "ports": "Render finds the port by itself; set PORT in envVars to choose it",
    "port": "Render finds the port by itself; set PORT in envVars to choose it",
    "releaseCommand": "use preDeployCommand",
    "buildEnvironment": "use envVars: they are there at build time too",
    "command": "use startCommand, or dockerCommand for docker and image",
    "healthCheck": "use healthCheckPath",
    "root": "did you mean `rootDir`?",
    "filter": "did you mean `buildFilter`?",
    "dockerArgs": "every variable of envVars is a build argument: declare it with ARG in the Dockerfile",
    "databases": "`databases` stands beside `services`, at the outermost level",
    "nodeVersion": "set NODE_VERSION in envVars, or engines in package.json",
    "pythonVersion": "set PYTHON_VERSION in envVars, or write a .python-version file",
}
"""Fields people write that do not exist, and what to write instead."""

NOT_A_ROOT_FIELD = {
    **dict.fromkeys(SERVICE_FIELDS, "it is a field of a service: write it in an item of `services`"),
    "crons": "a cron job is a service with `type: cron`",
    "cronJobs": "a cron job is a service with `type: cron`",
    "jobs": "a cron job is a service with `type: cron`",
    "redis": "a Key Value store is a service with `type: keyvalue`",
    "keyvalue": "a Key Value store is a service with `type: keyvalue`",
    "postgres": "Postgres goes under `databases`",
    "envVars": "variables belong to a service, or to a group of `envVarGroups`",
    "staticSites": "a static site is a service with `type: web` and `runtime: static`",
    "environments": "environments belong to a project, under `projects`",
}

NOT_A_VARIABLE_FIELD = dict.fromkeys(
    ("fromSecret", "secret", "isSecret", "prompt"), "write `sync: false`: Render asks once for the value, and keeps it"
)

NOT_A_DATABASE_FIELD = {
    "version": "did you mean `postgresMajorVersion`?",
    "postgresVersion": "did you mean `postgresMajorVersion`?",
    "type": "remove it: everything under `databases` is Postgres",
    "envVars": "a database has no variables; services take theirs from it with fromDatabase",
}


def kind_of(type: str, runtime: str | None) -> str | None:
    """The letter of a service's kind, None when its type is unknown."""
    return "S" if type == "web" and runtime == "static" else TYPES.get(type)
