"""What `emu explain` knows as Markdown pages: one for each platform and each finding, made of the rules and their
examples themselves. Pure."""

from collections.abc import Iterator, Mapping

from emulator.check import CheckRule, Sample
from emulator.check import rules as check_rules
from emulator.contract import Platform
from emulator.model.rule import Fidelity

INDEX = "README.md"


def pages(platforms: Mapping[str, Platform], meanings: Mapping[str, str]) -> dict[str, str]:
    """Path → text, relative to the folder they are written to."""
    found = {f"platforms/{name}.md": _platform(platform) for name, platform in platforms.items()}
    found |= {_path(rule.code): _finding(rule) for rule in check_rules()}
    found |= {_path(code): _meaning(code, meaning) for code, meaning in meanings.items() if _path(code) not in found}
    return {INDEX: _index(platforms, found, meanings), **found}


def _path(code: str) -> str:
    return f"findings/{code}.md"


def _index(platforms: Mapping[str, Platform], found: Mapping[str, str], meanings: Mapping[str, str]) -> str:
    lines = ["# What emu knows", "", "## Platforms", ""]
    lines += [f"- [{one.TITLE}](platforms/{name}.md): {_counts(one)}" for name, one in platforms.items()]
    lines += ["", "## Findings", ""]
    statements = dict(meanings) | {rule.code: rule.statement for rule in check_rules()}
    lines += [f"- [`{code}`]({_path(code)}): {_text(said)}" for code, said in sorted(statements.items())]
    assert all(_path(code) in found for code in statements)
    return "\n".join(lines) + "\n"


def _counts(platform: Platform) -> str:
    counts = ((sum(rule.fidelity is one for rule in platform.RULES), one.value) for one in Fidelity)
    return f"{len(platform.RULES)} rules, {', '.join(f'{n} {what}' for n, what in counts if n)}"


def _platform(platform: Platform) -> str:
    lines = [f"# {platform.TITLE}", "", f"{_counts(platform)}. Each with who says so, and the day that was read.", ""]
    for rule in platform.RULES:
        source = f"[source]({rule.source})" if rule.url else _text(rule.source)
        lines += [f"## `{rule.id}`", "", _text(rule.statement), ""]
        lines += [f"*{rule.fidelity}* · {rule.evidence} · {rule.checked} · {source}", ""]
        lines += [_text(rule.note), ""] if rule.note else []
    return "\n".join(lines).rstrip("\n") + "\n"


def _finding(rule: CheckRule) -> str:
    lines = [f"# `{rule.code}`", "", f"*{rule.severity}*. {_text(rule.statement)}", "", _text(rule.why), ""]
    for title, sample in (("Wrong", rule.wrong), ("Right", rule.right)):
        if sample is not None:
            lines += [f"## {title}", "", *_sample(sample)]
    lines += [f"`# emu: ignore[{rule.code}] REASON` at its line, or above it, silences it."]
    return "\n".join(lines) + "\n"


def _sample(sample: Sample) -> Iterator[str]:
    """Every file that has something in it; the wrong line is named."""
    for file, text in sample.files.items():
        if "\n" not in text.rstrip("\n") and sample.file != file:
            continue
        marked = f", line {sample.line}" if file == sample.file and sample.line else ""
        fence = "````" if "```" in text else "```"
        yield from (f"`{file}`{marked}", "", fence, *text.rstrip("\n").split("\n"), fence, "")


def _meaning(code: str, meaning: str) -> str:
    return f"# `{code}`\n\n{_text(meaning)}\n"


def _text(text: str) -> str:
    """As Markdown shows it: what looks like HTML is text."""
    return text.replace("<", "&lt;")
