"""What a check counts: the findings of each platform, less those that are silenced or known; and what it hands on to
other programs."""

from collections.abc import Sequence
from typing import NamedTuple

from emulator.check import baseline as known_findings
from emulator.check.baseline import Baseline, KnownFinding
from emulator.check.fingerprints import fingerprints, named_in_a_file
from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned
from emulator.config import FILE, read_config
from emulator.model.diagnostic import Diagnostic, UsageError
from emulator.model.findings import FailOn, Finding, FindingsReport, PlatformFindings, RuleText, Suppression, fails_at
from emulator.model.origin import Origin
from emulator.model.plan import Plan
from emulator.model.record import replace
from emulator.request import Request, World
from emulator.snapshot import Snapshot


class Gated(NamedTuple):
    """A checked plan of one platform. known: fingerprints of findings that the baseline knows. prints: one for each of
    the plan's diagnostics."""

    planned: Planned
    prints: tuple[str, ...]
    known: frozenset[str] = frozenset()

    @property
    def plan(self) -> Plan:
        return self.planned.resolution.plan


def gated(all_planned: Sequence[Planned]) -> tuple[Gated, ...]:
    """Checked plans with the fingerprints of what was found."""
    plans = [one.resolution.plan for one in all_planned]
    return tuple(
        Gated(one, fingerprints(plan, plan.diagnostics, line_reader(one)))
        for one, plan in zip(all_planned, plans, strict=True)
    )


def fails(plans: Sequence[Plan], fail_on: FailOn) -> bool:
    """Whether anything that counts is at least as bad as `fail_on`."""
    return any(not d.suppressed and fails_at(d.severity, fail_on) for plan in plans for d in plan.diagnostics)


# ---- the baseline -------------------------------------------------------------------------------------


def with_baseline(
    found: Sequence[Gated], request: Request, world: World, given: str | None = None
) -> tuple[Gated, ...]:
    """The same, what the baseline file knows not counted; what it knows and is not there any more is told. With
    --write-baseline the file is made of what is there now. given: what the file says, where the one on disk is not
    meant. Raises UsageError."""
    path = request.baseline
    if given is not None:
        text, before = given, known_findings.read_baseline(given, path)
    else:
        text, before = _read(path, request, world)
    if request.write_baseline:
        rows = tuple(row for one in found for row in _rows(one))
        kept = tuple(row for row in before.findings if not _is_looked_at(row, found, request))
        text = known_findings.baseline_text((*kept, *rows))
        before = Baseline(findings=(*kept, *rows))
        world.write_text(path, text, "--baseline")
        world.terminal.err(f"{path} knows {_count(len(rows))} now\n")
    known = {row.fingerprint for row in before.findings}
    marked = [_marked(one, known) for one in found]
    there = {print_ for one in found for print_ in one.prints}
    gone = [row for row in before.findings if row.fingerprint not in there and _is_looked_at(row, found, request)]
    inside = marked[0].planned.repo.root.rstrip("/") + "/"
    stale = known_findings.stale(gone, world.absolute(path).removeprefix(inside), text)
    if stale is not None:
        marked[0] = _with_one_more(marked[0], stale)
    return tuple(marked)


def _read(path: str, request: Request, world: World) -> tuple[str, Baseline]:
    """The file's text and what it says; nothing where it is still to be written."""
    try:
        text = world.read_text(path, "--baseline")
    except UsageError as problem:
        if problem.diagnostic.code != "usage/no-such-file":
            raise
        if request.write_baseline:
            return "", Baseline()
        near = problem.diagnostic.help or ""
        make = f"make it: emu check --baseline {path} --write-baseline"
        help = near if near.startswith("did you mean") else make
        raise UsageError(f"there is no baseline {path}", help=help) from None
    return text, known_findings.read_baseline(text, path)


def _rows(one: Gated) -> list[KnownFinding]:
    """What of the findings a baseline would know: all that count."""
    named = named_in_a_file(one.plan)
    return [
        KnownFinding(
            platform=one.planned.platform.NAME,
            service=diagnostic.service if diagnostic.service in named else None,
            file=diagnostic.origin.file if diagnostic.origin else None,
            code=diagnostic.code,
            message=diagnostic.message,
            fingerprint=fingerprint,
        )
        for diagnostic, fingerprint in zip(one.plan.diagnostics, one.prints, strict=True)
        if not diagnostic.suppressed
    ]


def _is_looked_at(row: KnownFinding, found: Sequence[Gated], request: Request) -> bool:
    """Whether the finding would have been found, if it were there."""
    platforms = {one.planned.platform.NAME for one in found}
    return row.platform in platforms and (not request.service or row.service in request.service)


def _marked(one: Gated, known: set[str]) -> Gated:
    pairs = list(zip(one.plan.diagnostics, one.prints, strict=True))
    hit = frozenset(print_ for diagnostic, print_ in pairs if print_ in known and not diagnostic.suppressed)
    diagnostics = tuple(replace(d, suppressed=True) if print_ in hit else d for d, print_ in pairs)
    return Gated(_with_diagnostics(one.planned, diagnostics), one.prints, hit)


def _with_one_more(one: Gated, diagnostic: Diagnostic) -> Gated:
    [print_] = fingerprints(one.plan, [diagnostic], lambda _: None)
    diagnostics = (*one.plan.diagnostics, diagnostic)
    return Gated(_with_diagnostics(one.planned, diagnostics), (*one.prints, print_), one.known)


def _with_diagnostics(planned: Planned, diagnostics: tuple[Diagnostic, ...]) -> Planned:
    plan = replace(planned.resolution.plan, diagnostics=diagnostics)
    return planned._replace(resolution=replace(planned.resolution, plan=plan))


def _count(number: int) -> str:
    return f"{number} finding{'' if number == 1 else 's'}"


# ---- for other programs -------------------------------------------------------------------------------


def findings_report(found: Sequence[Gated], request: Request) -> FindingsReport:
    """Everything that the formats of other programs show."""
    prefix = found[0].planned.repo.repository.prefix
    reasons = {one.code: one.reason for one in read_config(found[0].planned.repo).ignored}
    platforms = tuple(
        PlatformFindings(
            platform=one.planned.platform.NAME,
            title=one.planned.platform.TITLE,
            services=tuple(service.name for service in one.plan.services),
            findings=tuple(
                Finding(
                    diagnostic=diagnostic,
                    fingerprint=print_,
                    place=_place(diagnostic, one.plan, prefix),
                    prefix=prefix,
                    suppression=_suppression(diagnostic, print_, one.known, reasons, request),
                )
                for diagnostic, print_ in zip(one.plan.diagnostics, one.prints, strict=True)
            ),
        )
        for one in found
    )
    whole = _stands_for_all(found[0].planned.repo)
    return FindingsReport(
        version=_version(), platforms=platforms, rules=_rules(found), fail_on=request.fail_on,
        whole=_from_top(whole, prefix) if whole is not None else None,
    )  # fmt: skip


def _stands_for_all(repo: Snapshot, folder: str = "") -> str | None:
    """The file at which a person looks first: the README, else the first of the root, else of the first folder that
    has one."""
    paths = [folder + name for name in repo.entries(folder or ".")]
    files = [path for path in paths if repo.is_file(path)]
    if files:
        return min(files, key=lambda path: (not path.removeprefix(folder).lower().startswith("readme"), path))
    folders = (path for path in sorted(paths) if repo.node(path).kind == "directory")  # links may lead in circles
    return next((file for path in folders if (file := _stands_for_all(repo, f"{path}/")) is not None), None)


def _place(diagnostic: Diagnostic, plan: Plan, prefix: str) -> Origin | None:
    """Where programs show it: where it is; else where its service is described; else what decided the platform."""
    service = next((one for one in plan.services if one.name == diagnostic.service), None)
    places = [diagnostic.origin]
    if service is not None:
        places += [service.origin, service.command.origin if service.command is not None else None]
    places.append(plan.detected.origin)
    place = next((one for one in places if one is not None and one.file not in ("", ".")), None)
    return replace(place, file=_from_top(place.file, prefix)) if place is not None else None


def _from_top(file: str, prefix: str) -> str:
    """A path of the root as one of git's top level."""
    from posixpath import normpath

    return file if file.startswith("/") else normpath(prefix + file)


def _suppression(
    diagnostic: Diagnostic, fingerprint: str, known: frozenset[str], reasons: dict[str, str], request: Request
) -> Suppression | None:
    if not diagnostic.suppressed:
        return None
    if fingerprint in known:
        return Suppression(kind="baseline", reason=f"known, says {request.baseline}")
    if diagnostic.code in reasons:
        return Suppression(kind="config", reason=f"{reasons[diagnostic.code]} ({FILE})")
    return Suppression(kind="comment")


def _version() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("emu")
    except PackageNotFoundError:
        return None


def _rules(found: Sequence[Gated]) -> tuple[RuleText, ...]:
    """What each code that was found means, from the check's rules, else from the platform's rule it rests on."""
    from emulator.check import rule_of

    texts: dict[str, RuleText] = {}
    for one in found:
        of_platform = {rule.id: rule for rule in one.planned.platform.RULES}
        for diagnostic in one.plan.diagnostics:
            if diagnostic.code in texts:
                continue
            rule, basis = rule_of(diagnostic.code), of_platform.get(diagnostic.rule or diagnostic.code)
            if rule is not None:
                text = RuleText(code=rule.code, severity=rule.severity, statement=rule.statement, why=rule.why)
            else:
                name = diagnostic.code.partition("/")[2].replace("-", " ")
                statement = basis.statement if basis is not None else f"{name[:1].upper()}{name[1:]}."
                text = RuleText(code=diagnostic.code, severity=diagnostic.severity, statement=statement)
            url = basis.url if basis is not None else None
            known = diagnostic.code if rule is not None else basis.id if basis is not None else None
            help = f"`emu explain {known}` tells more." if known is not None else ""
            texts[diagnostic.code] = replace(text, url=diagnostic.url or url, help=help)
    return tuple(texts[code] for code in sorted(texts))
