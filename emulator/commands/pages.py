"""What `emu explain` knows as Markdown pages: one for each platform and each finding, and one of the JSON interface,
made of the rules, their examples and the types themselves. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from emulator.check import CheckRule, Sample, rule_of
from emulator.check import rules as check_rules
from emulator.check.samples import Pair, call_of, changed, gone
from emulator.commands.interface_page import interface_page
from emulator.commands.platforms import counted
from emulator.commands.shown import Seen, of_sample
from emulator.contract import Platform

INDEX = "README.md"
_INTERFACE = "interface.md"
_MOST_SEEN = 2


class Known(NamedTuple):
    """All that there is to tell. meanings: of the diagnostics that the check has no rule for; samples: by code, where a
    rule has none; seen: by code, what is printed of the examples that come with emu; documents: what commands print as
    JSON, by name."""

    platforms: Mapping[str, Platform]
    meanings: Mapping[str, str]
    samples: Mapping[str, Pair]
    seen: Mapping[str, Sequence[Seen]]
    documents: Mapping[str, Any]

    def statements(self) -> dict[str, str]:
        """A sentence for each code, sorted."""
        return dict(sorted({**self.meanings, **{rule.code: rule.statement for rule in check_rules()}}.items()))


def pages(known: Known) -> dict[str, str]:
    """Path → text, relative to the folder they are written to."""
    found = {INDEX: _index(known), _INTERFACE: interface_page(known.documents)}
    found |= {f"platforms/{name}.md": _platform(name, known) for name in known.platforms}
    return found | {_path(code): _finding(code, known) for code in known.statements()}


def _path(code: str) -> str:
    return f"findings/{code}.md"


def _index(known: Known) -> str:
    lines = ["# What emu knows", "", "## Platforms", ""]
    lines += [f"- [{one.TITLE}](platforms/{name}.md): {counted(one)}" for name, one in known.platforms.items()]
    lines += ["", "## For programs", "", f"- [What `--format json` prints]({_INTERFACE})", "", "## Findings", ""]
    areas = Counter(code.partition("/")[0] for code in known.statements())
    links = ", ".join(f"[{name}](#{name}) ({count})" for name, count in areas.items())
    lines.append(f"By where they are found: {links}.")
    area = ""
    for code, said in known.statements().items():
        if not code.startswith(f"{area}/"):
            area = code.partition("/")[0]
            lines += ["", f"### {area}", ""]
        lines.append(f"- [`{code}`]({_path(code)}): {_text(said)}")
    return "\n".join(lines) + "\n"


# ---- a platform ---------------------------------------------------------------------------------------


def _platform(name: str, known: Known) -> str:
    platform = known.platforms[name]
    lines = [f"# {platform.TITLE}", "", f"{counted(platform)}. Each with who says so, and the day that was read.", ""]
    lines += ["- [Rules](#rules)", "- [What it refuses, and what is warned of there](#findings)", "", "## Rules", ""]
    for rule in platform.RULES:
        source = f"[source]({rule.source})" if rule.url else _text(rule.source)
        lines += [f"### `{rule.id}`", "", _text(rule.statement), ""]
        lines += [f"*{rule.fidelity}* · {rule.evidence} · {rule.checked} · {source}", ""]
        lines += [_text(rule.note), ""] if rule.note else []
    lines += ["## Findings", "", "What only this platform says; [all others](../README.md) hold here as well.", ""]
    own = {code: said for code, said in known.statements().items() if code.startswith(f"{name}/")}
    lines += [f"- [`{code}`](../{_path(code)}): {_text(said)}" for code, said in own.items()]
    return "\n".join(lines).rstrip("\n") + "\n"


# ---- a finding ----------------------------------------------------------------------------------------


def _finding(code: str, known: Known) -> str:
    rule = rule_of(code)
    lines = [f"# `{code}`", ""]
    lines += _of_rule(rule, known) if rule is not None else [_text(known.meanings[code]), ""]
    if (rule is None or rule.wrong is None) and code in known.samples:
        lines += _pair(code, known)
    lines += _in_examples(known.seen.get(code, ()))
    if rule is not None:
        lines += [f"`# emu: ignore[{code}] REASON` at its line, or above it, silences it.", ""]
    name = code.partition("/")[0]
    own = [f"[{known.platforms[name].TITLE}](../../platforms/{name}.md)"] if name in known.platforms else []
    lines.append(" · ".join([*own, "[all findings](../../README.md)"]))
    return "\n".join(lines) + "\n"


def _of_rule(rule: CheckRule, known: Known) -> Iterator[str]:
    yield from (f"*{rule.severity}*. {_text(rule.statement)}", "", _text(rule.why), "")
    for title, sample in (("Wrong", rule.wrong), ("Right", rule.right)):
        if sample is not None:
            yield from (f"## {title}", "", *_sample(sample))
            printed = of_sample(rule.code, sample, known.platforms)
            yield from ("`emu check` says:", "", *_fenced(printed)) if printed else ("`emu check` finds none.", "")


def _pair(code: str, known: Known) -> Iterator[str]:
    """A repository that is wrong in this way, and what is otherwise where it is right."""
    pair = known.samples[code]
    yield from ("## Wrong", "", *_sample(pair.wrong, whole=True))
    printed = of_sample(code, pair.wrong, known.platforms)
    yield from (f"`{call_of(pair.wrong)}` says:", "", *_fenced(printed))
    if pair.right is not None:
        yield from ("## Right", "", *_sample(changed(pair), whole=True))
        yield from (f"Without `{path}`.\n" for path in gone(pair))


def _sample(sample: Sample, *, whole: bool = False) -> Iterator[str]:
    """Every file that has something in it, the wrong line named; of the others, that they are there. whole: files of
    one line are shown as well."""
    beside = []
    for file, text in sample.files.items():
        if "\n" not in text.rstrip("\n") and sample.file != file and not (whole and text):
            beside.append(f"`{file}`")
            continue
        marked = f", line {sample.line}" if file == sample.file and sample.line else ""
        marked += " (git ignores it)" if file in sample.ignored else ""
        yield from (f"`{file}`{marked}", "", *_fenced(text.rstrip("\n").replace("\r", "␍")))
    if beside:
        yield from (f"Beside it: {', '.join(beside)}.", "")


def _in_examples(seen: Sequence[Seen]) -> Iterator[str]:
    """What is printed of the first examples, and which others there are."""
    if not seen:
        return
    yield from ("## In the examples", "")
    for one in seen[:_MOST_SEEN]:
        yield from (f"{_text(one.title)} (`emu learn {one.example}`):", "", *_fenced(one.printed))
    if rest := seen[_MOST_SEEN:]:
        yield from (f"Also in {', '.join(f'`{one.example}`' for one in rest)}.", "")


def _fenced(text: str) -> tuple[str, ...]:
    fence = "````" if "```" in text else "```"
    return fence, *text.split("\n"), fence, ""


def _text(text: str) -> str:
    """As Markdown shows it: what looks like HTML is text."""
    return text.replace("<", "&lt;")
