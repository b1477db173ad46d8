"""A diagnostic as a person reads it."""

import re

from emulator.model.diagnostic import Diagnostic, Edit, Fault, Fix, Related, UsageError, error, warning
from emulator.model.origin import Origin
from emulator.model.record import replace
from emulator.show.style import Style, columns
from emulator.show.text import diagnostic_text, diagnostics_text

PLAIN = Style(width=60)
LINES = {1: "services:", 2: "  env: docker", 3: "\tCOPY\tmissing .", 4: "CMD " + "宽" * 60}


def _line(origin: Origin) -> str | None:
    return LINES.get(origin.line)


def _deprecated(line: int, file: str = "render.yaml") -> Diagnostic:
    return warning("render/deprecated-field", "`env` is old", origin=Origin(file=file, line=line), help="write it new")


def test_the_same_finding_at_several_places_is_told_once() -> None:
    """One text with the first place's line, the other lines by number."""
    printed = diagnostics_text([_deprecated(2), _deprecated(20), _deprecated(31)], PLAIN, _line)
    assert printed.count("is old") == 1
    assert printed.count("help:") == 1
    assert "--> and lines 20, 31" in printed


def test_places_in_other_files_are_named_in_full() -> None:
    """A line number alone would be read as one of the first file."""
    printed = diagnostics_text([_deprecated(2), _deprecated(7, "other.yaml")], PLAIN, _line)
    assert "--> and other.yaml:7:1" in printed


def test_very_many_places_are_counted() -> None:
    """Eight, and how many more."""
    printed = diagnostics_text([_deprecated(n) for n in range(1, 301)], PLAIN, _line)
    assert "and 291 more" in printed
    assert printed.count("\n") < 12


def test_findings_that_differ_stay_apart() -> None:
    """Another message is another finding."""
    first = warning("a/b", "one", origin=Origin(file="f"))
    assert diagnostics_text([first, warning("a/b", "two", origin=Origin(file="f"))], PLAIN).count("a/b") == 2


def test_a_mistake_on_the_command_line_is_not_this_machine_s_fault() -> None:
    """A usage error names no fault: who typed knows."""
    assert "fault" not in diagnostic_text(UsageError("no such revision").diagnostic, PLAIN)
    assert "fault: this machine" in diagnostic_text(error("host/full", "disk full", fault=Fault.HOST), PLAIN)


def test_the_mark_stands_below_the_place_in_a_line_with_tabs() -> None:
    """Tabs are shown as blanks; the mark counts them as such."""
    found = error("a/b", "not there", origin=Origin(file="Dockerfile", line=3, column=7, end_line=3, end_column=13))
    shown, mark = diagnostic_text(found, PLAIN, _line).splitlines()[-2:]
    assert shown.index("missing") == mark.index("^")
    assert mark.count("^") == len("missing")


def test_everything_fits_the_screen() -> None:
    """Messages, excerpts of wide characters, notes and help all stay within the width."""
    place = Origin(file="Dockerfile", line=4, column=1, end_line=4, end_column=64)
    found = error(
        "a/b", "word " * 40, origin=place, facts=("fact " * 30,), help="help " * 30,
        related=(Related(origin=place, message="note " * 30),),
    )  # fmt: skip
    for colour in (False, True):
        printed = diagnostic_text(found, Style(width=60, colour=colour), _line)
        bare = re.sub(r"\x1b\[[0-9;]*m", "", printed)
        assert max(columns(line) for line in bare.splitlines()) <= 60


def test_a_file_s_name_cannot_steer_the_terminal() -> None:
    """An escape sequence in a path is spelt out."""
    assert "\x1b" not in diagnostic_text(error("a/b", "x", origin=Origin(file="a\x1b[2Jb")), PLAIN)


def test_the_same_finding_of_several_services_says_of_which() -> None:
    """One text, and the services' names."""
    alike = [warning("a/b", "it is so", origin=Origin(file="f", line=9), service=name) for name in ("api", "web")]
    printed = diagnostics_text(alike, PLAIN, _line)
    assert printed.count("it is so") == 1
    assert "= the same in api, web" in printed


def test_of_many_findings_with_one_code_the_first_are_told_in_full() -> None:
    """The others have a line each, with their places; all of them in full where everything is asked for."""
    many = [error("a/b", f"no field {n}", origin=Origin(file="f", line=n), help="look") for n in range(9, 21)]
    printed = diagnostics_text(many, PLAIN, _line)
    assert printed.count("help:") == 1
    assert "error[a/b]: 9 more of these" in printed
    assert "  f:20:1: no field 20" in printed
    assert diagnostics_text(many, PLAIN._replace(whole=True), _line).count("help:") == 12


def test_hundreds_of_findings_with_one_code_do_not_fill_the_screen() -> None:
    """Ten lines and how many more, of which --verbose tells each."""
    many = [error("a/b", f"no field {n}", origin=Origin(file="f", line=n)) for n in range(9, 209)]
    printed = diagnostics_text(many, PLAIN, _line)
    assert printed.endswith("  f:21:1: no field 21\n  and 187 more (--verbose tells them)")
    assert "no field 208" in diagnostics_text(many, PLAIN._replace(whole=True), _line)


def test_a_fix_far_to_the_right_is_seen() -> None:
    """Both lines show the same part of the line, the one with what changes."""
    line = "CMD " + "宽" * 60 + " --bind 127.0.0.1:80 app"
    start = line.index("127") + 1
    edit = Edit(file="f", line=9, column=start, end_line=9, end_column=start + 9, text="0.0.0.0")
    found = warning("a/b", "old", origin=Origin(file="f", line=9), fix=Fix(message="write it", edits=(edit,)))
    before, after = diagnostic_text(found, PLAIN, lambda _: line).splitlines()[-2:]
    assert before.replace("127.0.0.1", "0.0.0.0") == after.replace("+", "-")
    assert before.endswith("宽 --bind 127.0.0.1:80 app")
    assert columns(before) <= PLAIN.width


def test_a_fix_in_one_line_is_shown_as_a_small_diff() -> None:
    """What to type to have it done, and the line before and after; of a larger one the message alone."""
    edit = Edit(file="f", line=2, column=3, end_line=2, end_column=6, text="runtime")
    found = warning("a/b", "old", origin=Origin(file="f", line=2), fix=Fix(message="write `runtime`", edits=(edit,)))
    printed = diagnostic_text(found, PLAIN, _line)
    assert printed.splitlines()[-2:] == ["  2 -   env: docker", "  2 +   runtime: docker"]
    assert "fix: write `runtime` (`emu fix --apply`)" in printed
    several = replace(found, fix=Fix(message="write both", edits=(edit, edit)))
    assert diagnostic_text(several, PLAIN, _line).splitlines()[-1].startswith("  fix: write both")
    assert "docker" not in diagnostic_text(found, PLAIN, lambda _: None)


def test_a_very_long_value_is_shortened_in_its_middle() -> None:
    """Unless all is asked for."""
    found = error("a/b", "begin " + "x" * 5000 + " end")
    printed = "".join(line.strip() for line in diagnostic_text(found, PLAIN).splitlines())
    assert "begin" in printed
    assert "end" in printed
    assert "more characters" in printed
    assert len(printed) < 600
    assert "more characters" not in diagnostic_text(found, PLAIN._replace(whole=True))


def test_what_the_fix_puts_otherwise_is_underlined() -> None:
    """Of a finding that stands for a whole line; one whose fix only adds something keeps its own place."""
    line = "CMD serve 宽 --bind 127.0.0.1:80"
    start = line.index("127") + 1
    edit = Edit(file="f", line=7, column=start, end_line=7, end_column=start + 9, text="0.0.0.0")
    found = error("a/b", "alone", origin=Origin(file="f", line=7), fix=Fix(message="write it", edits=(edit,)))
    rows = diagnostic_text(found, PLAIN, lambda _: line).splitlines()
    assert rows[1] == f"  --> f:7:{start}"
    assert rows[3] == "    | " + " " * columns(line[: start - 1]) + "^" * 9
    added = replace(found, fix=Fix(message="add it", edits=(replace(edit, end_column=start),)))
    assert diagnostic_text(added, PLAIN, lambda _: line).splitlines()[3] == "    | " + "^" * columns(line)


def test_what_is_to_be_done_about_several_is_told_below_the_last() -> None:
    """Of findings of one code that ask for the same."""
    found = [warning("a/b", f"no {name}", origin=Origin(file="f", line=1), help="do it") for name in ("x", "y")]
    other = warning("a/b", "no z", origin=Origin(file="f", line=2), help="do something else")
    printed = diagnostics_text([*found, other], PLAIN, _line)
    assert printed.count("help: do it") == 1
    assert printed.index("no y") < printed.index("help: do it") < printed.index("no z") < printed.index("else")
