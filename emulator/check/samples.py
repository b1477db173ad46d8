"""Samples that are written as Markdown: for each code a heading, the call if it takes options, and the files.

    ## `area/code`

    `emu check --platform NAME --option value`

    `path/of/file`

    ```
    its text
    ```

    ### Right

    the files that are otherwise; "Without `path`." for one that is gone
"""

import re
import shlex
from typing import NamedTuple

from emulator.model.record import replace

from .rule import Sample

_FILE = re.compile(r"^`([^`\n]+)`( \(git ignores it\))?\n\n(`{3,})\w*\n(.*?)^\3$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^`emu check (.+)`$", re.MULTILINE)


_GONE = re.compile(r"^Without `(.+)`\.$", re.MULTILINE)


class Pair(NamedTuple):
    """A repository in which a code is found, and the same without it, where that is written down."""

    wrong: Sample
    right: Sample | None = None


def read_samples(text: str) -> dict[str, Pair]:
    """By code. Pure."""
    parts = re.split(r"^## `(.+)`$", text, flags=re.MULTILINE)[1:]
    return {code: _pair(part) for code, part in zip(parts[::2], parts[1::2], strict=True)}


def _pair(part: str) -> Pair:
    head, right, tail = part.partition("\n### Right\n")
    wrong = _sample(head)
    if not right:
        return Pair(wrong)
    files = {**wrong.files, **{path: text for path, _, _, text in _FILE.findall(tail)}}
    gone = _GONE.findall(tail)
    return Pair(wrong, replace(wrong, files={path: text for path, text in files.items() if path not in gone}))


def _sample(part: str) -> Sample:
    files = _FILE.findall(part)
    call = _CALL.search(_FILE.sub("", part))
    options = _options(shlex.split(call[1])) if call else {}
    return Sample(
        files={path: text for path, _, _, text in files},
        ignored=tuple(path for path, ignored, _, _ in files if ignored),
        platform=options.pop("platform", None),
        options=options,
    )


def changed(pair: Pair) -> Sample:
    """The right one with only those files that are otherwise in it."""
    right, before = pair.right or pair.wrong, pair.wrong.files
    return replace(right, files={path: text for path, text in right.files.items() if before.get(path) != text})


def gone(pair: Pair) -> list[str]:
    """The files that the right one does not have."""
    return [path for path in pair.wrong.files if pair.right is not None and path not in pair.right.files]


def _options(words: list[str]) -> dict[str, str]:
    """By the name of the option; a switch is "True", as `resolve` is given it."""
    found: dict[str, str] = {}
    for number, word in enumerate(words):
        if word.startswith("--"):
            value = words[number + 1] if number + 1 < len(words) else ""
            found[word[2:].replace("-", "_")] = value if value and not value.startswith("--") else "True"
    return found


def call_of(sample: Sample) -> str:
    """ "emu check --platform NAME": what is typed in the sample's repository."""
    given = {"platform": sample.platform, **sample.options} if sample.platform else sample.options
    words = [
        word
        for name, value in given.items()
        for word in (f"--{name.replace('_', '-')}", *([] if value == "True" else [value or ""]))
    ]
    return shlex.join(["emu", "check", *words])
