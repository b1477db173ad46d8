"""Names written as Docker ignore patterns; tests/emulator/edge/test_context.py shows what BuildKit makes of them."""

import pytest

from emulator.engine.exclusions import MANY, with_exclusions


def test_the_users_rules_come_first():
    """A "!" of the user's must not bring back what the platform does not have."""
    assert with_exclusions("*\n!app", ["app/.env"]).text == "*\n!app\napp/.env\n"


def test_nothing_to_add_changes_nothing():
    """The user's text stays as it is, and no text stays none."""
    assert with_exclusions("a", []).text == "a\n"
    assert with_exclusions("", []).text == ""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a b", "a b"),
        (" a", "[ ]a"),
        ("a ", "a[ ]"),
        (" ", "[ ]"),
        ("\t", "[\t]"),
        ("#a", "[#]a"),
        ("!a", "[!]a"),
        ("*", r"\*"),
        ("a?[b]", r"a\?\[b\]"),
        ("a\\", r"a\\"),
        ("^", r"\^"),
        ("ü\u3000", "ü[\u3000]"),
    ],
)
def test_a_name_is_written_so_that_it_means_itself(name, line):
    """Blanks are trimmed, "#" and "!" lead, globs match: each is escaped."""
    assert with_exclusions("", [name]).text == line + "\n"


@pytest.mark.parametrize("name", ["a\nb", b"caf\xe9".decode(errors="surrogateescape")])
def test_what_no_line_can_name_is_returned(name):
    """A line break, or bytes that are no UTF-8."""
    exclusions = with_exclusions("", ["a", name])
    assert (exclusions.text, exclusions.inexpressible) == ("a\n", (name,))


def test_a_name_left_out_everywhere_takes_one_line():
    """Hundreds of __pycache__ directories would cost a comparison each for every file."""
    paths = [f"p{i}/__pycache__" for i in range(MANY)]
    assert with_exclusions("", [*paths, "x"], kept_names={"app.py"}).text == "x\n**/__pycache__\n"


def test_a_name_that_is_kept_somewhere_is_left_out_one_by_one():
    """A tracked file of that name must stay."""
    paths = [f"p{i}/local.env" for i in range(MANY)]
    lines = with_exclusions("", paths, kept_names={"local.env"}).text.splitlines()
    assert lines == paths
