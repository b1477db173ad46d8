"""Secret files: where a container and a build find those the user gives, and what a Dockerfile asks for in vain
(rule render/secret-files)."""

import re

from emulator.contract import Inputs
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Build, BuildKind, BuildSecret, Mount
from emulator.model.record import replace

from . import rules
from .native_image import SOURCE
from .way import Given

FOLDER = "/etc/secrets"
GROUP = 1000
MODE = "0440"
MOST_BYTES = 1024 * 1024
"""All of a service together (source: configure-environment-variables)."""

_BUILD_ENV = "--mount=type=secret,id=emu_build_env"
_WORKDIR = re.compile(r"^WORKDIR (\S+)$", re.MULTILINE)


def secret_id(name: str) -> str:
    """By what a Dockerfile mounts a secret file: its name with _ for every sign that is no letter and no digit."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def with_secrets(build: Build, inputs: Inputs) -> Build:
    """The build with the user's secret files: for a Dockerfile to mount, for a native build at their places."""
    if not inputs.secret_files or build.kind is BuildKind.IMAGE:
        return build
    secrets = tuple(BuildSecret(id=secret_id(file.name), name=file.name) for file in inputs.secret_files)
    text = build.generated_dockerfile
    if text is None:
        return replace(build, secrets=secrets)
    mounts = [
        f"--mount=type=secret,id={secret_id(mount.name)},target={mount.path},gid={GROUP},mode={MODE}"
        for mount in mounts_of(build, inputs)
    ]
    text = text.replace(_BUILD_ENV, " ".join([*mounts, _BUILD_ENV]))
    return replace(build, secrets=secrets, generated_dockerfile=text)


def mounts_of(build: Build, inputs: Inputs) -> tuple[Mount, ...]:
    """What a container finds: every file in /etc/secrets, and without Docker in the service's root as well."""
    folders = [FOLDER]
    if build.kind not in (BuildKind.DOCKERFILE, BuildKind.IMAGE):
        places = _WORKDIR.findall(build.generated_dockerfile or "")
        folders.append(places[-1] if places else SOURCE)
    return tuple(
        Mount(path=f"{folder}/{file.name}", kind="secret", name=file.name, read_only=True, group=GROUP, mode=MODE)
        for folder in folders
        for file in inputs.secret_files
    )


def secret_file_problems(given: Given, build: Build) -> list[Diagnostic]:
    """Files that are too large, and secrets that the Dockerfile mounts and will not find."""
    found: list[Diagnostic] = []
    size = sum(len(file.content) for file in given.inputs.secret_files)
    if size > MOST_BYTES:
        found.append(
            error(
                "render/secret-files-size", f"the secret files have {size} bytes; a service may have {MOST_BYTES}",
                service=given.spec.name, rule=rules.SECRET_FILES.id, url=rules.SECRET_FILES.url,
                help="give smaller files, or fetch what is large when the app starts",
            )
        )  # fmt: skip
    path = build.dockerfile
    if build.kind is BuildKind.DOCKERFILE and path is not None and given.repo.is_file(path):
        known = {secret_id(file.name) for file in given.inputs.secret_files}
        asked = _mounted(given, path)
        found += [d for id, (origin, needed) in asked.items() if (d := _unmet(given, id, origin, known, needed=needed))]
    return found


def _mounted(given: Given, path: str) -> dict[str, tuple[Origin, bool]]:
    """The ids of secrets that the steps of the build mount, where, and whether the build fails without."""
    from emulator.snapshot import Unreadable

    try:
        text = given.repo.text(path)
    except Unreadable:
        return {}
    if "secret" not in text:
        return {}
    from emulator.formats.dockerfile import parse_dockerfile, read_stages
    from emulator.formats.dockerfile.mounts import mount_fields

    stages = read_stages(parse_dockerfile(text, path))
    steps = [step for index in stages.reached for step in stages.stages[index].instructions]
    asked: dict[str, tuple[Origin, bool]] = {}
    for flag in (flag for step in steps for flag in step.flags if flag.name == "mount"):
        parts = dict(mount_fields(flag))
        target = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
        id = parts.get("id") or target.rpartition("/")[2]
        if parts.get("type") == "secret" and id and "$" not in id:
            is_needed = "required" in parts and parts["required"] in (None, "true", "1")
            asked.setdefault(id, (flag.origin, is_needed))
    return asked


def _unmet(given: Given, id: str, origin: Origin, known: set[str], *, needed: bool) -> Diagnostic | None:
    """Why a secret of this id is not there; None when it is."""
    if id in known:
        return None
    facts = ("required=true: the build fails without it",) if needed else ("the step runs without it",)
    if id != secret_id(id):
        make = error if needed else warning
        return make(
            "build/secret-id", f"no secret file has the id {id}: Render has _ for every sign but letters and digits",
            service=given.spec.name, origin=origin, rule=rules.SECRET_FILES.id, url=rules.SECRET_FILES.url, facts=facts,
            help=f"mount it with id={secret_id(id)}",
        )  # fmt: skip
    return warning(
        "build/secret-missing", f"the Dockerfile mounts the secret {id}, and no file of that id is given here",
        service=given.spec.name, origin=origin, rule=rules.SECRET_FILES.id, url=rules.SECRET_FILES.url, facts=facts,
        help="give it with --secret-file NAME=PATH; on Render it is a secret file of the service or of a group",
    )  # fmt: skip
