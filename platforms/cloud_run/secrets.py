"""Secrets by their names in Secret Manager: which a service reads, and what stands for their values here.

A value is given with `--secret-file NAME=PATH`, or as the variable NAME with --env or --env-file; `NAME:VERSION` is one
version's alone (rule cloud-run/secrets).
"""

from emulator.contract import GivenFile, Inputs

from . import annotations
from .manifest import ServiceSpec

LATEST = "latest"


def short_name(spec: ServiceSpec, name: str) -> str:
    """The name of a secret by itself: without its project, or what the alias of one in another project stands for."""
    aliases = spec.template_annotations.get(f"{annotations.RUN}secrets")
    for entry in aliases.text.split(",") if aliases is not None else ():
        alias, colon, path = entry.strip().partition(":")
        if colon and alias == name:
            name = path
    return name.rpartition("/")[2]


def names_of(spec: ServiceSpec) -> tuple[str, ...]:
    """The secrets that the service's variables and volumes read, sorted."""
    written = [entry.secret[0] for one in spec.containers for entry in one.env if entry.secret is not None]
    written += [volume.secret.text for volume in spec.volumes if volume.secret is not None]
    return tuple(sorted({short_name(spec, name) for name in written if _is_name(name)}))


def _is_name(name: str) -> bool:
    """A value that a command's own place puts in is asked for like a secret, and has no name."""
    return bool(name) and " " not in name


def given_secrets(spec: ServiceSpec, inputs: Inputs) -> dict[str, GivenFile]:
    """What the user gave for secrets that the service reads, by name, or by name and version. A file wins over a
    variable; a variable that a container has under that name stays one."""
    names = names_of(spec)
    declared = {entry.name for container in spec.containers for entry in container.env}
    variables = [
        GivenFile(name=one.name, content=one.value.encode(errors="surrogateescape"))
        for one in inputs.env
        if one.name not in declared and one.service in (None, spec.name)
    ]
    files = (*variables, *inputs.secret_files)
    return {file.name: file for file in files if file.name.partition(":")[0] in names}


def key_of(given: dict[str, GivenFile], name: str, version: str) -> str:
    """By what the value of a version stands in `given`; the secret's name where nothing was given for it."""
    exact = f"{name}:{version or LATEST}"
    return exact if exact in given else name


def not_found(name: str, version: str) -> str:
    """The server's words for a secret that is not there."""
    return f"Secret projects/PROJECT/secrets/{name}/versions/{version or LATEST} was not found"
