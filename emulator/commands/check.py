"""`emu check`: the plan's document as a gate. So far its findings are those of resolving."""

from emulator.commands.plan import configure, run

__all__ = ["configure", "run"]
