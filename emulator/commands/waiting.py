"""A service that is built waits for those it needs before anything of it starts."""

import threading
from collections.abc import Callable, Collection

from emulator.commands.underway import Underway
from emulator.commands.unmet import begun_without, not_begun
from emulator.engine.build_reach import Gate
from emulator.engine.job import Canceled
from emulator.model.diagnostic import Diagnostic


def gate(
    name: str, needed: Collection[str], underway: Underway, *, datastores: Callable[[str], bool],
    tell: Callable[[Diagnostic], None],
) -> Gate | None:  # fmt: skip
    """What service `name` of a deploy passes before it starts: all those `needed` are decided. Without a datastore it
    is not begun; without another service it is, as on the platform, and that is told. None where it needs nobody."""
    if not needed:
        return None

    def passed(cancel: threading.Event) -> Diagnostic | None:
        """Why it is not begun. From a thread of its own. Raises Canceled."""
        if not underway.wait(needed, cancel):
            raise Canceled
        verdicts = underway.verdicts()
        bad = [verdicts[one] for one in sorted(needed) if not verdicts[one].verdict.good]
        missing = next((one for one in bad if datastores(one.name)), None)
        if missing is not None:
            return not_begun(name, missing)
        for one in bad:
            tell(begun_without(name, one))
        return None

    return passed
