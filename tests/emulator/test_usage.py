"""Calling commands: help with examples, and what to do about what is not understood."""

import argparse

import pytest

from emulator import cli
from emulator.cli import COMMANDS
from emulator.model.diagnostic import UsageError
from emulator.model.spelling import did_you_mean, nearest
from emulator.real_world import real_world
from emulator.show.style import columns
from emulator.usage import GROUPS, Parser, front_page, unknown_command
from tests.test_examples_plan import Page


def _parser(**more: object) -> Parser:
    def configure(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", metavar="PATH", help="where")
        parser.add_argument("--platform", metavar="NAME", help="which")
        parser.add_argument("--format", choices=("text", "json"), help="how")
        parser.add_argument("--number", type=int, metavar="N", help="how many")

    return Parser(prog="emu try", description="Try it.", **more).configured(configure)  # type: ignore[arg-type]


WRONG = {
    "--plaform": ("has no option '--plaform'", "did you mean `--platform`?"),
    "--plaform=x": ("has no option '--plaform'", "did you mean `--platform`?"),
    "--once": ("has no option '--once'", "`--once` belongs to `emu up`"),
    "--qqqq": ("has no option '--qqqq'", "`emu try --help` lists what it takes"),
    "--format jsn": ("--format does not take 'jsn'", "did you mean json? it takes text, json"),
    "--platform": ("--platform needs a value", "`emu try --help` lists what it takes"),
    "--number x": ("--number takes a number, not 'x'", "`emu try --help` lists what it takes"),
    "a b": ("does not take 'b' as well", "`emu try --help` lists what it takes"),
}


@pytest.mark.parametrize(("line", "told"), WRONG.items(), ids=WRONG)
def test_what_is_not_understood_is_told_with_what_to_do(line: str, told: tuple[str, str]) -> None:
    """One fact in our words, and the word that was probably meant, or where the rest is listed."""
    parser = _parser(elsewhere=lambda option: ["up"] if option == "--once" else [])
    with pytest.raises(UsageError) as refused:
        parser.parse(line.split())
    found = refused.value.diagnostic
    assert found.message.endswith(told[0])
    assert found.help == told[1]


def test_what_is_understood_is_parsed() -> None:
    """The rest of the parser is argparse's."""
    assert vars(_parser().parse(["--format", "json", "here"])) == {
        "path": "here", "platform": None, "format": "json", "number": None,
    }  # fmt: skip


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_help_with_an_example(verb: str) -> None:
    """An example is a whole command line of that command, which the parser takes; nothing is wider than the screen."""
    for width in (60, 100):
        page = Page()
        page.width = width
        parser, command = cli._parser(verb, real_world(page, cli._INTERRUPTS))
        text = parser.format_help()
        assert f"  emu {verb}" in text
        assert f"usage: emu {verb}" in text
        assert max(map(columns, text.splitlines())) <= width
    for line, what in command.EXAMPLES:
        words = line.partition(" > ")[0].split()
        assert words[:2] == ["emu", verb]
        assert what
        parser.parse(words[2:])


def test_every_command_is_on_the_front_page() -> None:
    """Once, with what it does, whether it has a group or not."""
    for width in (60, 100):
        page = front_page({**COMMANDS, "new-one": "something new"}, width)
        assert "something new" in page
        assert all(page.count(f"\n  emu {name} ") == 1 for name in COMMANDS)
        assert max(map(len, page.splitlines())) <= width
    assert len([name for names in GROUPS.values() for name in names]) == len({n for g in GROUPS.values() for n in g})


def test_a_path_where_a_command_should_be() -> None:
    """It is what `plan` takes."""
    assert unknown_command("shop", COMMANDS, is_path=True).diagnostic.help == "type `emu plan shop`"
    assert unknown_command("plam", COMMANDS, is_path=False).diagnostic.help == "did you mean `emu plan`?"
    assert unknown_command("start", COMMANDS, is_path=False).diagnostic.help == "did you mean `emu up`?"
    assert unknown_command("version", COMMANDS, is_path=False).diagnostic.help == "did you mean `emu --version`?"


@pytest.mark.parametrize(
    ("word", "near"),
    [("rendr", "render"), ("RENDER", "render"), ("clodrun", "cloud-run"), ("ren", "render"), ("x", None)],
)
def test_the_word_that_was_probably_meant(word: str, near: str | None) -> None:
    """Another letter, another case, or the beginning of it; nothing where nothing is like it."""
    assert nearest(word, ["cloud-run", "render"]) == near


def test_how_like_it_has_to_be() -> None:
    """A fix is made of what is surely meant; of a word that is too long to be mistyped nothing is."""
    assert nearest("nmae", ["some", "name"], cutoff=0.7) == "name"
    assert nearest("serv", ["services", "x"]) == "services"
    assert nearest("serv", ["services", "x"], cutoff=0.7) is None
    assert nearest("a" * 100, ["a" * 99]) is None


def test_a_name_that_nobody_has() -> None:
    """The one that was meant and those there are, of very many the first ones."""
    assert did_you_mean("ab", ["abc", "x"]) == "did you mean abc? known are abc, x"
    assert did_you_mean("q", []) == "there are none"
    assert did_you_mean("q", map(str, range(20))).endswith("7 and 12 more")
