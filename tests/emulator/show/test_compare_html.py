"""A comparison as a page: well-formed, complete, and whatever a value says, it stays text."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from emulator.commands.comparing import compared
from emulator.model.comparison import Comparison
from emulator.model.diagnostic import Related, error
from emulator.model.origin import Origin
from emulator.model.plan import Plan
from emulator.model.record import replace
from emulator.show import markdown
from emulator.show.compare_html import compare_html
from emulator.show.compare_text import compare_markdown
from tests.emulator.show.test_plan_text import PLAN, SERVICE

EVIL = "</code><script>alert('1')</script><!-- \" onclick=\"x\" & ]]> \x00\x1b[31m \u202eback \udcff שלום"
AT = Origin(file="app/<b>.py", line=2, column=3, end_line=2, end_column=6)
VOID = {"meta"}


def comparison(evil: str) -> Comparison:
    """Two platforms, where every text that a user may choose is `evil`."""
    command = replace(SERVICE.command, text=evil, origin=AT)
    broken = error("start/x", evil, origin=AT, facts=(evil,), help=evil, related=(Related(origin=AT, message=evil),))
    service = replace(SERVICE, name=evil, command=command)
    plans: list[Plan] = [
        replace(PLAN, platform="one", services=(service,), diagnostics=(broken,)),
        replace(PLAN, platform="two", services=(replace(service, pre_deploy_command=evil),)),
    ]
    return Comparison(
        snapshot=PLAN.snapshot, platforms=("one", "two"), services=compared(plans), plans=tuple(plans)
    )  # fmt: skip


def page(evil: str = EVIL, line: str | None = None) -> str:
    return compare_html(comparison(evil), [lambda _: line, lambda _: line])


class Balanced(HTMLParser):
    """Fails for an end without its beginning, as a browser would silently mend."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "srcset")]
        assert all(value is None or value.startswith("#") for name, value in attrs if name == "href")
        assert not (tag in ("ul", "div", "pre", "table", "dl") and "p" in self.open), "a browser ends the paragraph"
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_a_value_says_stays_text() -> None:
    """Markup, quotes, control characters and overrides of direction are shown; nothing is loaded or run."""
    text = page(line=EVIL)
    parser = Balanced()
    parser.feed(text)
    assert not parser.open
    assert "script" not in parser.seen
    assert "alert('1')" in "".join(ET.fromstring(text).itertext())
    assert "\\u{202e}back" in text
    assert "http" not in text.replace("http-equiv", "")


@given(st.text(max_size=80))
def test_it_is_well_formed_whatever_is_in_it(evil: str) -> None:
    ET.fromstring(page(evil, evil))


def test_the_table_says_what_heads_what() -> None:
    """A head for each platform and each row, a caption, and a region with a name around it, for whoever hears it."""
    root = ET.fromstring(page("orders"))
    (table,) = root.iter("table")
    assert [head.text for head in table.findall("thead/tr/th[@scope='col']")] == ["one", "two"]
    rows = table.findall("tbody/tr")
    assert all(row.find("th[@scope='row']") is not None for row in rows)
    spans = [sum(int(cell.get("colspan", "1")) for cell in row.findall("td")) for row in rows]
    assert set(spans) == {2}
    assert table.find("caption") is not None
    (region,) = root.findall(".//div[@role='region']")
    assert root.find(f".//*[@id='{region.get('aria-labelledby')}']") is not None


def test_what_differs_is_marked_and_said() -> None:
    """By a class for the eye, by a word for the ear; what they agree on is not."""
    rows = ET.fromstring(page("orders")).findall(".//tbody/tr")
    marked = [row for row in rows if row.get("class") == "differs"]
    assert ["".join(row.find("th").itertext()) for row in marked] == ["≠ before"]
    assert all(row.find(".//*[@aria-label='differs:']") is not None for row in marked)


def test_the_place_in_the_line_is_marked() -> None:
    """Of a very long line the part around it."""
    root = ET.fromstring(page("orders", "x = bad + 1"))
    assert {mark.text for mark in root.iter("mark")} == {"= ba"}
    far = replace(AT, column=5000, end_column=5002)
    found = replace(comparison("orders").plans[0].diagnostics[0], origin=far, related=())
    one = comparison("orders")
    wide = replace(one, plans=(replace(one.plans[0], diagnostics=(found,)), one.plans[1]))
    root = ET.fromstring(compare_html(wide, [lambda _: "a" * 4999 + "bad" + "c" * 5000] * 2))
    (pre,) = root.iter("pre")
    assert [mark.text for mark in pre.iter("mark")] == ["bad"]
    assert len("".join(pre.itertext())) < 300


def test_a_very_long_value_begins_and_ends() -> None:
    assert "more characters …" in page("start" + "y" * 90_000 + "end")
    assert len(page("y" * 90_000)) < 60_000


def test_nothing_to_run() -> None:
    empty = Comparison(snapshot=PLAN.snapshot, platforms=("one",), services=(), plans=(replace(PLAN, services=()),))
    assert "No platform finds anything to run here." in compare_html(empty, [lambda _: None])


def test_markdown_is_as_careful() -> None:
    """No cell of a table ends early, nothing in it is markup."""
    told = compare_markdown(comparison(EVIL + " | *a* `b` [c](d)\nnext"))
    assert "<script" not in told.replace("\\<script", "")
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}


@given(st.text(max_size=60))
def test_a_fence_and_a_code_hold_what_they_are_given(evil: str) -> None:
    fence, *_ = markdown.fenced([evil]).partition("text")
    assert fence not in markdown.fenced([evil])[len(fence) : -len(fence)]
    assert "\n" not in markdown.text(evil) + markdown.code(evil)
