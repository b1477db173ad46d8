"""What lies near a path that is not there."""

import os
from itertools import islice

from emulator.model.spelling import nearest

_MOST_NAMES = 5000
"""In a folder of more names than these the first ones are compared."""


def near_path(path: str) -> str | None:
    """The path that was probably meant: called almost so, in the same folder; None where nothing is."""
    folder, name = os.path.split(path.rstrip("/"))
    try:
        with os.scandir(folder or ".") as listing:
            names = sorted(entry.name for entry in islice(listing, _MOST_NAMES))
    except (OSError, ValueError):
        above = near_path(folder) if folder and folder != path else None
        return os.path.join(above, name) if above and os.path.lexists(os.path.join(above, name)) else None
    near = nearest(name, names) if name and name not in names else None
    return os.path.join(folder, near) if near is not None else None
