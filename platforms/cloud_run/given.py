"""What every step of planning a service is handed."""

from typing import NamedTuple

from emulator.contract import Inputs
from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic
from emulator.snapshot import Snapshot

from .manifest import ServiceSpec


class Given(NamedTuple):
    """trace and found are added to."""

    repo: Snapshot
    inputs: Inputs
    spec: ServiceSpec
    trace: Trace
    found: list[Diagnostic]

    @property
    def name(self) -> str:
        return self.spec.name
