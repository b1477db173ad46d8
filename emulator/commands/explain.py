"""`emu explain`: what a finding means, with a wrong and a right example; a platform's rule; a field of its file; or
whatever speaks of some words."""

import argparse
import posixpath

from emulator import options
from emulator.check import CheckRule, Sample, rule_of
from emulator.check import rules as check_rules
from emulator.check.samples import Pair, call_of, changed, gone, read_samples
from emulator.commands.searching import search, vocabulary
from emulator.commands.topics import MOST_FOUND, topics
from emulator.explained import EXPLANATIONS
from emulator.model.diagnostic import UsageError
from emulator.model.record import Record, to_json
from emulator.model.rule import Rule
from emulator.model.spelling import nearest
from emulator.model.topic import TopicList
from emulator.request import Request, World
from emulator.show.style import Style, hanging, wrap
from emulator.show.topics_text import topics_text


class Explanation(Record, frozen=True, kw_only=True):
    """What `emu explain --format json` prints. check: the rule of that code; platform: a platform's rule of that id;
    meaning: of a diagnostic that the check has no rule for; wrong, right: a repository with it and one without, where
    the rule has none. Those it has not are null."""

    schema: str = "emu.explanation/1"
    code: str
    check: CheckRule | None = None
    platform: Rule | None = None
    meaning: str | None = None
    wrong: Sample | None = None
    right: Sample | None = None


EXAMPLES = (
    ("emu explain", "all that the check knows to find"),
    ("emu explain start/port-hard-coded", "one finding, with a wrong and a right example"),
    ("emu explain health check", "everything that speaks of it"),
    ("emu explain --pages DIR", "all of it as Markdown pages"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    what = "a finding's code, a rule's id, a field, or words to look for; without it, a list of what the check finds"
    parser.add_argument("words", nargs="*", metavar="WORD", help=what)
    parser.add_argument("--pages", metavar="DIR", help="write all of it to DIR, as Markdown pages")
    options.add_flags(parser, [options.FORMAT])


def run(request: Request, world: World) -> int:
    """Print one explanation, what speaks of some words, or the codes there are; or write pages. Raises UsageError for
    what nobody has."""
    style = Style(width=world.terminal.width, colour=world.terminal.colour)
    as_json = request.format == "json"
    if request.pages is not None:
        return _write_pages(request.pages, world)
    query = " ".join(request.words)
    if not query:
        codes = [rule.code for rule in check_rules()]
        world.terminal.out(to_json(codes).decode() + "\n" if as_json else _listed(style))
        return 0
    if not _is_a_name(query):
        return _look_for(query, world, style, as_json=as_json)
    found = _explanation(query, world)
    world.terminal.out(to_json(found).decode() + "\n" if as_json else _text(found, world, style))
    return 0


def _is_a_name(query: str) -> bool:
    """Whether it is, or is written like, a code or a rule's id: those are not looked for as words."""
    return "/" in query and " " not in query


def _look_for(query: str, world: World, style: Style, *, as_json: bool) -> int:
    """What speaks of the words; the one piece alone where there is no other."""
    everything = list(topics(world.platforms, _meanings(world)))
    found = search(query, everything)
    if as_json and found:
        listed = TopicList(query=query, topics=tuple(found[:MOST_FOUND]), left=max(0, len(found) - MOST_FOUND))
        world.terminal.out(to_json(listed).decode() + "\n")
    elif len(found) == 1 and found[0].kind != "field":
        world.terminal.out(_text(_explanation(found[0].name, world), world, style))
    elif found:
        world.terminal.out(topics_text(found[:MOST_FOUND], len(found) - MOST_FOUND, style))
    if not found:
        names = [name for topic in everything for name in (topic.name, topic.name.rpartition(".")[2])]
        near = nearest(query, [*names, *sorted(vocabulary(everything))])
        help_ = f"did you mean {near}?" if near else "`emu explain` lists the codes, `emu platforms NAME` the rules"
        raise UsageError(f"nothing speaks of {query!r}", help=help_)
    return 0


def _write_pages(folder: str, world: World) -> int:
    from emulator.commands.pages import INDEX, Known, pages
    from emulator.commands.schema import documents
    from emulator.commands.shown import in_examples

    written = pages(Known(world.platforms, _meanings(world), samples(world), in_examples(world), documents()))
    for path, text in written.items():
        world.write_text(posixpath.join(folder, path), text, "--pages", folders=True)
    world.terminal.out(f"{len(written)} pages written to {folder}; {INDEX} lists them\n")
    return 0


def _explanation(code: str, world: World) -> Explanation:
    rules = {rule.id: rule for platform in world.platforms.values() for rule in platform.RULES}
    check = rule_of(code)
    meanings = _meanings(world)
    if check is None and code not in rules and code not in meanings:
        near = nearest(code, [*(rule.code for rule in check_rules()), *rules, *meanings])
        help_ = f"did you mean {near}?" if near else "`emu explain` lists the codes, `emu platforms NAME` the rules"
        raise UsageError(f"nothing is known of {code!r}", help=help_)
    pair = samples(world).get(code) if check is None or check.wrong is None else None
    return Explanation(
        code=code, check=check, platform=rules.get(code), meaning=meanings.get(code),
        wrong=pair.wrong if pair else None, right=pair.right if pair else None,
    )  # fmt: skip


def samples(world: World) -> dict[str, Pair]:
    """By code, the repositories that are written down beside what they show."""
    texts = world.sample_texts(world.platforms.values())
    return {code: pair for text in texts for code, pair in read_samples(text).items()}


def _meanings(world: World) -> dict[str, str]:
    """Of every diagnostic that a run can print, beside those of the check's rules."""
    found = dict(EXPLANATIONS)
    for platform in world.platforms.values():
        found |= platform.explanations()
    return found


def _listed(style: Style) -> str:
    gap = 30 if style.width >= 60 else 4
    lines = [line for rule in check_rules() for line in hanging(rule.code, rule.statement, style, indent=0, gap=gap)]
    more = wrap("`emu explain CODE` says why, and shows an example of each kind.", style.width)
    return "\n".join([*lines, "", *more]) + "\n"


def _text(found: Explanation, world: World, style: Style) -> str:
    lines = _of_check(found.check, style) if found.check else []
    if found.check is None and found.meaning is not None:
        lines += [style.bold(found.code), "", *hanging("", found.meaning, style, gap=0)]
    lines += _of_pair(Pair(found.wrong, found.right), found.code, world, style) if found.wrong else []
    lines += [""] if lines and found.platform else []
    lines += _of_platform(found.platform, style) if found.platform else []
    return "\n".join(lines) + "\n"


def _of_check(rule: CheckRule, style: Style) -> list[str]:
    lines = [f"{style.bold(rule.code)}  {rule.severity}", "", *hanging("", rule.statement, style, gap=0)]
    lines += ["", *hanging("", rule.why, style, gap=0)]
    for title, sample in (("wrong", rule.wrong), ("right", rule.right)):
        if sample is not None:
            lines += ["", style.bold(title), *_sample(sample, style)]
    silence = f"# emu: ignore[{rule.code}] REASON, at its line or above, silences it"
    return [*lines, "", *hanging("", silence, style, gap=0)]


def _of_pair(pair: Pair, code: str, world: World, style: Style) -> list[str]:
    """A repository that is wrong in this way, what is printed of it, and what is otherwise where it is right."""
    from emulator.commands.shown import of_sample

    printed = of_sample(code, pair.wrong, world.platforms, style)
    files = _sample(pair.wrong, style, whole=True)
    lines = ["", style.bold("wrong"), *files, "", style.dim(f"$ {call_of(pair.wrong)}"), printed]
    if pair.right is not None:
        lines += ["", style.bold("right"), *_sample(changed(pair), style, whole=True)]
        lines += [f"  without {style.dim(path)}" for path in gone(pair)]
    return lines


def _sample(sample: Sample, style: Style, *, whole: bool = False) -> list[str]:
    """The files that have something in them, each line numbered, the wrong one marked. whole: those of one line too."""
    lines: list[str] = []
    for file, text in sample.files.items():
        if "\n" not in text.rstrip("\n") and sample.file != file and not (whole and text):
            continue
        lines += [f"  {style.dim(file)}"]
        for number, line in enumerate(text.splitlines(), 1):
            is_marked = file == sample.file and number == sample.line
            lines.append(f"  {style.yellow('>') if is_marked else ' '} {number:>2} | {line}")
    return lines


def _of_platform(rule: Rule, style: Style) -> list[str]:
    lines = [f"{style.bold(rule.id)}  {rule.fidelity}, {rule.evidence}, {rule.checked}"]
    lines += ["", *hanging("", rule.statement, style, gap=0), *hanging("source", rule.source, style)]
    return [*lines, *(hanging("note", rule.note, style) if rule.note else [])]
