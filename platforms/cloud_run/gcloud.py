"""A `gcloud run deploy` command → the service or job it would create.

The service is taken to be new: what an earlier deploy set, and this command would keep, is not known here.
"""

import json
import re
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, error, info, warning
from emulator.model.origin import Origin
from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity
from emulator.model.spelling import nearest
from emulator.snapshot import Snapshot

from . import annotations, gcloud_volumes, rules
from .gcloud_env_file import read_env_file
from .gcloud_flags import Flag, Takes, flag_of
from .gcloud_refusals import refuse_dependencies, refuse_flags, refuse_images, refuse_words, worker_pools
from .gcloud_source import build_env, source_problems
from .gcloud_volumes import SecretFile
from .gcloud_words import Call, Word
from .manifest import ContainerSpec, EnvEntry, Manifest, ProbeSpec, ServiceSpec, TargetSpec, TaskSpec
from .reading import Number, Text
from .volume_specs import VolumeSpec

_VERBS = ("deploy", "create", "update")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_MAY_BE_UNKNOWN = ("--image", "--project", "--region", "--service-account")
"""Flags whose value is rarely known before the command runs: the plan holds without."""
OTHER_TYPE = (
    "Cannot update environment variable [{name}] to {kind} because it has already been set with a different type."
)
_KINDS = {"-env-vars": "string literal", "-secrets": "a secret"}
_PROBE_KEYS = ("httpGet.path", "httpGet.port", "grpc.port", "grpc.service", "tcpSocket.port")
_PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold")


class _Given(NamedTuple):
    """A flag as written. value: None of a switch, and where it is not known here."""

    flag: Flag
    name: str
    is_on: bool
    value: str | None
    origin: Origin


class _Group(NamedTuple):
    """The flags of one container; name: of `--container`, None for the only one."""

    name: Text | None
    given: list[_Given]
    origin: Origin

    def last(self, name: str) -> _Given | None:
        return next((one for one in reversed(self.given) if one.name == name), None)

    def text(self, name: str) -> Text | None:
        one = self.last(name)
        return Text(one.value, one.origin) if one is not None and one.value else None


class Reader:
    """One command, read once: what it sets, and what is wrong with it."""

    def __init__(self, call: Call, repo: Snapshot) -> None:
        self.call = call
        self.repo = repo
        self.found: list[Diagnostic] = []
        self.rows: list[Coverage] = []
        self.names: list[Word] = []
        self.is_job = False
        self.whole = _Group(None, [], call.origin)
        self.groups: list[_Group] = []
        self._read(list(call.words))

    def refuse(self, code: str, message: str, origin: Origin, help_: str) -> None:
        rule = rules.DEPLOY_COMMAND
        self.found.append(error(f"cloud-run/{code}", message, origin=origin, rule=rule.id, url=rule.url, help=help_))

    def _read(self, words: list[Word]) -> None:
        while words:
            word = words.pop(0)
            if not word.text.startswith("-") or word.text == "-":
                self.names.append(word)
                continue
            name, equals, value = word.text.partition("=")
            known = flag_of(name)
            if known is None:
                self._unknown(name, word, words)
                continue
            own, flag, is_on = known
            given: str | None = value if equals else None
            if flag.takes is not Takes.NOTHING and not equals:
                if not words or (words[0].text.startswith("--") and words[0].is_known):
                    message = f"argument {name}: expected one argument"
                    self.refuse("gcloud-flag", message, word.origin, f"write {name} with its value")
                    continue
                word = words.pop(0)
                given = word.text
            if flag.takes is Takes.NOTHING and given is not None:
                is_on, given = is_on == (given.lower() not in ("false", "no", "0")), None
            if given is not None and not Word(given, word.origin).is_known and flag.takes is Takes.VALUE:
                # An image is one, whichever it is: what it is built from lies here.
                if own not in _MAY_BE_UNKNOWN and flag.fidelity is not Fidelity.NOT_IMITATED:
                    self.not_known(f"the value of {own}", given, word.origin)
                given = given if own == "--image" else None
            self._take(_Given(flag, own, is_on, given, word.origin))

    def _take(self, one: _Given) -> None:
        if one.name == "--container":
            self.groups.append(_Group(Text(one.value or "", one.origin), [], one.origin))
            return
        into = self.groups[-1] if one.flag.of_container and self.groups else self.whole
        into.given.append(one)
        self.rows.append(Coverage(key=one.name, origin=one.origin, fidelity=one.flag.fidelity, note=one.flag.note))

    def _unknown(self, name: str, word: Word, words: list[Word]) -> None:
        from .gcloud_flags import FLAGS

        if "=" not in word.text and words and not words[0].text.startswith("-"):
            words.pop(0)  # its value, most likely
        close = nearest(name, FLAGS, cutoff=0.8)
        self.found.append(
            warning(
                "cloud-run/gcloud-flag", f"no flag {name} of gcloud run deploy is known: it is not read",
                origin=word.origin, rule=rules.DEPLOY_COMMAND.id, url=rules.DEPLOY_COMMAND.url,
                help=f"did you mean {close}?" if close else "gcloud refuses what it does not know",
            )
        )  # fmt: skip
        self.rows.append(Coverage(key=name, origin=word.origin, fidelity=Fidelity.UNKNOWN, note="no known flag"))

    def not_known(self, what: str, value: str, origin: Origin) -> None:
        self.found.append(
            info(
                "cloud-run/gcloud-value", f"{what} is put in where the command runs: {value}",
                origin=origin, rule=rules.DEPLOY_COMMAND.id, url=rules.DEPLOY_COMMAND.url,
                help="the plan holds without it; give the whole command with --gcloud to have it as well",
            )
        )  # fmt: skip

    def pairs(self, given: _Given) -> dict[str, str]:
        """ "K=V,K=V", or with another separator "^;^K=V;K=V" (gcloud topic escaping)."""
        found: dict[str, str] = {}
        for item in split_list(given.value or ""):
            key, equals, value = item.partition("=")
            if not equals:
                message = f"argument {given.name}: Bad syntax for dict arg: [{item}]"
                help_ = 'write KEY=VALUE; a value with a comma needs another separator: "^;^A=1,2;B=3"'
                self.refuse("gcloud-flag", message, given.origin, help_)
                continue
            found[key] = value
        return found

    def number(self, given: _Given | None, words: str, least: int = 1) -> Number | None:
        if given is None or given.value is None or given.value == "default":
            return None
        text = given.value.strip()
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            self.refuse("gcloud-flag", f"argument {given.name}: {words}", given.origin, "give a whole number")
            return None
        return Number(int(text), given.origin)

    def seconds(self, given: _Given | None) -> Number | None:
        """ "300", "10m5s" → seconds."""
        if given is None or given.value is None:
            return None
        match = _DURATION.fullmatch(given.value.strip())
        if match is None or not any(match.groups()):
            message = f"argument {given.name}: {given.value} is no duration"
            self.refuse("gcloud-flag", message, given.origin, "write seconds, or a duration such as 10m5s")
            return None
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return Number(hours * 3600 + minutes * 60 + seconds, given.origin)


def split_list(text: str) -> list[str]:
    """ "a,b", or "^;^a;b" with the separator that it begins with."""
    separator = ","
    if text.startswith("^") and text.count("^") > 1:
        separator, text = text[1:].split("^", 1)
    return [item for item in text.split(separator) if item] if separator else [text]


def read_gcloud(call: Call, default_name: str, repo: Snapshot) -> Manifest:
    """The service or job that a command creates; None, with the reason, where it deploys nothing. repo: where the
    files lie that its flags name."""
    reader = Reader(call, repo)
    verbs = [word.text for word in reader.names]
    verbs = verbs[1:] if verbs[:1] in (["alpha"], ["beta"]) else verbs
    names = reader.names[len(reader.names) - len(verbs) :]
    reader.is_job = verbs[:2] == ["run", "jobs"]
    used = 3 if verbs[:2] in (["run", "jobs"], ["run", "services"]) else 2
    if verbs[:1] != ["run"] or len(verbs) < used or verbs[used - 1] not in _VERBS:
        if verbs[:2] == ["run", "worker-pools"]:
            reader.found.append(worker_pools(call.origin))
            return Manifest(None, tuple(reader.found))
        help_ = 'write it as in a script: --gcloud "run deploy NAME --source ."'
        if verbs[:1] == ["run"] and "replace" in verbs[:3]:
            help_ = "name the YAML file with --config"
        reader.refuse("gcloud-command", f"this deploys nothing: gcloud {' '.join(verbs[:3])}", call.origin, help_)
        return Manifest(None, tuple(reader.found))
    name = next((word for word in names[used:] if word.text), None)
    refuse_words(reader, [word for word in names[used:] if word.text])
    if name is not None and not name.is_known:
        reader.not_known(f"the {'job' if reader.is_job else 'service'}'s name", name.text, name.origin)
        name = name._replace(text=default_name)
    return Manifest(_service(reader, name, default_name), tuple(reader.found), tuple(reader.rows))


def _service(reader: Reader, name: Word | None, default_name: str) -> ServiceSpec:
    whole = reader.whole
    groups = reader.groups or [_Group(None, [], reader.call.origin)]
    own = [one for one in whole.given if one.flag.of_container]
    if own:
        groups[0] = _Group(groups[0].name, [*own, *groups[0].given], groups[0].origin)
    made = [_container(reader, number, group) for number, group in enumerate(groups)]
    containers = tuple(container for container, _ in made)
    volumes = [*_volumes(reader, whole), *(volume for _, own in made for volume in own)]
    needs = {
        group.name.text if group.name is not None else "": split_list(given.value or "")
        for group in groups
        if (given := group.last("--depends-on")) is not None
    }
    needs = refuse_dependencies(reader, groups, needs)
    template = _annotations(whole)
    if needs:
        at = next(g.last("--depends-on") for g in groups if g.last("--depends-on") is not None)
        assert at is not None
        template[annotations.DEPENDENCIES] = Text(json.dumps(needs), at.origin)
    sources = [group.last("--source") for group in groups]
    is_archive = source_problems(reader, [one for one in sources if one is not None and one.value is not None])
    refuse_images(reader, groups, name.text if name else default_name)
    image = any(group.text("--image") for group in groups)
    count = reader.number(whole.last("--tasks"), "must be a whole number greater than 0")
    tasks = TaskSpec(
        task_count=count, parallelism=reader.number(whole.last("--parallelism"), "must be a whole number", 0),
        max_retries=reader.number(whole.last("--max-retries"), "must be a whole number", 0),
        timeout_s=reader.seconds(whole.last("--task-timeout")),
    )  # fmt: skip
    tag, traffic = whole.text("--tag"), whole.last("--traffic")
    suffix, label = whole.text("--revision-suffix"), name.text if name else default_name
    refuse_flags(reader, [*whole.given, *(one for group in reader.groups for one in group.given)])
    return ServiceSpec(
        name=label, origin=reader.call.origin, name_origin=name.origin if name else None,
        revision=Text(f"{label}-{suffix.text}", suffix.origin) if suffix else None,
        annotations=_service_annotations(whole), template_annotations=template, containers=containers,
        concurrency=reader.number(
            whole.last("--concurrency"), 'must be an integer greater than 0 or "default"'
        ),
        timeout_s=reader.seconds(whole.last("--timeout")), tasks=tasks if reader.is_job else None,
        project=whole.text("--project"), region=whole.text("--region"), service_account=whole.text("--service-account"),
        targets=(TargetSpec(tag=tag),) if tag else (),
        held_back=traffic.origin if traffic is not None and not traffic.is_on else None,
        volumes=tuple(volumes), written_in="gcloud", is_built=not image or any(sources),
        is_archive=is_archive,
        build_env=build_env(reader, groups),
        base_image=next((text for group in groups if (text := group.text("--base-image")) is not None), None),
    )  # fmt: skip


def _annotations(whole: _Group) -> dict[str, Text]:
    """Flags that the revision's annotations hold."""
    found: dict[str, Text] = {}
    for flag, name in (("--min-instances", "minScale"), ("--max-instances", "maxScale")):
        text = whole.text(flag)
        if text is not None and text.text != "default":
            found[annotations.SCALE + name] = text
    if (generation := whole.text("--execution-environment")) is not None:
        found[annotations.EXECUTION] = generation
    switches = (
        ("--cpu-throttling", annotations.THROTTLING), ("--cpu-boost", annotations.RUN + "startup-cpu-boost"),
        ("--session-affinity", annotations.RUN + "sessionAffinity"),
    )  # fmt: skip
    for flag, name in switches:
        if (one := whole.last(flag)) is not None:
            found[name] = Text("true" if one.is_on else "false", one.origin)
    return found


def _service_annotations(whole: _Group) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for flag, name in (("--min", "minScale"), ("--max", "maxScale"), ("--ingress", "ingress")):
        if (text := whole.text(flag)) is not None and text.text != "default":
            found[annotations.RUN + name] = text
    scaling = whole.text("--scaling")
    if scaling is not None and scaling.text.isdigit():
        found[annotations.RUN + "scalingMode"] = Text("manual", scaling.origin)
        found[annotations.RUN + "manualInstanceCount"] = scaling
    return found


def _volumes(reader: Reader, whole: _Group) -> list[VolumeSpec]:
    """What `--add-volume` adds; a later one of a name wins."""
    added = [one for one in whole.given if one.name == "--add-volume"]
    made = [gcloud_volumes.read_volume(reader.pairs(one), one.origin, reader.refuse) for one in added]
    return list({volume.name.text: volume for volume in made if volume is not None and volume.name}.values())


def _container(reader: Reader, number: int, group: _Group) -> tuple[ContainerSpec, list[VolumeSpec]]:
    """A container, and the volumes that are made for its secrets."""
    env, files = _env(reader, group)
    own = gcloud_volumes.secret_volumes(files, number, reader.refuse)
    added = [one for one in group.given if one.name == "--add-volume-mount"]
    mounts = [gcloud_volumes.read_mount(reader.pairs(one), one.origin, reader.refuse) for one in added]
    mounts += [mount for _, mount in own]
    command, args = group.last("--command"), group.last("--args")
    port = reader.number(group.last("--port"), 'must be an integer between 1 and 65535 or "default"')
    h2c = group.last("--use-http2")
    ports: tuple[Number | None, ...] = (port,) if port is not None else ()
    if h2c is not None and h2c.is_on and not ports:
        ports = (Number(8080, h2c.origin),)
    container = ContainerSpec(
        number=number, origin=group.origin, name=group.name, image=group.text("--image"),
        command=tuple(split_list(command.value or "")) if command else (), command_origin=_place(command),
        args=tuple(split_list(args.value or "")) if args else (), args_origin=_place(args), env=env, ports=ports,
        port_name=Text("h2c", h2c.origin) if h2c is not None and h2c.is_on else None,
        ports_origin=port.origin if port else None,
        limits={
            key: text for key, flag in (("cpu", "--cpu"), ("memory", "--memory"))
            if (text := group.text(flag)) is not None and text.text != "default"
        },
        probes={
            kind: probe for kind in ("startup", "liveness", "readiness")
            if (probe := _probe(reader, group.last(f"--{kind}-probe"), kind)) is not None
        },
        mounts=tuple(mount for mount in mounts if mount is not None),
    )  # fmt: skip
    return container, [volume for volume, _ in own]


def _place(given: _Given | None) -> Origin | None:
    return given.origin if given is not None and given.value else None


def _env(reader: Reader, group: _Group) -> tuple[tuple[EnvEntry, ...], list[SecretFile]]:
    """Variables in the order of their flags, and secrets that are files. A later flag of a name wins."""
    found: dict[str, EnvEntry] = {}
    files: dict[str, SecretFile] = {}
    _one_kind_each(reader, group)
    for one in group.given:
        if one.name in ("--set-env-vars", "--update-env-vars"):
            for key, value in reader.pairs(one).items():
                known = Word(value, one.origin).is_known
                secret = None if known else (f"that {value} stands for", "current")
                found[key] = EnvEntry(key, value if known else None, one.origin, secret)
        elif one.name in ("--set-secrets", "--update-secrets"):
            for key, value in reader.pairs(one).items():
                name, _, version = value.rpartition(":") if ":" in value else (value, "", "")
                if not version and Word(value, one.origin).is_known:
                    words = f"No secret version specified for {key}"
                    reader.refuse("gcloud-flag", words, one.origin, f"use {key}={name}:latest for the latest version")
                if key.startswith("/"):
                    files[key] = SecretFile(key, name, version or "latest", one.origin)
                else:
                    found[key] = EnvEntry(key, None, one.origin, (name, version or "latest"))
        elif one.name in ("--clear-env-vars", "--clear-secrets"):
            secrets = one.name == "--clear-secrets"
            found = {key: entry for key, entry in found.items() if (entry.secret is not None) != secrets}
        elif one.name == "--env-vars-file" and one.value:
            file = read_env_file(reader.repo, one.value, one.origin)
            reader.found += file.diagnostics
            found |= {entry.name: entry for entry in file.entries}
    return tuple(found.values()), list(files.values())


def _one_kind_each(reader: Reader, group: _Group) -> None:
    """A name that is a secret and a literal in one command."""
    seen: dict[str, str] = {}
    for one in group.given:
        kind = _KINDS.get(one.name.removeprefix("--set").removeprefix("--update"))
        names = [item.partition("=")[0] for item in split_list(one.value or "")] if kind else []
        for name in names:
            if kind is not None and seen.setdefault(name, kind) != kind:
                words = OTHER_TYPE.format(name=name, kind=kind)
                reader.refuse("gcloud-flag", words, one.origin, f"give {name} once")


def _probe(reader: Reader, given: _Given | None, kind: str) -> ProbeSpec | None:
    """A probe of KEY=VALUE pairs; an empty text removes it."""
    if given is None or not given.value:
        return None
    numbers: dict[str, Number] = {}
    texts: dict[str, Text] = {}
    actions: dict[str, None] = {}
    is_refused = False
    more = ("successThreshold",) if kind == "readiness" else ()
    for key, value in reader.pairs(given).items():
        action, dot, field = key.partition(".")
        if key not in (*_PROBE_KEYS, *_PROBE_NUMBERS, *more) or (kind != "startup" and action == "tcpSocket"):
            message = f"Key [{key}] not recognized for {kind} probe"
            known = ", ".join((*_PROBE_KEYS, *_PROBE_NUMBERS, *more))
            reader.refuse("gcloud-flag", message, given.origin, f"known are {known}")
            is_refused = True
            continue
        if dot:
            actions[action] = None
        if dot and field != "port":
            texts[field] = Text(value, given.origin)
        elif value.isascii() and value.isdigit():
            numbers[field if dot else key] = Number(int(value), given.origin)
        else:
            message = f"Value for key [{key}] must be an integer"
            reader.refuse("gcloud-flag", message, given.origin, "give a whole number")
    return None if is_refused and not actions else ProbeSpec(given.origin, tuple(actions), numbers, texts, {})
