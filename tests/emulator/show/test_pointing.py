"""Of a long instruction the words that a finding is about are underlined."""

import pytest

from emulator.model.diagnostic import Edit, Fix, error
from emulator.model.origin import Origin
from emulator.show.pointing import pointed

RUN = (
    "RUN apt-get update && \\",
    "    # git is needed below",
    "    git clone https://host/x/git && \\",
    "    pip install --no-cache-dir -r requirements-prod.txt && \\",
    "    echo $SECRET > /app/it; echo build the image",
)


def underlined(message: str, lines: tuple[str, ...] = RUN, **place: int) -> str:
    origin = Origin(file="Dockerfile", line=1, column=1, **{"end_line": len(lines), **place})
    found = pointed(error("a/b", message, origin=origin), lambda at: lines[at.line - 1])
    assert found is not None
    if found == origin:
        return ""
    assert found.line == found.end_line
    return lines[found.line - 1][found.column - 1 : found.end_column]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("pip install needs /app/requirements-prod.txt, which is not there", "requirements-prod.txt"),
        ("the image has no git here: python:3.13-slim does not bring it", "git"),
        ("SECRET is empty in this RUN: no ARG takes it in", "SECRET"),
        ("a failure of pip install is swallowed", "pip install"),
        ("it runs `echo $SECRET > /app/it; echo build`", "echo $SECRET > /app/it; echo build"),
        ("the build makes another image", ""),
        ("nothing answers", ""),
    ],
)
def test_what_the_message_names_is_underlined(message: str, words: str) -> None:
    """A path by its end, a program where it begins a command, and no word that only happens to be there."""
    assert underlined(message) == words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("web runs `entry.sh node server/api.mjs` (dockerfile)", 'node", "server/api.mjs'),
        ("uvicorn cannot import 'main': the image has no main", "main"),
    ],
)
def test_words_of_an_exec_form_are_found(message: str, words: str) -> None:
    """Where they are apart by quotes and commas; a name in quotes is meant as it stands, also before a colon."""
    exec_form = ('CMD ["node", "server/api.mjs"]',) if "node" in message else ('CMD ["uvicorn", "main:app"]',)
    assert underlined(message, exec_form) == words


def test_a_word_that_stands_twice_is_not_chosen() -> None:
    assert underlined("needs a.txt", ("RUN cp a.txt b.txt && cp a.txt c.txt",)) == ""


def test_a_module_is_marked_before_the_program_that_imports_it() -> None:
    lines = ('CMD ["gunicorn", "shop.api.main:app"]',)
    assert underlined("gunicorn cannot import 'shop.api.main': the image has no shop", lines) == "shop.api.main"


def test_a_place_inside_a_line_stays() -> None:
    """Whoever made the finding knew the word already."""
    origin = Origin(file="Dockerfile", line=4, column=5, end_line=4, end_column=7)
    assert pointed(error("a/b", "needs requirements-prod.txt", origin=origin), lambda at: RUN[at.line - 1]) == origin


def test_what_the_fix_replaces_comes_first() -> None:
    edit = Edit(file="Dockerfile", line=1, column=5, end_line=1, end_column=12, text="apk")
    finding = error(
        "a/b", "update is wrong", origin=Origin(file="Dockerfile", line=1), fix=Fix(message="write apk", edits=(edit,))
    )
    found = pointed(finding, lambda at: RUN[at.line - 1])
    assert found is not None
    assert (found.column, found.end_column) == (5, 11)
