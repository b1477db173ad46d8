"""CPU, memory, concurrency, tasks, time: what a service or job may use, and which combinations the server refuses."""

import re
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.lifecycle import Shutdown
from emulator.model.origin import Origin
from emulator.model.plan import Instances, Resources, Scaling, Tasks
from emulator.model.rule import Rule

from . import annotations, rules
from .environment import TASK_ATTEMPT, TASK_INDEX, task_count
from .manifest import ContainerSpec, ServiceSpec, TaskSpec
from .reading import Number, Text

MIB = 1024 * 1024
DEFAULT_CPU = 1.0
DEFAULT_MEMORY_MIB = 512
DEFAULT_CONCURRENCY = 80
OPEN_FILES = 25_000
LEAST_CPU = 0.08
_ROUNDING = 1e-6
IDLE_CPU = 0.01
"""How much of a processor an instance has that answers no request: near none. The kernel can give no less."""
DEFAULT_MAX_INSTANCES = 100
DEFAULT_RETRIES = 3
DEFAULT_TASK_S = 600
MOST_TASKS, MOST_RETRIES, MOST_TASK_S, SURE_TASK_S = 10_000, 10, 168 * 3600, 24 * 3600
SHUTDOWN = Shutdown(signal="SIGTERM", grace_seconds=10)
SCALING = Scaling(target=0.6, window_s=60, idle_s=15 * 60, queue_least_s=10, queue_startups=3.5)
"""Rules cloud-run/scaling and concurrency."""

_MEMORY_MIB = {1: (128, 4096), 2: (128, 8192), 4: (2048, 16384), 6: (4096, 24576), 8: (4096, 32768)}
"""CPUs → the least and the most memory (rule cloud-run/cpu-and-memory)."""
_GEN2_MIB = 512
_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": MIB, "Gi": 1024**3}


class Usage(NamedTuple):
    """What all containers of a service have together."""

    cpu: float
    memory_mib: int


def resources_of(spec: ContainerSpec, of: ServiceSpec) -> Resources:
    """The limits of a container of a service or job, Cloud Run's defaults where it names none that can be read."""
    cpu, memory = spec.limits.get("cpu"), spec.limits.get("memory")
    return Resources(
        cpu=(cpu_of(cpu.text) if cpu else None) or DEFAULT_CPU,
        memory_mib=(memory_mib_of(memory.text) if memory else None) or DEFAULT_MEMORY_MIB,
        files_count_as_memory=True,
        idle_cpu=None if _unthrottled(of) else IDLE_CPU,
        open_files=OPEN_FILES,
        no_new_rights=True,
        unknown_user_is_root=True,
    )


def usage_of(spec: ServiceSpec) -> Usage:
    each = [resources_of(container, spec) for container in spec.containers]
    return Usage(sum(r.cpu or 0 for r in each), sum(r.memory_mib or 0 for r in each))


def cpu_of(text: str) -> float | None:
    """ "1", "0.5", "500m" in CPUs; None for anything else."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(m?)", text)
    if found is None:
        return None
    return float(found[1]) / (1000 if found[2] else 1) or None


def memory_mib_of(text: str) -> int | None:
    """ "512Mi", "2Gi", "1G" in whole MiB; None for anything else."""
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)(Ki|Mi|Gi|k|M|G|)", text)
    if found is None:
        return None
    return int(float(found[1]) * _UNITS[found[2]] // MIB) or None


def concurrency_of(spec: ServiceSpec, usage: Usage) -> int:
    """How many requests an instance takes at once; unset and 0 leave it to the CPUs."""
    written = spec.concurrency.value if spec.concurrency else 0
    return written or (DEFAULT_CONCURRENCY if usage.cpu >= 1 else 1)


def tasks_of(spec: ServiceSpec) -> Tasks | None:
    """How a job's tasks are run; None for a service. What is out of range is an error elsewhere, the default here."""
    if spec.tasks is None:
        return None
    parallelism = spec.tasks.parallelism.value if spec.tasks.parallelism else 0
    return Tasks(
        count=_within(task_count(spec), 1, MOST_TASKS, 1),
        parallelism=parallelism if parallelism > 0 else None,
        max_retries=_within(_written(spec.tasks.max_retries, DEFAULT_RETRIES), 0, MOST_RETRIES, DEFAULT_RETRIES),
        timeout_s=_within(_written(spec.tasks.timeout_s, DEFAULT_TASK_S), 1, MOST_TASK_S, DEFAULT_TASK_S),
        index_variable=TASK_INDEX,
        attempt_variable=TASK_ATTEMPT,
    )


def _written(number: Number | None, default: int) -> int:
    return number.value if number is not None else default


def _within(number: int, least: int, most: int, default: int) -> int:
    return number if least <= number <= most else default


def instances_of(spec: ServiceSpec) -> Instances:
    """The revision's scaling; the service's own annotations where the revision has none."""
    fixed = _manual(spec)
    if fixed is not None:
        return Instances(min=fixed, max=fixed)
    least = _instances(spec, "minScale")
    most = _instances(spec, "maxScale")
    return Instances(min=least or 0, max=most or DEFAULT_MAX_INSTANCES)


def _manual(spec: ServiceSpec) -> int | None:
    """The number of instances where the service says it itself."""
    mode = spec.annotations.get(annotations.RUN + "scalingMode")
    is_manual = mode is not None and mode.text == "manual"
    return _whole(spec.annotations.get(annotations.RUN + "manualInstanceCount")) if is_manual else None


def _instances(spec: ServiceSpec, name: str) -> int | None:
    text = spec.template_annotations.get(annotations.SCALE + name) or spec.annotations.get(annotations.RUN + name)
    return _whole(text)


def _whole(text: Text | None) -> int | None:
    return int(text.text) if text and text.text.isascii() and text.text.isdigit() and len(text.text) < 9 else None


# ---- what is wrong ------------------------------------------------------------------------------------


def limit_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """Everything the server refuses in a service's limits."""
    found = [problem for container in spec.containers for problem in _readable(container, spec.name)]
    if not found:
        found += _cpu_problems(spec)
        found += _memory_problems(spec)
    found += _range(spec, "containerConcurrency", spec.concurrency, 0, 1000, rules.CONCURRENCY)
    found += _range(spec, "timeoutSeconds", spec.timeout_s, 1, 3600, rules.REQUEST_TIMEOUT)
    return found + (_task_problems(spec, spec.tasks) if spec.tasks is not None else [])


def _task_problems(spec: ServiceSpec, tasks: TaskSpec) -> list[Diagnostic]:
    """How many tasks, how often, and for how long."""
    found = [
        *_range(spec, "taskCount", tasks.task_count, 0, MOST_TASKS, rules.JOB_TASKS),
        *_range(spec, "parallelism", tasks.parallelism, 0, MOST_TASKS, rules.JOB_TASKS),
        *_range(spec, "maxRetries", tasks.max_retries, 0, MOST_RETRIES, rules.JOB_RETRIES),
        *_range(spec, "timeoutSeconds", tasks.timeout_s, 1, MOST_TASK_S, rules.JOB_TIMEOUT),
    ]
    timeout = tasks.timeout_s
    if timeout is not None and SURE_TASK_S < timeout.value <= MOST_TASK_S:
        found.append(
            warning(
                "cloud-run/task-timeout",
                f"{spec.word('timeoutSeconds')} is {timeout.value}; more than 24 hours is in preview",
                origin=timeout.origin, service=spec.name, rule=rules.JOB_TIMEOUT.id, url=rules.JOB_TIMEOUT.url,
                help=f"write {SURE_TASK_S} or less to be sure, or split the work into more tasks",
            )
        )  # fmt: skip
    return found


def _readable(container: ContainerSpec, service: str) -> list[Diagnostic]:
    """Whether the limits are quantities at all."""
    found: list[Diagnostic] = []
    for name, read, example in (("cpu", cpu_of, '"1" or "500m"'), ("memory", memory_mib_of, '"512Mi" or "2Gi"')):
        text = container.limits.get(name)
        if text is not None and read(text.text) is None:
            rule = rules.CPU if name == "cpu" else rules.MEMORY
            message = f"containers[{container.number}]: {text.text!r} is no amount of {name}"
            found.append(
                error(
                    "cloud-run/bad-quantity", message, origin=text.origin, service=service, rule=rule.id, url=rule.url,
                    help=f"write {example}",
                )
            )  # fmt: skip
    return found


def _cpu_problems(spec: ServiceSpec) -> list[Diagnostic]:
    cpu = usage_of(spec).cpu
    said: list[tuple[str, str]] = []
    if cpu > 8:
        said.append(("Total millicpu may not exceed 8000.", "lower the limits"))
    if cpu < 1 and spec.concurrency is not None and spec.concurrency.value > 1:
        help_ = f"set {spec.word('containerConcurrency')}: 1, or cpu: '1'"
        said.append(("Total cpu < 1 is not supported with concurrency > 1.", help_))
    if cpu < 1 and _gen2(spec) is not None:
        said.append(("Total cpu < 1 is not supported with gen2 execution environment.", "set cpu: '1'"))
    if cpu < 1 and _unthrottled(spec) is not None and not spec.is_job:
        help_ = "set cpu: '1', or cpuIdle: true" if spec.is_v2 else "set cpu: '1', or leave the CPU throttled"
        said.append(("Total cpu < 1 is not supported with cpu always allocated (unthrottled).", help_))
    if len(spec.containers) == 1 and 1 < cpu <= 8 and cpu not in _MEMORY_MIB:
        said.append((f"{cpu:g} is no number of CPUs.", "set 1, 2, 4, 6 or 8, or less than 1"))
    if cpu < LEAST_CPU:
        said.append((f"{cpu:g} is less than the least, {LEAST_CPU:g}.", "set 80m or more"))
    elif cpu < 1 and abs(cpu * 1000 - round(cpu * 1000)) > _ROUNDING:
        said.append((f"{cpu:g} has more than three decimal places.", "write thousandths: 250m, or 0.25"))
    origin = _limit(spec, "cpu")
    return [_refused(spec, "cpu", words, origin, help_, rules.CPU_CONCURRENCY) for words, help_ in said]


def _memory_problems(spec: ServiceSpec) -> list[Diagnostic]:
    cpu, memory = usage_of(spec)
    why = " ".join(reason for reason in (_gen2(spec), _unthrottled(spec)) if reason)
    said: list[tuple[str, str]] = []
    if memory < _GEN2_MIB and why:
        help_ = "set memory: 512Mi"
        if spec.is_v2 and not spec.is_job and not _gen2(spec):  # rule cloud-run/v2-cpu-idle
            help_ = "set memory: 512Mi, or cpuIdle: true: resources without it have CPU always allocated"
        said.append((f"Total memory < 512 Mi is not supported {why}.", help_))
    least, most = _MEMORY_MIB.get(int(cpu), (0, 0)) if cpu == int(cpu) else (0, 0)
    if cpu < 1:
        least, most = 128, 512 if cpu < 0.5 else 1024
    if most and not said and not least <= memory <= most:
        words = f"For {float(cpu)} CPU, memory must be between {_shown(least)} and {_shown(most)} inclusive."
        said.append((words, f"set memory to {_shown(least)} or more" if memory < least else "set a lower memory limit"))
    origin = _limit(spec, "memory") or _limit(spec, "cpu")
    return [_refused(spec, "memory", words, origin, help_, rules.CPU_MEMORY) for words, help_ in said]


def _gen2(spec: ServiceSpec) -> str | None:
    if spec.is_job:  # rule cloud-run/job-environment
        return "with gen2 execution environment"
    text = spec.template_annotations.get(annotations.EXECUTION)
    is_gen2 = text.text == "gen2" if text is not None else any(volume.needs_gen2 for volume in spec.volumes)
    return "with gen2 execution environment" if is_gen2 else None


def _unthrottled(spec: ServiceSpec) -> str | None:
    if spec.is_job:
        return "with cpu always allocated (unthrottled)"
    text = spec.template_annotations.get(annotations.THROTTLING)
    return "with cpu always allocated (unthrottled)" if text is not None and text.text == "false" else None


def _shown(mib: int) -> str:
    return f"{mib // 1024}Gi" if mib % 1024 == 0 else f"{mib}Mi"


def _limit(spec: ServiceSpec, name: str) -> Origin | None:
    """Where the limit stands, of the first container that names one."""
    texts: list[Text] = [c.limits[name] for c in spec.containers if name in c.limits]
    return texts[0].origin if texts else None


def _refused(spec: ServiceSpec, name: str, words: str, origin: Origin | None, help_: str, rule: Rule) -> Diagnostic:  # noqa: PLR0917
    return error(
        "cloud-run/limits",
        f"{spec.containers_path}.resources.limits.{name}: Invalid value specified for {name}. "
        + words.removesuffix("."),
        origin=origin or spec.origin, service=spec.name, rule=rule.id, url=rule.url, help=help_,
    )  # fmt: skip


def _range(spec: ServiceSpec, name: str, number: Number | None, least: int, most: int, rule: Rule) -> list[Diagnostic]:  # noqa: PLR0917
    if number is None or least <= number.value <= most:
        return []
    name = spec.word(name)
    unit = "s" if name == "timeout" else ""
    bound = f"{most}{unit} or less" if number.value > most else f"{least}{unit} or more"
    return [
        error(
            "cloud-run/out-of-range", f"{name} is {number.value}; it must be from {least} to {most}",
            origin=number.origin, service=spec.name, rule=rule.id, url=rule.url, help=f"write {bound}",
        )
    ]  # fmt: skip
