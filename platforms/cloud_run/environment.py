"""The variables of a container: the system's, the file's, the user's; and those nobody may set.

The system's come last on the platform, and the names it sets are refused (rule cloud-run/reserved-env). What the
user gives on the command line goes to the ingress container, as gcloud's flags do.
"""

import zlib
from typing import NamedTuple

from emulator.contract import GivenFile, GivenVar, Inputs
from emulator.model.diagnostic import Diagnostic, Related, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import EnvKind, EnvPhase, EnvVar

from . import annotations, rules, secrets
from .manifest import ContainerSpec, EnvEntry, ServiceSpec

TASK_INDEX, TASK_ATTEMPT = "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_ATTEMPT"
"""Variables that differ between the tasks of a job; the engine sets them (rule cloud-run/job-env)."""
MOST_VARIABLES = 1000


class Environment(NamedTuple):
    """variables: sorted by name. hidden: the values that are not printed. unset: secrets without a value."""

    variables: tuple[EnvVar, ...]
    hidden: dict[str, str]
    unset: tuple[EnvEntry, ...]
    diagnostics: tuple[Diagnostic, ...]


def execution_name(spec: ServiceSpec) -> str:
    """An execution's name of the form the server gives: the same letters for the same job."""
    checksum = zlib.crc32(f"{spec.name}/execution".encode())
    letters = "".join("bcdfghjklmnpqrstvwxz2456789"[checksum // 27**place % 27] for place in range(5))
    return f"{spec.name}-{letters}"


def task_count(spec: ServiceSpec) -> int:
    """How many tasks an execution of a job has; unset and 0 are one."""
    written = spec.tasks.task_count if spec.tasks else None
    return (written.value if written else 0) or 1


def _system(spec: ServiceSpec, port: int | None) -> dict[str, str]:
    """What the system sets to the same value in every instance or task."""
    if spec.is_job:
        return {
            "CLOUD_RUN_JOB": spec.name,
            "CLOUD_RUN_EXECUTION": execution_name(spec),
            "CLOUD_RUN_TASK_COUNT": str(task_count(spec)),
        }
    names = {"K_SERVICE": spec.name, "K_REVISION": revision_name(spec), "K_CONFIGURATION": spec.name}
    return names | ({"PORT": str(port)} if port is not None else {})


def revision_name(spec: ServiceSpec) -> str:
    """The revision's name as written, else of the form the server gives: the same letters for the same service."""
    return revision_pattern(spec).format(number=1)


def revision_pattern(spec: ServiceSpec) -> str:
    """The same for the revisions to come, with {number} where theirs stands."""
    if spec.revision is not None and spec.revision.text:
        return spec.revision.text.replace("{", "{{").replace("}", "}}")
    checksum = zlib.crc32(spec.name.encode())
    letters = "".join("abcdefghijklmnopqrstuvwxyz"[checksum // 26**place % 26] for place in range(3))
    return f"{spec.name}-{{number:05d}}-{letters}"


def environment(
    spec: ServiceSpec, container: ContainerSpec, port: int | None, inputs: Inputs, *, is_ingress: bool
) -> Environment:
    """What the container's process sees. `port`, and what the user gives as variables, are the ingress container's; to
    another container such a variable only gives the value of a secret that it has."""
    stands_for = secrets.given_secrets(spec, inputs)
    system = _system(spec, port)
    reserved = (*system, *((TASK_INDEX, TASK_ATTEMPT) if spec.is_job else ()))
    variables: dict[str, EnvVar] = {}
    unset: dict[str, EnvEntry] = {}
    hidden: dict[str, str] = {}
    for entry in container.env:
        kind = EnvKind.SECRET if entry.secret or entry.worked_out else EnvKind.LITERAL
        variables[entry.name] = _variable(entry.name, entry.value, kind, entry.origin)
        unset.pop(entry.name, None)
        if entry.secret and (value := _secret(spec, stands_for, *entry.secret)) is not None:
            hidden[entry.name] = value
        elif entry.secret or entry.worked_out:
            unset[entry.name] = entry
    mine = [one for one in inputs.env if one.service in (None, spec.name) and one.name not in stands_for]
    asked = {entry.name for entry in container.env if entry.secret}
    given = tuple(one for one in mine if is_ingress or one.name in asked)
    for one in given:
        _give(variables, hidden, one)
        unset.pop(one.name, None)
    found = [*_names(spec, container, reserved), *_reserved_given(spec, container, reserved, given)]
    found += _unset(spec, tuple(entry for entry in unset.values() if entry.name not in reserved))
    for name in ("", *reserved):
        variables.pop(name, None)
        hidden.pop(name, None)
        unset.pop(name, None)
    variables |= {name: _variable(name, value, EnvKind.PLATFORM, None) for name, value in system.items()}
    if _is_gen1(spec):
        variables.setdefault("HOME", _variable("HOME", "/home", EnvKind.PLATFORM, None))
    ordered = tuple(variables[name] for name in sorted(variables))
    return Environment(ordered, hidden, tuple(unset.values()), tuple(found))


def _secret(spec: ServiceSpec, given: dict[str, GivenFile], name: str, version: str) -> str | None:
    """The value that was given for a version of a secret, as text; None where none was."""
    file = given.get(secrets.key_of(given, secrets.short_name(spec, name), version))
    return file.content.decode(errors="surrogateescape") if file is not None else None


def _is_gen1(spec: ServiceSpec) -> bool:
    """Whether it asks for the first generation's execution environment (rule cloud-run/home)."""
    text = spec.template_annotations.get(annotations.EXECUTION)
    return text is not None and text.text == "gen1" and not spec.is_job


def _variable(name: str, value: str | None, kind: EnvKind, origin: Origin | None) -> EnvVar:
    """No build sees these variables."""
    return EnvVar(name=name, value=value, kind=kind, phase=EnvPhase.RUN, origin=origin)


def _give(variables: dict[str, EnvVar], hidden: dict[str, str], given: GivenVar) -> None:
    """A variable from the command line. A secret stays one; a value from a file is never printed."""
    declared = variables.get(given.name)
    is_secret = declared is not None and declared.kind is EnvKind.SECRET
    if is_secret or given.source != "flag":
        hidden[given.name] = given.value
        origin = declared.origin if declared and is_secret else given.origin
        variables[given.name] = _variable(given.name, None, EnvKind.SECRET, origin)
    else:
        hidden.pop(given.name, None)
        variables[given.name] = _variable(given.name, given.value, EnvKind.FLAG, given.origin)


def _names(spec: ServiceSpec, container: ContainerSpec, reserved: tuple[str, ...]) -> list[Diagnostic]:
    """Names that are missing, reserved or given twice."""
    found: list[Diagnostic] = []
    taken = [entry for entry in container.env if entry.name in reserved]
    if taken:
        found.append(_reserved(spec, container, [entry.name for entry in taken], taken[0].origin))
    seen: dict[str, EnvEntry] = {}
    for entry in container.env:
        before = seen.get(entry.name)
        if not entry.name:
            message = f"containers[{container.number}]: a variable has no name"
            found.append(_wrong(spec, "env-name", message, entry.origin, "add `name:`"))
        elif entry.name.startswith("X_GOOGLE_"):
            message = f"the variable {entry.name} begins with X_GOOGLE_, which gcloud refuses"
            found.append(_wrong(spec, "x-google-env", message, entry.origin, "choose another name"))
        elif entry.wrong:
            message = f"the variable {entry.name} {entry.wrong}"
            help_ = "write either `value:`, or `valueFrom: {secretKeyRef: {name: SECRET, key: latest}}`"
            found.append(_wrong(spec, "env-source", message, entry.origin, help_))
        elif before is not None and (before.secret or entry.secret):
            message = f"the variable {entry.name} is given twice, and one of them is a secret"
            found.append(_wrong(spec, "duplicate-env", message, entry.origin, "remove one of the two"))
        elif before is not None:
            found.append(
                warning(
                    "cloud-run/duplicate-env", f"the variable {entry.name} is given twice; the last one counts",
                    origin=entry.origin, service=spec.name, rule=rules.ENV_ORDER.id, url=rules.ENV_ORDER.url,
                    help="remove one of the two",
                    related=(Related(origin=before.origin, message="set here, and overridden"),),
                )
            )  # fmt: skip
        seen[entry.name] = entry
    if len(container.env) > MOST_VARIABLES:
        message = f"containers[{container.number}] has {len(container.env)} variables; the most is {MOST_VARIABLES}"
        found.append(_wrong(spec, "too-many-variables", message, container.origin, "set fewer"))
    return found


def _wrong(spec: ServiceSpec, code: str, message: str, origin: Origin, help_: str) -> Diagnostic:
    rule = rules.X_GOOGLE if code == "x-google-env" else rules.ENV_ORDER
    return error(f"cloud-run/{code}", message, origin=origin, service=spec.name, rule=rule.id, url=rule.url, help=help_)


def _reserved(spec: ServiceSpec, container: ContainerSpec, names: list[str], origin: Origin | None) -> Diagnostic:
    return error(
        "cloud-run/reserved-env",
        f"{spec.containers_path}[{container.number}].env: The following reserved env names were provided: "
        f"{', '.join(dict.fromkeys(names))}. These values are automatically set by the system",
        origin=origin, service=spec.name, rule=rules.RESERVED_ENV.id,
        help="remove it; the port is set by ports[0].containerPort" if "PORT" in names else "remove it",
    )  # fmt: skip


def _reserved_given(
    spec: ServiceSpec, container: ContainerSpec, reserved: tuple[str, ...], given: tuple[GivenVar, ...]
) -> list[Diagnostic]:
    """The same for what came from the command line."""
    names = [one.name for one in given if one.name in reserved]
    return [_reserved(spec, container, names, None)] if names else []


def _unset(spec: ServiceSpec, entries: tuple[EnvEntry, ...]) -> list[Diagnostic]:
    """Secrets, and values that are worked out elsewhere, which nobody has given."""
    found: list[Diagnostic] = []
    named = [entry for entry in entries if entry.secret]
    if named:
        names = ", ".join(entry.name for entry in named)
        found.append(
            warning(
                "env/secret-unset", f"no value here for {names}: Cloud Run reads it from Secret Manager",
                service=spec.name, origin=named[0].origin, rule=rules.SECRETS.id, url=rules.SECRETS.url,
                facts=(
                    *(f"{e.name} is version {e.secret[1]} of the secret {e.secret[0]}" for e in named if e.secret),
                    "Cloud Run refuses the deploy where a secret is missing, or its service account may not read it",
                ),
                help=f"give it with --env {named[0].name}=…, --env-file FILE or --secret-file SECRET=PATH",
            )
        )  # fmt: skip
    elsewhere = [entry for entry in entries if entry.worked_out]
    if elsewhere:
        names = ", ".join(entry.name for entry in elsewhere)
        found.append(
            warning(
                "cloud-run/env-worked-out", f"no value here for {names}: Terraform works it out when it runs",
                service=spec.name, origin=elsewhere[0].origin, rule=rules.TERRAFORM_VALUES.id,
                url=rules.TERRAFORM_VALUES.url, facts=tuple(f"{e.name} = {e.worked_out}" for e in elsewhere),
                help=f"give it with --env {elsewhere[0].name}=… or --env-file FILE",
            )
        )  # fmt: skip
    return found
