"""`gcloud run jobs execute`: a job as it is described, with what one execution of it has otherwise."""

from emulator.model.diagnostic import Diagnostic, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.snapshot import Snapshot

from . import rules
from .gcloud import Reader, split_list
from .gcloud_words import Call
from .manifest import ContainerSpec, EnvEntry, Manifest, ServiceSpec

_TAKEN = ("--args", "--update-env-vars", "--tasks", "--task-timeout")


def executed(call: Call, job: ServiceSpec, repo: Snapshot) -> Manifest:
    """The job with the overrides of the command: arguments replace its own, variables are added to them (rule
    cloud-run/execution-overrides)."""
    reader = Reader(call, repo)
    names = [word for word in reader.names[3:] if word.is_known and word.text]
    if names and names[0].text != job.name:
        words = f"the job {names[0].text} is executed, and {job.name} is described here"
        reader.refuse("gcloud-command", words, names[0].origin, "name the job's file with --config")
    groups = reader.groups or [reader.whole]
    containers = list(job.containers)
    for group in groups:
        number = _of(containers, group.name.text if group.name else None)
        if number is None:
            words = f"there is no container {group.name.text if group.name else ''}"
            reader.refuse("gcloud-flag", words, group.origin, "name one of the job's containers")
            continue
        args = group.last("--args")
        container = containers[number]
        if args is not None:
            given = tuple(split_list(args.value)) if args.value else ()
            container = container._replace(args=given, args_origin=args.origin)
        env = {entry.name: entry for entry in container.env}
        for one in group.given:
            if one.name == "--update-env-vars":
                env |= {key: EnvEntry(key, value, one.origin) for key, value in reader.pairs(one).items()}
        containers[number] = container._replace(env=tuple(env.values()))
    for one in (one for group in (reader.whole, *reader.groups) for one in group.given):
        if one.flag.of_container and one.name not in _TAKEN:
            reader.found.append(_no_override(one.name, one.origin))
    assert job.tasks is not None
    count = reader.number(reader.whole.last("--tasks"), "must be a whole number greater than 0")
    timeout = reader.seconds(reader.whole.last("--task-timeout"))
    tasks = job.tasks._replace(task_count=count or job.tasks.task_count, timeout_s=timeout or job.tasks.timeout_s)
    spec = job._replace(containers=tuple(containers), tasks=tasks)
    return Manifest(spec, tuple(reader.found), tuple(_row(row) for row in reader.rows))


def _no_override(flag: str, origin: Origin) -> Diagnostic:
    rule = rules.EXECUTION_OVERRIDES
    return warning(
        "cloud-run/gcloud-flag", f"{flag} is no flag of gcloud run jobs execute: it is not read", origin=origin,
        rule=rule.id, url=rule.url, help="an execution takes --args, --update-env-vars, --tasks and --task-timeout",
    )  # fmt: skip


def _of(containers: list[ContainerSpec], name: str | None) -> int | None:
    """Which container is meant; without a name the first."""
    if name is None:
        return 0 if containers else None
    return next((n for n, one in enumerate(containers) if one.name is not None and one.name.text == name), None)


def _row(row: Coverage) -> Coverage:
    """Of the flags that an execution takes, each does what it does there."""
    return replace(row, fidelity=Fidelity.EXACT, note="") if row.key in _TAKEN else row
