"""The settings of a service as Render's API and command line give them: which exist, of which type, and which
field of render.yaml holds the same.

One table (source: the types that github.com/render-oss/cli generates from Render's public OpenAPI description,
read 2026-11-26 at its state of 2026-08-21). A path's parts are separated by dots.
"""

from typing import NamedTuple

from emulator.model.rule import Fidelity

EXACT, APPROXIMATE, NOT_IMITATED = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED


class RecordField(NamedTuple):
    """type: string, integer, boolean, list, mapping. into: the field of render.yaml that holds the same, "" where there
    is none; it tells what `up` makes of it. fidelity, note: what `up` makes of one that stands alone."""

    type: str
    into: str = ""
    fidelity: Fidelity = EXACT
    note: str = ""


def _apart(type_: str, note: str) -> RecordField:
    """A field that a run here does not follow."""
    return RecordField(type_, "", NOT_IMITATED, note)


def _about(type_: str, note: str = "it says nothing of what runs") -> RecordField:
    """A field that changes nothing of a run."""
    return RecordField(type_, note=note)


FIELDS: dict[str, RecordField] = {
    "id": RecordField("string", note="RENDER_SERVICE_ID"),
    "name": RecordField("string", "name"),
    "slug": RecordField("string", note="the name in the private network"),
    "type": RecordField("string", "type"),
    "repo": RecordField("string", "repo"),
    "branch": RecordField("string", "branch"),
    "rootDir": RecordField("string", "rootDir"),
    "imagePath": RecordField("string", "image"),
    "image.imagePath": RecordField("string", "image"),
    "buildFilter": RecordField("mapping", "buildFilter"),
    "autoDeploy": RecordField("string", "autoDeploy"),
    "autoDeployTrigger": RecordField("string", "autoDeployTrigger"),
    "registryCredential": RecordField("mapping", "registryCredential"),
    "suspended": _apart("string", "a suspended service is run here all the same"),
    "suspenders": _about("list", "who suspended it"),
    "notifyOnFail": _about("string"),
    "artifactSourceId": _about("string"),
    "createdAt": _about("string"),
    "updatedAt": _about("string"),
    "dashboardUrl": _about("string"),
    "ownerId": _about("string"),
    "owner": _about("mapping"),
    "environmentId": _about("string"),
    "projectId": _about("string"),
    "serviceDetails.runtime": RecordField("string", "runtime"),
    "serviceDetails.env": RecordField("string", "runtime"),
    "serviceDetails.plan": RecordField("string", "plan"),
    "serviceDetails.region": RecordField("string", "region"),
    "serviceDetails.schedule": RecordField("string", "schedule"),
    "serviceDetails.numInstances": RecordField("integer", "numInstances"),
    "serviceDetails.autoscaling": RecordField("mapping", "scaling"),
    "serviceDetails.healthCheckPath": RecordField("string", "healthCheckPath"),
    "serviceDetails.maxShutdownDelaySeconds": RecordField("integer", "maxShutdownDelaySeconds"),
    "serviceDetails.disk": RecordField("mapping", "disk"),
    "serviceDetails.maintenanceMode": RecordField("mapping", "maintenanceMode"),
    "serviceDetails.ipAllowList": RecordField("list", "ipAllowList"),
    "serviceDetails.previews": RecordField("mapping", "previews"),
    "serviceDetails.pullRequestPreviewsEnabled": RecordField("string", "pullRequestPreviewsEnabled"),
    "serviceDetails.renderSubdomainPolicy": RecordField("string", "renderSubdomainPolicy"),
    "serviceDetails.buildCommand": RecordField("string", "buildCommand"),
    "serviceDetails.publishPath": RecordField("string", "staticPublishPath"),
    "serviceDetails.envSpecificDetails.buildCommand": RecordField("string", "buildCommand"),
    "serviceDetails.envSpecificDetails.startCommand": RecordField("string", "startCommand"),
    "serviceDetails.envSpecificDetails.preDeployCommand": RecordField("string", "preDeployCommand"),
    "serviceDetails.envSpecificDetails.dockerCommand": RecordField("string", "dockerCommand"),
    "serviceDetails.envSpecificDetails.dockerContext": RecordField("string", "dockerContext"),
    "serviceDetails.envSpecificDetails.dockerfilePath": RecordField("string", "dockerfilePath"),
    "serviceDetails.envSpecificDetails.registryCredential": RecordField("mapping", "registryCredential"),
    "serviceDetails.url": RecordField("string", note="RENDER_EXTERNAL_URL"),
    "serviceDetails.openPorts": _about("list", "the ports are looked for again"),
    "serviceDetails.buildPlan": _apart("string", "builds take this machine's time"),
    "serviceDetails.cache": _apart("mapping", "there is no cache at the edge"),
    "serviceDetails.internalRouting": _apart("string", "there is one local network"),
    "serviceDetails.sshAddress": _apart("string", "there is no SSH"),
    "serviceDetails.lastSuccessfulRunAt": _about("string"),
    "serviceDetails.parentServer": _about("mapping"),
    "envVars": RecordField("list", "envVars"),
    "secretFiles": _about("list", "those whose contents are in the record"),
    "customDomains": RecordField("list", "domains"),
    "headers": RecordField("list", "headers"),
    "routes": RecordField("list", "routes"),
}
"""Every field of a service, and those lists that the API has at addresses of their own, where they were merged in."""

INSIDE: tuple[str, ...] = ("serviceDetails", "serviceDetails.envSpecificDetails", "image")
"""Mappings whose fields stand in the table themselves."""

IN_MAPPING: dict[str, tuple[str, ...]] = {
    "image": ("imagePath", "ownerId", "registryCredentialId"),
    "buildFilter": ("paths", "ignoredPaths"),
    "registryCredential": ("id", "name", "registry", "username", "updatedAt"),
    "serviceDetails.envSpecificDetails.registryCredential": ("id", "name", "registry", "username", "updatedAt"),
    "serviceDetails.autoscaling": ("enabled", "min", "max", "criteria"),
    "serviceDetails.disk": ("id", "name", "mountPath", "sizeGB"),
    "serviceDetails.maintenanceMode": ("enabled", "uri"),
    "serviceDetails.previews": ("generation",),
    "serviceDetails.cache": ("profile",),
}
"""Fields of a field's mapping."""

KINDS = {
    "web_service": "W", "private_service": "P", "background_worker": "K", "cron_job": "C", "static_site": "S",
}  # fmt: skip
"""The API's types, as letters of `fields`."""

TYPE_OF_KIND = {"W": "web", "P": "pserv", "K": "worker", "C": "cron", "S": "web"}
"""What render.yaml calls them."""

DATASTORES = {"postgres": "Postgres database", "keyValue": "Key Value store", "redis": "Key Value store"}
"""What else a list of a workspace's resources holds."""

PARTS = {
    "envVar": "envVars", "secretFile": "secretFiles", "customDomain": "customDomains", "header": "headers",
    "route": "routes",
}  # fmt: skip
"""What the API lists at addresses of their own (`/env-vars`), an item each; and where it belongs in the service."""

NOTHING_SET = ("", "false", "no", "off", "not_suspended", "no-cache", "null")
"""Values of the API where a setting is not made."""
