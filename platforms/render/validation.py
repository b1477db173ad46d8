"""What Render's validator says of a declaration beyond its schema: plans, disks, ranges, required fields.

Messages seen in Render's own output stand word for word (rules say where); the others are ours.
Refusals that depend on how the service came about are in `building`.
"""

import posixpath

from emulator.formats.dockerfile.references import reference_problem
from emulator.formats.editing import instead_of
from emulator.model.diagnostic import Diagnostic, Related, error, info, warning
from emulator.model.origin import Origin
from emulator.model.record import replace
from emulator.model.rule import Rule

from . import fields, rules
from .declarations import ServiceSpec, Value
from .plans import DEFAULT, PLANS_OF, canonical, instance_type, is_free, sized
from .reading import near
from .router import in_maintenance

NO_MOUNT = (
    "/", "/opt", "/opt/render", "/opt/render/project", "/opt/render/project/src", "/home", "/home/render", "/etc",
    "/etc/secrets",
)  # fmt: skip
"""Paths no disk may be mounted at; folders inside them are fine. One with a colon no container takes."""


def service_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """Everything wrong with one service of a render.yaml, whichever way it came about."""
    found = [*_required(spec), *_misplaced(spec), *_plan(spec)]
    if spec.kind == "C":
        found += _schedule(spec)
    if spec.kind in "WPK":
        found += [*_free(spec), *_instances(spec), *_disk(spec), *_shutdown_delay(spec), *_health_path(spec)]
    return [*found, *_source(spec), *_subdomain(spec)]


def recorded_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """Of a service that exists, Render has taken every setting: only what is not known here is worth a word."""
    written = spec.get("plan")
    if written is None or instance_type(written.text) is not None:
        return []
    return [
        warning(
            "render/undocumented-plan",
            f"what the plan {written.text} buys is not published: it gets a {DEFAULT} service's memory here",
            origin=written.origin, service=spec.name, rule=rules.MEMORY.id, help="run it with --limits none",
        )
    ]  # fmt: skip


def _said(  # noqa: PLR0917  - a row of a table
    spec: ServiceSpec, code: str, words: str, rule: Rule, origin: Origin, help_: str
) -> Diagnostic:
    return error(
        f"render/{code}", f"services[{spec.number}] {words}", origin=origin, service=spec.name, rule=rule.id,
        url=rule.url, help=help_,
    )  # fmt: skip


def _required(spec: ServiceSpec) -> list[Diagnostic]:
    if spec.kind == "V" and "ipAllowList" not in spec.keys:
        help_ = "add `ipAllowList: []` to allow internal connections only"
        return [_said(spec, "ip-allow-list", "must specify IP allow list", rules.IP_ALLOW_LIST, spec.origin, help_)]
    if spec.kind == "C" and spec.filled("schedule") is None:
        help_ = "add `schedule:` with a cron expression, in UTC"
        return [_said(spec, "missing-field", "has no schedule", rules.CRON_SCHEDULE, spec.origin, help_)]
    if spec.kind == "S" and spec.filled("staticPublishPath") is None:
        return [
            warning(
                "render/publish-path", "staticPublishPath is not set; Render's own default is public",
                origin=spec.origin, service=spec.name, rule=rules.PUBLISH_PATH.id, help="add `staticPublishPath:`",
            )
        ]  # fmt: skip
    return []


def _schedule(spec: ServiceSpec) -> list[Diagnostic]:
    """A schedule that is none, is not sure to be read as meant, or names no day."""
    written = spec.filled("schedule")
    if written is None:
        return []
    from datetime import datetime

    from .schedule import Wrong, parse_schedule

    schedule = parse_schedule(written.text)
    if isinstance(schedule, Wrong):
        words = f"schedule {written.text!r}: {schedule.message}"
        return [_said(spec, "schedule", words, rules.CRON_SCHEDULE, written.origin, schedule.help)]
    doubts = [doubt.partition("; ") for doubt in schedule.doubts]
    if schedule.next_after(datetime(2000, 1, 1)) is None:  # noqa: DTZ001  - any day: which does not matter
        doubts.append(("it names no day that there is", "; ", "name one that there is"))
    return [
        warning(
            "render/schedule", f"schedule {written.text!r}: {fact}", origin=written.origin, service=spec.name,
            rule=rules.CRON_SCHEDULE.id, help=help_,
        )
        for fact, _, help_ in doubts
    ]  # fmt: skip


def _misplaced(spec: ServiceSpec) -> list[Diagnostic]:
    """Fields of another kind of service. The server reads all kinds into one type, so none of them is
    unknown there: an error is only what it is known to refuse."""
    found: list[Diagnostic] = []
    for key, origin in spec.keys.items():
        field = fields.SERVICE_FIELDS.get(key)
        if field is None or spec.kind in field.kinds or (key == "plan" and is_free(spec)):
            continue
        if (spec.kind, key) == ("S", "region"):
            words = "static sites cannot have a region"
            found.append(_said(spec, "misplaced-field", words, rules.MISPLACED_FIELD, origin, "remove `region`"))
            continue
        kinds = " and ".join(fields.KINDS_NAMES[kind] for kind in field.kinds)
        kinds = kinds.replace(" and ", ", ", len(field.kinds) - 2) if len(field.kinds) > 2 else kinds
        found.append(
            warning(
                "render/misplaced-field", f"`{key}` has no effect on {fields.KIND_NAMES[spec.kind]}: it is for {kinds}",
                origin=origin, service=spec.name, rule=rules.MISPLACED_FIELD.id,
                help=f"remove `{key}`",
            )
        )  # fmt: skip
    return found


def _plan(spec: ServiceSpec) -> list[Diagnostic]:
    """The plan, and those of its previews."""
    found: list[Diagnostic] = []
    for written in (spec.get("plan"), spec.get("previewPlan"), spec.previews.get("plan")):
        if written is not None and (spec.kind != "S" or canonical(written.text) == "free"):
            found += _named_plan(spec, written)
    return found


def _named_plan(spec: ServiceSpec, written: Value) -> list[Diagnostic]:
    name, known = canonical(written.text), PLANS_OF[spec.kind]
    if name not in known and not (sized(name) and name not in PLANS_OF["W"] and spec.kind in "WPKC"):
        words = f"no such plan {written.text} for service type {spec.text('type')}"
        help_ = "remove it: a static site has no plan" if spec.kind == "S" else near(name, known)
        rule = rules.MISPLACED_FIELD if spec.kind == "S" else rules.FREE_PLAN if name == "free" else rules.MEMORY
        return [_said(spec, "unknown-plan", words, rule, written.origin, help_)]
    if name not in known:
        message = f"plan {written.text} is not documented; its name is taken to say what it buys"
        return [_doubt("undocumented-plan", message, spec, written, f"known are {', '.join(known)}")]
    if name != written.text:
        message = f"plan {written.text!r} is written {name!r} in the documentation"
        found = _doubt("plan-spelling", message, spec, written, f"write `plan: {name}`; the server takes both")
        return [replace(found, fix=instead_of(written.origin, name))]
    return []


def _doubt(code: str, message: str, spec: ServiceSpec, written: Value, help_: str) -> Diagnostic:
    return warning(
        f"render/{code}", message, origin=written.origin, service=spec.name, rule=rules.MEMORY.id, help=help_
    )


def _free(spec: ServiceSpec) -> list[Diagnostic]:
    if spec.kind != "W" or not is_free(spec):
        return []
    found: list[Diagnostic] = []
    if "disk" in spec.keys:
        words = "disks are not supported for free tier services"
        found.append(_said(spec, "free-disk", words, rules.FREE_PLAN, spec.keys["disk"], "take another plan: starter"))
    for field, words in (
        ("preDeployCommand", "pre-deploy command is not supported for free tier services"),
        ("scaling", "a free service cannot scale"),
    ):
        if field in spec.keys:
            help_ = f"remove {field}, or take another plan"
            found.append(_said(spec, "free-plan", words, rules.FREE_PLAN, spec.keys[field], help_))
    if in_maintenance(spec):
        help_ = "remove maintenanceMode, or take another plan"
        words, origin = "maintenance mode is not for free services", spec.keys["maintenanceMode"]
        found.append(_said(spec, "free-plan", words, rules.FREE_PLAN, origin, help_))
    return found


def _instances(spec: ServiceSpec) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    count = spec.get("numInstances")
    number = count.whole() if count else None
    if count is not None and count.is_number and (number is None or number < 1):
        words = f"numInstances must be 1 or more, not {count.text}"
        found.append(_said(spec, "instances", words, rules.INSTANCES, count.origin, "write 1 or more"))
    if spec.scaling is not None:
        found += _scaling(spec, spec.scaling)
    if count is not None and spec.scaling is not None:
        found.append(
            warning(
                "render/contradictory-fields", "numInstances has no effect beside scaling", origin=count.origin,
                service=spec.name, rule=rules.INSTANCES.id, help="keep one of them",
                related=(Related(origin=spec.keys["scaling"], message="it wins"),),
            )
        )  # fmt: skip
    many = (number or 1) > 1 or spec.scaling is not None
    if many and spec.disk is not None:
        found.append(
            warning(
                "render/disk-instances", "a service with a disk has one instance", origin=spec.keys["disk"],
                service=spec.name, rule=rules.INSTANCES.id, help="remove the disk, or what asks for more instances",
            )
        )  # fmt: skip
    if (number or 1) > 1 and is_free(spec) and count is not None:
        help_ = "remove numInstances, or take another plan"
        found.append(_said(spec, "free-plan", "a free service cannot scale", rules.FREE_PLAN, count.origin, help_))
    return found


def _scaling(spec: ServiceSpec, scaling: dict[str, Value]) -> list[Diagnostic]:
    low, high = scaling.get("minInstances"), scaling.get("maxInstances")
    origin = spec.keys["scaling"]
    if low is None or high is None or not {"targetMemoryPercent", "targetCPUPercent"} & scaling.keys():
        return [
            warning(
                "render/scaling", "scaling wants minInstances, maxInstances and at least one target", origin=origin,
                service=spec.name, rule=rules.INSTANCES.id, help="add what is missing",
            )
        ]  # fmt: skip
    least, most = low.whole(), high.whole()
    if low.is_number and high.is_number and (least is None or most is None or not 1 <= least <= most):
        words = f"scaling from {low.text} to {high.text} instances is no range"
        return [_said(spec, "scaling", words, rules.INSTANCES, low.origin, "write numbers from 1, the smaller first")]
    for field in ("targetMemoryPercent", "targetCPUPercent"):
        target = scaling.get(field)
        percent = target.whole() if target else 1
        if target is not None and target.is_number and (percent is None or not 1 <= percent <= 90):
            words = f"{field} must be from 1 to 90, not {target.text}"
            return [_said(spec, "scaling", words, rules.INSTANCES, target.origin, "write a number from 1 to 90")]
    return []


def _disk(spec: ServiceSpec) -> list[Diagnostic]:
    if spec.disk is None:
        return []
    origin = spec.keys["disk"]
    missing = [field for field in ("name", "mountPath") if field not in spec.disk]
    if missing:
        words = f"disk has no {' and no '.join(missing)}"
        return [_said(spec, "missing-field", words, rules.DISK, origin, f"add `{missing[0]}:`")]
    found: list[Diagnostic] = []
    mount = spec.disk["mountPath"]
    if not mount.text.startswith("/"):
        words = f"mountPath must be an absolute path, not {mount.text}"
        found.append(_said(spec, "mount-path", words, rules.DISK, mount.origin, f"write /{mount.text}"))
    elif posixpath.normpath("/" + mount.text.lstrip("/")) in NO_MOUNT or ":" in mount.text:
        words = f"a disk cannot be mounted at {mount.text}"
        help_ = "take a folder of its own, for example /var/data"
        found.append(_said(spec, "mount-path", words, rules.DISK, mount.origin, help_))
    size = spec.disk.get("sizeGB")
    if size is not None and size.is_number and not size.whole():
        words = f"sizeGB must be 1 or more, not {size.text}"
        found.append(_said(spec, "disk-size", words, rules.DISK, size.origin, "write a whole number of gigabytes"))
    return found


def _source(spec: ServiceSpec) -> list[Diagnostic]:
    """What is built or pulled is one thing: a repository or an image."""
    if spec.runtime is None or spec.kind not in "WPKC":
        return []
    idle = ("repo", "branch") if spec.runtime.text == "image" else ("image",)
    return [
        *_image_url(spec, spec.runtime.text),
        *_idle_source(spec, spec.runtime.text, idle),
    ]


def _image_url(spec: ServiceSpec, runtime: str) -> list[Diagnostic]:
    """An image's name that Docker itself would refuse, whatever the registry has."""
    reference = spec.image_reference if runtime == "image" else None
    why = reference_problem(reference) if reference is not None else None
    if spec.image is None or why is None:
        return []
    words = f"image.url {spec.image.text} names no image: {why}"
    help_ = "write it as `docker pull` takes it: docker.io/library/nginx:1.27"
    return [_said(spec, "image-url", words, rules.IMAGE_RUNTIME, spec.image.origin, help_)]


def _idle_source(spec: ServiceSpec, runtime: str, idle: tuple[str, ...]) -> list[Diagnostic]:
    return [
        warning(
            "render/unused-field", f"{field} has no effect with runtime {runtime}", origin=spec.keys[field],
            service=spec.name, rule=rules.IMAGE_RUNTIME.id, help=f"remove {field}",
        )
        for field in idle
        if field in spec.keys
    ]  # fmt: skip


def _subdomain(spec: ServiceSpec) -> list[Diagnostic]:
    policy = spec.get("renderSubdomainPolicy")
    if policy is None or policy.text != "disabled" or spec.domains:
        return []
    return [
        warning(
            "render/no-domain", "without its onrender.com name the service needs a custom domain, and none is here",
            origin=policy.origin, service=spec.name, rule=rules.DOMAINS.id, url=rules.DOMAINS.url,
            help="add `domains:`, unless the Dashboard has one",
        )
    ]  # fmt: skip


def _shutdown_delay(spec: ServiceSpec) -> list[Diagnostic]:
    delay = spec.get("maxShutdownDelaySeconds")
    if delay is None or not delay.is_number or ((seconds := delay.whole()) is not None and 1 <= seconds <= 300):
        return []
    words = f"maxShutdownDelaySeconds must be from 1 to 300, not {delay.text}"
    return [_said(spec, "shutdown-delay", words, rules.SHUTDOWN, delay.origin, "write a number from 1 to 300")]


def _health_path(spec: ServiceSpec) -> list[Diagnostic]:
    path = spec.filled("healthCheckPath")
    if path is None:
        return []
    if spec.kind in "PK":
        message = f"healthCheckPath has no effect on {fields.KIND_NAMES[spec.kind]}"
        return [
            info(
                "render/health-check-unused", message, origin=path.origin, service=spec.name,
                rule=rules.HEALTH_CHECK.id, help="remove it",
            )
        ]  # fmt: skip
    if path.text.startswith("/"):
        return []
    return [
        warning(
            "render/health-check-path", f"healthCheckPath {path.text} does not start with a slash", origin=path.origin,
            service=spec.name, rule=rules.HEALTH_CHECK.id, help=f"write /{path.text}; it is asked that way here",
        )
    ]  # fmt: skip
