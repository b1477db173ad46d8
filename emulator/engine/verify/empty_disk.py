"""Empty disk: a new container, which has nothing of what the first one wrote, goes live as well."""

from . import kinds
from .check import Check, Conclusion, Subject, not_told
from .seen import Boot, Seen, last_line

_HELP = "make at every start what the start needs, or keep it outside of the instance"


def _conclude(subject: Subject, seen: Seen) -> Conclusion:
    again = seen.again
    if again is None:
        return not_told("no new container was started")
    disk = subject.service.disk
    what = "a new container with an empty disk" if disk is not None else "a new container of the same image"
    if not again.live:
        return _failed(subject, what, again)
    if seen.kept is not None and not seen.kept.live:
        return _failed(subject, "one more container with the disk that it wrote", seen.kept)
    beside = ", and one more on what that one wrote" if seen.kept is not None else ""
    return Conclusion("held", f"{what} is live again after {again.seconds:.1f} s{beside}")


def _failed(subject: Subject, what: str, boot: Boot) -> Conclusion:
    fact = f"{subject.platform} starts new containers whenever it likes: their files are the image's"
    message = f"the first one was live; {what} is not: {boot.reason}"
    return Conclusion("failed", message, (*last_line(boot), fact), _HELP)


CHECK = Check(
    name="empty-disk", title="empty disk", code="verify/empty-disk", steps=frozenset(("boot", "kept")),
    excuse=kinds.goes_on, conclude=_conclude,
)  # fmt: skip
