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
    "preDeployCommand": Field("WPKS", "string", NOT_IMITATED, "not run yet"),
    "initialDeployHook": Field("WPK", "string", NOT_IMITATED, "not run yet"),
    "afterFirstDeployCommand": Field(
        "WPK", "string", NOT_IMITATED, "deprecated name of initialDeployHook; not run yet"
    ),
    "schedule": Field("C", "string", NOT_IMITATED, "cron jobs are not run yet"),
    "dockerfilePath": Field("WPKC", "string", EXACT),
    "dockerContext": Field("WPKC", "string", EXACT),
    "dockerCommand": Field("WPKC", "string", EXACT),
    "registryCredential": Field("WPKC", "mapping", NOT_IMITATED, "the engine's own credentials are used"),
    "image": Field("WPKC", "mapping", EXACT),
    "autoDeployTrigger": Field("WPKCS", "string", NOT_IMITATED, "deploys happen when you run `up`"),
    "autoDeploy": Field("WPKCS", "boolean", NOT_IMITATED, "deploys happen when you run `up`"),
    "buildFilter": Field("WPKCS", "mapping", NOT_IMITATED, "deploys happen when you run `up`"),
    "numInstances": Field("WPK", "integer", NOT_IMITATED, "one instance is run"),
    "scaling": Field("WPK", "mapping", NOT_IMITATED, "one instance is run"),
    "healthCheckPath": Field("WPK", "string", EXACT),
    "maxShutdownDelaySeconds": Field("WPK", "integer", EXACT),
    "disk": Field("WPK", "mapping", NOT_IMITATED, "not mounted yet"),
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
    "maxmemoryPolicy": Field("V", "string", NOT_IMITATED, "Key Value is not run yet"),
    "persistenceMode": Field("V", "string", NOT_IMITATED, "Key Value is not run yet"),
}

ROOT_FIELDS = (
    "services", "databases", "envVarGroups", "projects", "ungrouped", "previews", "version",
    "previewsEnabled", "previewsExpireAfterDays",
)  # fmt: skip

TYPES = {"web": "W", "pserv": "P", "worker": "K", "cron": "C", "keyvalue": "V", "redis": "V"}

NATIVE_RUNTIMES = ("node", "python", "elixir", "go", "ruby", "rust")
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
}
"""Fields people write that do not exist, and what to write instead."""


def kind_of(type: str, runtime: str | None) -> str | None:
    """The letter of a service's kind, None when its type is unknown."""
    return "S" if type == "web" and runtime == "static" else TYPES.get(type)
