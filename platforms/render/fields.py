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
    "initialDeployHook": Field("WPK", "string", NOT_IMITATED, "not run yet"),
    "afterFirstDeployCommand": Field(
        "WPK", "string", NOT_IMITATED, "deprecated name of initialDeployHook; not run yet"
    ),
    "schedule": Field("C", "string", EXACT),
    "dockerfilePath": Field("WPKC", "string", EXACT),
    "dockerContext": Field("WPKC", "string", EXACT),
    "dockerCommand": Field("WPKC", "string", EXACT),
    "registryCredential": Field("WPKC", "mapping", NOT_IMITATED, "the engine's own credentials are used"),
    "image": Field("WPKC", "mapping", EXACT),
    "autoDeployTrigger": Field("WPKCS", "string", NOT_IMITATED, "deploys happen when you run `up`"),
    "autoDeploy": Field("WPKCS", "boolean", NOT_IMITATED, "deploys happen when you run `up`"),
    "buildFilter": Field("WPKCS", "mapping", NOT_IMITATED, "deploys happen when you run `up`"),
    "numInstances": Field("WPK", "integer", EXACT),
    "scaling": Field("WPK", "mapping", APPROXIMATE, "as many as minInstances are run"),
    "healthCheckPath": Field("WPK", "string", EXACT),
    "maxShutdownDelaySeconds": Field("WPK", "integer", EXACT),
    "disk": Field("WPK", "mapping", APPROXIMATE, "a volume on this machine, without a limit of its size"),
    "domains": Field("WPKS", "list", NOT_IMITATED, "only the Host of health checks follows it"),
    "domain": Field("WPKS", "string", NOT_IMITATED, "only the Host of health checks follows it"),
    "renderSubdomainPolicy": Field("WS", "string", NOT_IMITATED, "there is one local address"),
    "maintenanceMode": Field("W", "mapping", NOT_IMITATED, "never in maintenance here"),
    "ipAllowList": Field("WSV", "list", NOT_IMITATED, "served on this machine only"),
    "envVars": Field("WPKCS", "list", EXACT),
    "previews": Field("WPKCS", "mapping", NOT_IMITATED, "no previews yet"),
    "pullRequestPreviewsEnabled": Field("WPKS", "boolean", NOT_IMITATED, "no previews yet"),
    "previewPlan": Field("WPKV", "string", NOT_IMITATED, "no previews yet"),
    "staticPublishPath": Field("S", "string", NOT_IMITATED, "static sites are not served yet"),
    "headers": Field("S", "list", NOT_IMITATED, "static sites are not served yet"),
    "routes": Field("S", "list", NOT_IMITATED, "static sites are not served yet"),
    "maxmemoryPolicy": Field("V", "string", EXACT, "given to the local server"),
    "persistenceMode": Field("V", "string", APPROXIMATE, "as settings of the local server"),
}

ROOT_NOTES: dict[str, tuple[Fidelity, str]] = {
    "envVarGroups": (EXACT, ""),
    "version": (EXACT, ""),
    "projects": (APPROXIMATE, "the services of all environments stand in one plan"),
    "ungrouped": (APPROXIMATE, "the services of all environments stand in one plan"),
    "previews": (NOT_IMITATED, "no previews yet"),
    "previewsEnabled": (NOT_IMITATED, "no previews yet"),
    "previewsExpireAfterDays": (NOT_IMITATED, "no previews yet"),
}
"""What we make of the file's outermost fields; services and databases are told field by field."""

ROOT_FIELDS = ("services", "databases", *ROOT_NOTES)
PREVIEWS_FIELDS = ("generation", "expireAfterDays")
UNGROUPED_FIELDS = ("services", "databases", "envVarGroups")
PROJECT_FIELDS = ("name", "environments")
ENVIRONMENT_FIELDS = ("name", "services", "databases", "envVarGroups", "networking", "permissions")
GROUP_FIELDS = ("name", "envVars")

DATABASE_FIELDS = {
    "name": "string", "plan": "string", "postgresMajorVersion": "string", "databaseName": "string", "user": "string",
    "region": "string", "diskSizeGB": "integer", "previewPlan": "string", "previewDiskSizeGB": "integer",
    "storageAutoscalingEnabled": "boolean", "ipAllowList": "list", "readReplicas": "list",
    "highAvailability": "mapping", "connectionPool": "string",
}  # fmt: skip

NESTED_FIELDS: dict[str, tuple[str, ...]] = {
    "registryCredential": ("fromRegistryCreds",),
    "image": ("url", "creds"),
    "buildFilter": ("paths", "ignoredPaths"),
    "scaling": ("minInstances", "maxInstances", "targetMemoryPercent", "targetCPUPercent"),
    "disk": ("name", "mountPath", "sizeGB"),
    "maintenanceMode": ("enabled", "uri"),
    "previews": ("generation", "plan", "numInstances"),
    "ipAllowList": ("source", "description"),
    "headers": ("path", "name", "value"),
    "routes": ("type", "source", "destination"),
}
"""Fields of a field's mapping, or of each item of its list."""

CHOICES: dict[str, tuple[str, ...]] = {
    "region": ("oregon", "ohio", "virginia", "frankfurt", "singapore"),
    "autoDeployTrigger": ("commit", "checksPass", "off"),
    "renderSubdomainPolicy": ("enabled", "disabled"),
    "persistenceMode": ("journal-snapshot", "snapshot", "off"),
}

ENV_KEYS = (
    "key", "value", "generateValue", "sync", "fromDatabase", "fromService", "fromGroup", "previewValue",
    "displayName", "description", "sensitive",
)  # fmt: skip
"""The last three are not documented; a Blueprint of Render's own examples has them (render-examples/ravendr)."""
REFERENCE_KEYS = {"fromDatabase": ("name", "property"), "fromService": ("name", "type", "property", "envVarKey")}
DATABASE_PROPERTIES = ("connectionString", "connectionPoolString", "host", "port", "user", "password", "database")
SERVICE_PROPERTIES = ("host", "port", "hostport", "connectionString")

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
    "postgres": "Postgres goes under the root key `databases`",
}
"""Types people write that do not exist, and what to write instead."""

A_TYPE = {
    "string": "a string", "integer": "an integer", "boolean": "a boolean", "list": "a list", "mapping": "a mapping",
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


def kind_of(type: str, runtime: str | None) -> str | None:
    """The letter of a service's kind, None when its type is unknown."""
    return "S" if type == "web" and runtime == "static" else TYPES.get(type)
