"""A service of the plan → exactly what the engine is asked to build and to start. Pure."""

import hashlib
import hmac
import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from emulator.contract import token
from emulator.model.plan import Command, EnvKind, EnvPhase, Service, Tasks
from emulator.model.record import replace
from emulator.world.building import BuildRequest
from emulator.world.containers import ContainerSpec, FileInside, OwnVolume, VolumeMount
from emulator.world.docker import ImageFacts
from emulator.world.hidden import Hidden, HiddenFiles

from .labels import INSTANCE, of_service, resource_name
from .rollout_steps import Unit

BUILD_ENV_SECRET = "emu_build_env"
BUILD_ENV_ARG = "EMU_BUILD_ENV"
_BUILDPACKS = "io.buildpacks.lifecycle.metadata"
"""A label of every image that Cloud Native Buildpacks made."""
NO_HOSTS: Mapping[str, str] = {}
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONCEALED_FROM = 3
"""A shorter value would hit everything and tell nothing: it stays. So does a shorter line of a longer value."""


def environment(service: Service, hidden: Mapping[str, str], *, build: bool) -> dict[str, str]:
    """The variables of a phase with their true values; a variable without a value is left out."""
    left_out = EnvPhase.RUN if build else EnvPhase.BUILD
    values: dict[str, str] = {}
    for variable in service.env:
        value = hidden.get(variable.name, variable.value)
        if variable.phase is not left_out and value is not None:
            values[variable.name] = value
    return values


def build_variables(service: Service, hidden: Mapping[str, str]) -> dict[str, str]:
    """What the build finds: its own arguments, and the service's variables where it sees those."""
    own = {arg.name: arg.value for arg in service.build.args if arg.value is not None}
    return {**own, **environment(service, hidden, build=True)}


def build_request(
    service: Service,
    hidden: Mapping[str, str],
    *,
    root: str,
    platform: str,
    context: str,
    dockerfile: str,
    base_images: dict[str, str],
    deploy: int,
    files: Mapping[str, bytes] = HiddenFiles(),
    hosts: Mapping[str, str] = NO_HOSTS,
    data: str = "",
) -> BuildRequest:
    """`context` and `dockerfile` are absolute paths. A generated Dockerfile gets the build's variables
    as a secret with `export` lines; the user's own gets each as a build argument. files: the secret files, by name.
    hosts, data: what the build reaches, see `BuildReach`."""
    values = build_variables(service, hidden)
    labels = of_service(root, platform, service.name, deploy)
    tag = f"{resource_name(root, service.name)}:{deploy}"
    mounted = HiddenFiles({secret.id: files[secret.name] for secret in service.build.secrets if secret.name in files})
    if service.build.is_platforms_own:
        script = "".join(
            f"export {name}={shlex.quote(value)}\n"
            for name, value in sorted(values.items())
            if _SHELL_NAME.fullmatch(name)
        )
        return BuildRequest(
            context=context,
            dockerfile=dockerfile,
            secrets={BUILD_ENV_SECRET: script},
            secret_files=mounted,
            args={BUILD_ENV_ARG: _digest(script + data, root, mounted)},
            hosts=dict(hosts),
            base_images=base_images,
            platform=service.build.platform,
            tag=tag,
            labels=labels,
        )
    return BuildRequest(
        context=context,
        dockerfile=dockerfile,
        target=service.build.target,
        args=values,
        secret_files=mounted,
        base_images=base_images,
        platform=service.build.platform,
        tag=tag,
        labels=labels,
        masked=frozenset(hidden),
    )


def _digest(script: str, root: str, files: Mapping[str, bytes]) -> str:
    """Changes with the variables and the files, and tells nothing of them."""
    made = hmac.new(
        root.encode(errors="surrogateescape"), script.encode(errors="surrogateescape"), hashlib.sha256
    )
    for name, content in files.items():
        made.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return made.hexdigest()[:16]


class Surroundings(NamedTuple):
    """What the containers of a service find around them. network: None is the engine's own, where nobody has a name.
    hosts: names that no container has. files: the contents of secret files, by their names."""

    network: str | None = None
    volumes: tuple[VolumeMount, ...] = ()
    hosts: Mapping[str, str] = {}
    files: HiddenFiles = HiddenFiles()


NOTHING_AROUND = Surroundings()


def container_spec(
    service: Service,
    hidden: Mapping[str, str],
    *,
    root: str,
    platform: str,
    image: ImageFacts,
    unit: Unit,
    attempt: int,
    memory: bool,
    cpu: bool,
    publish: dict[int, int],
    around: Surroundings = NOTHING_AROUND,
) -> ContainerSpec:
    """A start of one instance, exactly as the plan has it. The image's own command is left to the image."""
    argv = _own_argv(service.command, image)
    return ContainerSpec(
        image=image.id,
        name=resource_name(root, service.name, unit.deploy, unit.id, attempt),
        argv=reveal(argv, {**_unset(service), **hidden}) if argv is not None else None,
        env=_own_environment(service, hidden, unit, root),
        memory_mib=service.resources.memory_mib if memory else None,
        cpus=service.resources.cpu if cpu else None,
        labels={**of_service(root, platform, service.name, unit.deploy), INSTANCE: str(unit.slot)},
        publish=publish,
        network=around.network,
        aliases=service.network_names if around.network is not None else (),
        volumes=around.volumes,
        own_volumes=own_volumes(service, around.files),
        files=files_inside(service, around.files),
        files_count_as_memory=memory and service.resources.files_count_as_memory,
        open_files=service.resources.open_files,
        no_new_rights=service.resources.no_new_rights,
        unknown_user_is_root=service.resources.unknown_user_is_root,
        hosts=dict(around.hosts),
        workdir=service.command.working_dir if service.command is not None else None,
        platform=service.build.platform,
    )


def _own_environment(service: Service, hidden: Mapping[str, str], unit: Unit, root: str) -> dict[str, str]:
    """What one instance finds: where the platform gives each a name, its own. What the user gave instead stays."""
    values = environment(service, hidden, build=False)
    name = service.instance_variable
    if name is None or not any(v.name == name and v.kind is EnvKind.PLATFORM for v in service.env):
        return values
    front, dash, letters = values[name].rpartition("-")
    own = hashlib.sha256(f"{root}/{service.name}/{unit.deploy}/{unit.id}".encode(errors="surrogateescape")).hexdigest()
    return {**values, name: front + dash + own[: len(letters)]}


def files_inside(service: Service, files: Mapping[str, bytes]) -> tuple[FileInside, ...]:
    """The secret files that the plan mounts, with what is in them; `files` by name."""
    mounts = service.containers[0].mounts if service.containers else ()
    return tuple(
        FileInside(path=m.path, content=files[m.name], group=m.group or 0, mode=int(m.mode or "0400", 8))
        for m in mounts
        if m.kind == "secret" and m.name in files
    )


def own_volumes(service: Service, files: Mapping[str, bytes]) -> tuple[OwnVolume, ...]:
    """The volumes that the service's container mounts and that are gone with it; `files` by name."""
    volumes = {volume.name: volume for volume in service.volumes}
    mounts = service.containers[0].mounts if service.containers else ()
    mounted = [(m.path, volumes[m.name]) for m in mounts if m.kind == "volume" and m.name in volumes]
    return tuple(
        OwnVolume(
            path=path,
            memory_mib=volume.size_mib,
            files=tuple(
                FileInside(path=f"{path}/{f.path}", content=files[f.secret], mode=int(f.mode, 8))
                for f in volume.files
                if f.secret in files
            ),
        )
        for path, volume in mounted
        if volume.kind != "folder"
    )


def task_spec(spec: ContainerSpec, tasks: Tasks | None, index: int, attempt: int) -> ContainerSpec:
    """The container of one attempt of one task: `spec` under a name of its own, with the task's numbers, both from 0,
    in the variables that the platform has for them. None reaches it from outside."""
    names = (tasks.index_variable, tasks.attempt_variable) if tasks is not None else (None, None)
    numbers = {name: str(number) for name, number in zip(names, (index, attempt), strict=True) if name is not None}
    return replace(spec, name=f"{spec.name}-task-{index}-{attempt}", env=Hidden({**spec.env, **numbers}), publish={})


def pre_deploy_spec(spec: ContainerSpec, service: Service, hidden: Mapping[str, str]) -> ContainerSpec:
    """The container of the service's pre-deploy command, which it has: `spec` with that command, and without a disk."""
    assert service.pre_deploy_argv is not None
    return _with_command(spec, service, hidden, service.pre_deploy_argv, "pre-deploy")


def initial_hook_spec(spec: ContainerSpec, service: Service, hidden: Mapping[str, str]) -> ContainerSpec:
    """The same of its initial deploy hook."""
    assert service.initial_hook_argv is not None
    return _with_command(spec, service, hidden, service.initial_hook_argv, "initial-hook")


def _with_command(
    spec: ContainerSpec, service: Service, hidden: Mapping[str, str], argv: tuple[str, ...], what: str
) -> ContainerSpec:
    argv = reveal(argv, {**_unset(service), **hidden})
    return replace(spec, name=f"{spec.name}-{what}", argv=argv, publish={}, aliases=(), volumes=())


def _unset(service: Service) -> dict[str, str]:
    """A value that nobody gave is not set, so it is nothing where a command refers to it."""
    return {variable.name: "" for variable in service.env if variable.value is None}


def _own_argv(command: Command | None, image: ImageFacts) -> tuple[str, ...] | None:
    """What replaces the image's command; None where nothing does."""
    if command is None or command.source in ("dockerfile", "image"):
        return None
    if command.image_args is not None and (image.entrypoint or command.argv is None):
        return (*(image.entrypoint or ()), *command.image_args)
    if _BUILDPACKS in image.labels and command.source in ("buildpack", "procfile"):
        return None  # their launcher is the image's own command
    return command.argv


def reveal(argv: tuple[str, ...], hidden: Mapping[str, str]) -> tuple[str, ...]:
    """`argv` with the tokens that stand for secret values replaced by the values, which are left as they are."""
    if not hidden:
        return argv
    values = {token(name): value for name, value in hidden.items()}
    tokens = re.compile("|".join(map(re.escape, values)))
    return tuple(tokens.sub(lambda found: values[found[0]], word) for word in argv)


def conceal(text: str, hidden: Mapping[str, str]) -> str:
    """`text` with secret values, and the lines of those with several, replaced by their tokens, longest first."""
    pieces = {
        piece: name
        for name, value in hidden.items()
        for piece in (value, *value.splitlines())
        if len(piece) >= _CONCEALED_FROM
    }
    for piece in sorted(pieces, key=len, reverse=True):  # a value may hold another
        if piece in text:
            text = text.replace(piece, token(pieces[piece]))
    return text
