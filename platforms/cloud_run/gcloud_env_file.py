"""The YAML file of variables that `--env-vars-file` or `--build-env-vars-file` names: `NAME: "text"` lines."""

from typing import NamedTuple, TypeGuard

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, parse_yaml, value_of
from emulator.model.diagnostic import Diagnostic, Fault, error, info
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable
from platforms.common import unreadable

from . import rules
from .manifest import EnvEntry


class EnvFile(NamedTuple):
    """What the file sets, in its order, and what gcloud refuses in it."""

    entries: tuple[EnvEntry, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_env_file(repo: Snapshot, path: str, origin: Origin, flag: str = "--env-vars-file") -> EnvFile:
    """origin: where the flag names it. A file that the repository does not hold is said, and sets nothing here."""
    look = repo.look(path)
    if not look.is_file:
        why = f"git ignores it ({look.detail})" if look.why == "ignored" else "the repository has no such file"
        help_ = "give them with --env or --env-file" if flag == "--env-vars-file" else "name a file of the repository"
        told = info(
            "cloud-run/gcloud-value", f"the variables of {path} are not read: {why}", origin=origin, fault=Fault.GAP,
            rule=rules.DEPLOY_COMMAND.id, url=rules.DEPLOY_COMMAND.url, help=help_,
        )  # fmt: skip
        return EnvFile(diagnostics=(told,))
    try:
        read = parse_yaml(repo.text(look.path), look.path, dialect=Dialect.YAML_1_1)
    except Unreadable as problem:
        return EnvFile(diagnostics=(unreadable(problem, look.path),))
    if read.document is None:
        return EnvFile(diagnostics=read.diagnostics)
    if not isinstance(read.document, Mapping):
        refused = _refused(f"argument {flag}: the file holds no names and values", read.document.origin)
        return EnvFile(diagnostics=(*read.diagnostics, refused))
    pairs = [(key, value, _type(value)) for key, value in read.document.pairs]
    entries = [EnvEntry(key.text, value.text, key.origin) for key, value, _ in pairs if _is_text(value)]
    words = f"argument {flag}: Environment variable values must be strings"
    refused_ones = [
        _refused(f"{words}: {key.text} has the type {kind}", value.origin)
        for key, value, kind in pairs
        if not _is_text(value)
    ]
    return EnvFile(tuple(entries), (*read.diagnostics, *refused_ones))


def _is_text(node: Node) -> TypeGuard[Scalar]:
    return _type(node) == "str"


def _type(node: Node) -> str:
    """What Python's YAML makes of it, by the type's name."""
    if isinstance(node, Scalar):
        return type(value_of(node, Dialect.YAML_1_1)).__name__
    return "dict" if isinstance(node, Mapping) else "list"


def _refused(message: str, origin: Origin) -> Diagnostic:
    return error(
        "cloud-run/gcloud-flag", message, origin=origin, rule=rules.DEPLOY_COMMAND.id, url=rules.DEPLOY_COMMAND.url,
        help='write NAME: "text", with the quotes',
    )  # fmt: skip
