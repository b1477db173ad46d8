"""All interfaces: it listens where others reach it, on every address it has."""

from emulator.engine.listeners import places

from . import kinds
from .check import Check, Conclusion, Subject, not_told
from .seen import Seen

_EVERY = ("0.0.0.0", "::", "::ffff:0.0.0.0")  # noqa: S104 - what is looked for
_HELP = "bind 0.0.0.0 (or ::) instead"


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    boot = next((one for one in (seen.again, seen.first) if one is not None and one.listeners), None)
    if boot is None:
        return not_told("where it listens was not seen")
    own = tuple(one for one in boot.listeners if one.port == boot.port) or boot.listeners
    if all(one.loopback for one in own):
        message = f"it listens on {places(own)}: only the container itself reaches that"
        return Conclusion("failed", message, (f"no request of {subject.platform} comes there",), _HELP)
    if any(one.address in _EVERY for one in own):
        beside = tuple(one for one in boot.listeners if one.loopback)
        facts = (f"beside it {places(beside)}, for the container alone",) if beside else ()
        return Conclusion("held", f"it listens on {places(one for one in own if not one.loopback)}", facts)
    message = f"it listens on {places(own)} only: that address changes with every instance"
    return Conclusion("warned", message, (), _HELP)


CHECK = Check(
    name="interfaces", title="all interfaces", code="verify/interfaces", steps=frozenset(("boot",)),
    excuse=kinds.is_asked, conclude=_conclude, broken_by=frozenset(("loopback",)),
)  # fmt: skip
