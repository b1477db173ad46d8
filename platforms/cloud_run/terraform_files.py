"""Where a repository holds Terraform's description of what is deployed, told without reading it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable

_RESOURCE = re.compile(
    r'^\s*resource\s+"?(google_cloud_run_(?:v2_service|v2_job|service))"?\s+"?([\w-]+)', re.MULTILINE
)
FOLDERS = (".", "terraform", "infra", "infrastructure", "deploy", "iac", "tf", "deployment")
"""Where Terraform's files usually lie."""


class Offer(NamedTuple):
    """A resource that is there and was not asked for."""

    type: str
    name: str
    origin: Origin


def is_terraform(path: str) -> bool:
    """Whether --config names a Terraform file, or a resource in one: main.tf, main.tf:api."""
    return path.partition(":")[0].endswith(".tf")


def offered(repo: Snapshot) -> Iterator[Offer]:
    """The resources in the usual folders, told by their first lines: nothing is parsed."""
    for folder in FOLDERS:
        if not repo.look(folder).is_directory:
            continue
        for name in repo.entries(folder):
            path = name if folder == "." else f"{folder}/{name}"
            if name.endswith(".tf") and repo.is_file(path):
                yield from _heads(repo, path)


def _heads(repo: Snapshot, path: str) -> Iterator[Offer]:
    try:
        text = repo.text(path)
    except Unreadable:
        return
    for found in _RESOURCE.finditer(text):
        line = text.count("\n", 0, found.start(1)) + 1
        yield Offer(found[1], found[2], Origin(file=path, line=line))
