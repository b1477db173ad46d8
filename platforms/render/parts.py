"""The whole of render.yaml as one table: each field's type, its words and limits, and the fields inside it.

Sources: blueprint-spec and the published schema as of 2026-09-05. `checking` holds a file against it and
`editor_schema` prints it as JSON Schema. Which kinds of service take a field is in `fields`.
"""

from typing import NamedTuple

from . import fields
from .plans import DATABASE_LEGACY, DATABASE_PLANS, INSTANCE_TYPES, KEY_VALUE_PLANS


class Part(NamedTuple):
    """type: string, integer, boolean, list, mapping; "scalar" where a number or a boolean is taken as text.
    parts: the fields of its mapping, or of each item of its list; None where any will do. item: the type of a list's
    items that have no fields. is_required: by the published schema. least, most: of a number, or of a list's length.
    is_judged: `validation` or a reader judges a value of this type, and its absence, in the platform's own words."""

    type: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    parts: "dict[str, Part] | None" = None
    item: str = ""
    least: int | None = None
    most: int | None = None
    is_judged: bool = False


_TEXT, _SCALAR, _YES_NO = Part("string"), Part("scalar"), Part("boolean")
_NEEDED = Part("string", is_required=True)
_NAME = Part("string", is_required=True, is_judged=True)
_TEXTS = Part("list", item="string")
_COUNT = Part("integer", least=1)
_JUDGED_COUNT = Part("integer", least=1, is_judged=True)
_PERCENT = Part("integer", least=1, most=90, is_judged=True)
_SWITCH = Part("string", choices=("enabled", "disabled"))
_REGION = Part("string", choices=("oregon", "ohio", "virginia", "frankfurt", "singapore"))
_GENERATION = Part("string", choices=("off", "manual", "automatic"))
_CREDENTIALS = Part("mapping", parts={"fromRegistryCreds": Part("mapping", is_required=True, parts={"name": _NEEDED})})
_ALLOWED = Part("list", parts={"source": _NEEDED, "description": _TEXT})
_SERVICE_PLAN = Part("string", choices=tuple({**INSTANCE_TYPES, **KEY_VALUE_PLANS}), is_judged=True)
_DATABASE_PLAN = Part("string", choices=(*DATABASE_PLANS, *DATABASE_LEGACY), is_judged=True)

DATABASE_PROPERTIES = ("connectionString", "connectionPoolString", "host", "port", "user", "password", "database")
SERVICE_PROPERTIES = ("connectionString", "host", "hostport", "port")
REFERRED_TYPES = ("web", "cron", "worker", "pserv", "static", "dpg", "job", "redis", "keyvalue")

FROM_DATABASE = {"name": _NAME, "property": Part("string", True, DATABASE_PROPERTIES, is_judged=True)}
FROM_SERVICE = {
    "name": _NAME,
    "type": Part("string", True, REFERRED_TYPES, is_judged=True),
    "property": Part("string", choices=SERVICE_PROPERTIES, is_judged=True),
    "envVarKey": _TEXT,
}

VARIABLE = {
    "key": Part("string", is_judged=True),
    "value": Part("scalar", is_judged=True),
    "generateValue": _YES_NO,
    "sync": _YES_NO,
    "previewValue": _SCALAR,
    "fromDatabase": Part("mapping", parts=FROM_DATABASE, is_judged=True),
    "fromService": Part("mapping", parts=FROM_SERVICE, is_judged=True),
    "fromGroup": _TEXT,
    "displayName": _TEXT,
    "description": _TEXT,
    "sensitive": _YES_NO,
}
"""The last three are not documented; a Blueprint of Render's own examples has them (render-examples/ravendr)."""

GROUP_VARIABLE = {key: VARIABLE[key] for key in VARIABLE if key not in ("fromDatabase", "fromService", "fromGroup")}

_SHAPES: dict[str, Part] = {
    "type": Part("string", True, (*fields.TYPES, fields.WORKFLOW), is_judged=True),
    "name": _NAME,
    "runtime": Part("string", choices=fields.RUNTIMES, is_judged=True),
    "env": Part("string", choices=fields.RUNTIMES, is_judged=True),
    "plan": _SERVICE_PLAN,
    "region": _REGION,
    "registryCredential": _CREDENTIALS,
    "image": Part("mapping", parts={"url": _NAME, "creds": _CREDENTIALS}),
    "autoDeployTrigger": Part("string", choices=("commit", "checksPass", "off")),
    "buildFilter": Part("mapping", parts={"paths": _TEXTS, "ignoredPaths": _TEXTS}),
    "numInstances": _JUDGED_COUNT,
    "scaling": Part(
        "mapping",
        parts={
            "minInstances": _JUDGED_COUNT,
            "maxInstances": _JUDGED_COUNT,
            "targetMemoryPercent": _PERCENT,
            "targetCPUPercent": _PERCENT,
        },
    ),
    "maxShutdownDelaySeconds": Part("integer", least=1, most=300, is_judged=True),
    "disk": Part("mapping", parts={"name": _NAME, "mountPath": _NAME, "sizeGB": _JUDGED_COUNT}),
    "domains": _TEXTS,
    "renderSubdomainPolicy": _SWITCH,
    "maintenanceMode": Part("mapping", parts={"enabled": _YES_NO, "uri": _TEXT}),
    "ipAllowList": _ALLOWED,
    "envVars": Part("list", parts=VARIABLE, is_judged=True),
    "previews": Part("mapping", parts={"generation": _GENERATION, "plan": _SERVICE_PLAN, "numInstances": _COUNT}),
    "previewPlan": _SERVICE_PLAN,
    "headers": Part("list", parts={"path": _NEEDED, "name": _NEEDED, "value": _NEEDED}),
    "routes": Part(
        "list",
        parts={
            "type": Part("string", is_required=True, choices=("redirect", "rewrite")),
            "source": _NEEDED,
            "destination": _NEEDED,
        },
    ),
    "maxmemoryPolicy": Part(
        "string",
        choices=("allkeys-lru", "volatile-lru", "allkeys-lfu", "volatile-lfu", "allkeys-random", "volatile-random",
                 "volatile-ttl", "noeviction"),
    ),
    "persistenceMode": Part("string", choices=("journal-snapshot", "snapshot", "off")),
}  # fmt: skip
"""The fields of a service of which there is more to say than a type."""

SERVICE: dict[str, Part] = {
    name: _SHAPES.get(name, Part(field.type)) for name, field in fields.SERVICE_FIELDS.items()
}  # fmt: skip

DATABASE: dict[str, Part] = {
    "name": _NAME,
    "plan": _DATABASE_PLAN,
    "postgresMajorVersion": Part("scalar", choices=tuple(map(str, range(10, 19))), is_judged=True),
    "databaseName": _TEXT,
    "user": _TEXT,
    "region": _REGION,
    "diskSizeGB": _JUDGED_COUNT,
    "previewPlan": _DATABASE_PLAN,
    "previewDiskSizeGB": _JUDGED_COUNT,
    "storageAutoscalingEnabled": _YES_NO,
    "ipAllowList": _ALLOWED,
    "readReplicas": Part("list", parts={"name": _NEEDED}, most=5),
    "highAvailability": Part("mapping", parts={"enabled": Part("boolean", is_required=True)}),
    "connectionPool": Part("string", choices=("pgbouncer", "none")),
}

GROUP: dict[str, Part] = {
    "name": _NAME,
    "envVars": Part("list", parts=GROUP_VARIABLE, is_judged=True),
}

RESOURCES: dict[str, Part] = {
    "services": Part("list", parts=SERVICE, is_judged=True),
    "databases": Part("list", parts=DATABASE, is_judged=True),
    "envVarGroups": Part("list", parts=GROUP, is_judged=True),
}

ENVIRONMENT: dict[str, Part] = {
    "name": _NEEDED,
    **RESOURCES,
    "networking": Part("mapping", parts={"isolation": _SWITCH}),
    "permissions": Part("mapping", parts={"protection": _SWITCH}),
}

PROJECT: dict[str, Part] = {
    "name": _NEEDED,
    "environments": Part("list", is_required=True, parts=ENVIRONMENT, least=1),
}

ROOT: dict[str, Part] = {
    **RESOURCES,
    "version": Part("scalar", choices=("1",), is_judged=True),
    "projects": Part("list", parts=PROJECT),
    "ungrouped": Part("mapping", parts=RESOURCES),
    "previews": Part("mapping", parts={"generation": _GENERATION, "expireAfterDays": _COUNT}),
    "previewsEnabled": _YES_NO,
    "previewsExpireAfterDays": _COUNT,
}
