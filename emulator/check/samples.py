"""Samples that are written as Markdown: for each code a heading, the call if it takes options, and the files.

    ## `area/code`

    `emu check --platform NAME --option value`

    `path/of/file`

    ```
    its text
    ```
"""

import re
import shlex

from .rule import Sample

_FILE = re.compile(r"^`([^`\n]+)`( \(git ignores it\))?\n\n(`{3,})\w*\n(.*?)^\3$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^`emu check (.+)`$", re.MULTILINE)


def read_samples(text: str) -> dict[str, Sample]:
    """Code → the repository that shows it. Pure."""
    parts = re.split(r"^## `(.+)`$", text, flags=re.MULTILINE)[1:]
    return {code: _sample(part) for code, part in zip(parts[::2], parts[1::2], strict=True)}


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
