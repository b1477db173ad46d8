"""Revisions: what they are called, which of them get requests, and what is wrong with what says so."""

import re

from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.model.plan import Revisions, TrafficMode
from emulator.model.rule import Rule

from . import annotations, rules
from .environment import revision_pattern
from .manifest import ServiceSpec, TargetSpec

MOST_IN_LABEL = 46
LEAST_IN_TAG = 3
COOKIE = "GAESA"
_TAG = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_HELD_BACK = "--no-traffic not supported when creating a new service."


def revisions_of(spec: ServiceSpec) -> Revisions:
    """How the revisions of a service live beside each other (rules cloud-run/traffic, no-traffic, session-affinity)."""
    mode: TrafficMode = "set" if spec.is_whole else "hold" if spec.held_back else "keep"
    affinity = spec.template_annotations.get(annotations.RUN + "sessionAffinity")
    return Revisions(
        variable="K_REVISION", pattern=revision_pattern(spec), mode=mode,
        held_back=_HELD_BACK if spec.held_back else None,
        affinity_cookie=COOKIE if affinity is not None and affinity.text == "true" else None,
    )  # fmt: skip


def traffic_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """What the server refuses in the traffic."""
    found = [problem for target in spec.targets for problem in _target(spec, target)]
    tags = [target.tag for target in spec.targets if target.tag is not None]
    twice = next((tag for n, tag in enumerate(tags) if tag.text in {other.text for other in tags[:n]}), None)
    if twice is not None:
        words = f"the traffic tag {twice.text} is given twice"
        found.append(_said(spec, words, twice.origin, "give each revision a tag of its own"))
    total = sum(target.percent for target in spec.traffic)
    if spec.is_whole and spec.traffic and total != 100 and not found:
        words = f"the percentages of {spec.word('spec.traffic')} add up to {total}, not to 100"
        found.append(_said(spec, words, spec.traffic_origin, "make them add up to 100"))
    return found


def _target(spec: ServiceSpec, target: TargetSpec) -> list[Diagnostic]:
    """One entry by itself."""
    said: list[tuple[str, Origin, str]] = []
    revision, latest, percent = target.revision, target.latest, target.percent
    if percent is not None and not 0 <= percent.value <= 100:
        said.append((f"{percent.value} is no percentage", percent.origin, "write a number from 0 to 100"))
    if revision is not None and latest is not None and latest.text == "true":
        words = "revisionName and latestRevision: true exclude each other"
        said.append((words, latest.origin, "keep one of the two"))
    if revision is None and latest is not None and latest.text == "false":
        words = "latestRevision is false, and no revisionName says which revision it is"
        said.append((words, latest.origin, "add revisionName, or write latestRevision: true"))
    said += [(f"{f.text} may not be set in the traffic", f.origin, f"remove {f.text}") for f in target.refused]
    found = [_said(spec, words, origin, help_) for words, origin, help_ in said]
    return [*found, *_tag_problems(spec, target)]


def _tag_problems(spec: ServiceSpec, target: TargetSpec) -> list[Diagnostic]:
    tag = target.tag
    if tag is None or not tag.text:
        return []
    if _TAG.fullmatch(tag.text) is None or len(tag.text) < LEAST_IN_TAG:
        words = f"{tag.text!r} is no traffic tag: it has {LEAST_IN_TAG} lowercase letters, digits and dashes at least"
        help_ = "begin it with a letter, and end it with a letter or a digit"
        return [_said(spec, words, tag.origin, help_, rules.TRAFFIC_TAGS)]
    if len(tag.text) + len(spec.name) > MOST_IN_LABEL:
        words = (
            f"spec.traffic.tag: traffic tag '{tag.text}' and service name '{spec.name}' together are too long. "
            f"Combined traffic tag and service name cannot exceed {MOST_IN_LABEL} characters."
        )
        return [_said(spec, words, tag.origin, "shorten the tag", rules.TRAFFIC_TAGS)]
    return []


def _said(spec: ServiceSpec, words: str, origin: Origin | None, help_: str, rule: Rule = rules.TRAFFIC) -> Diagnostic:
    return error(
        "cloud-run/traffic", words, origin=origin or spec.origin, service=spec.name, rule=rule.id, url=rule.url,
        help=help_,
    )  # fmt: skip
