"""Values that may be secret: they print as their names."""

from emulator.model.record import Record


class Hidden(dict[str, str]):
    """Text by name where the text may be secret: prints as its names alone."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: …" for name in self) + "}"


class HiddenFiles(dict[str, bytes]):
    """Contents by name, where they may be secret: prints as its names alone."""

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: …" for name in self) + "}"


def set_field(record: Record, name: str, value: object) -> None:
    """Set a field while the record is being made."""
    import msgspec

    msgspec.structs.force_setattr(record, name, value)
