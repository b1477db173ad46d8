"""snapshot + inputs + a platform → a plan. Pure: nothing is built, nothing is started."""

from collections.abc import Mapping

from .contract import Claim, Inputs, Platform, Resolution
from .model.choice import Decision, Rejected
from .model.diagnostic import UsageError
from .model.spelling import did_you_mean
from .snapshot import Snapshot


def detect(
    platforms: Mapping[str, Platform], repo: Snapshot, asked: str | None, because: str = "--platform names it"
) -> tuple[Platform, Decision]:
    """Which platform to plan for: the one asked for (`because` says how), else the first whose files are
    there, else the first known. The decision names what every other platform looked for.

    Raises UsageError for a name nobody has.
    """
    question = "Which platform?"
    if asked is not None:
        if asked not in platforms:
            raise UsageError(f"there is no platform {asked!r}", help=did_you_mean(asked, platforms))
        decision = Decision(id="platform", question=question, answer=asked, because=because)
        return platforms[asked], decision
    claims = {name: platform.claim(repo) for name, platform in platforms.items()}
    chosen = next((name for name, claim in claims.items() if claim.claims), None)
    name = chosen or next(iter(platforms))
    rejected = tuple(
        Rejected(answer=other, because=claim.because, origin=claim.origin)
        for other, claim in claims.items()
        if other != name
    )
    decision = Decision(
        id="platform",
        question=question,
        answer=name,
        because=_because(claims[name], by_claim=chosen is not None),
        origin=claims[name].origin,
        rejected=rejected,
    )
    return platforms[name], decision


def _because(claim: Claim, *, by_claim: bool) -> str:
    return claim.because if by_claim else f"no platform's file is there ({claim.because}); it is the default"


def resolve(platforms: Mapping[str, Platform], repo: Snapshot, inputs: Inputs, asked: str | None) -> Resolution:
    """The resolution of the detected platform."""
    platform, decision = detect(platforms, repo, asked)
    return platform.resolve(repo, inputs, decision)
