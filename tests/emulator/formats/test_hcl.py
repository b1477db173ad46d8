"""HCL text as blocks and expressions with their places; nothing is worked out, and bad input is a diagnostic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.formats.hcl import Object, Opaque, Reference, Template, Tuple, parse_hcl
from emulator.formats.yaml import Scalar
from emulator.model.origin import Origin

SAMPLE = """\
# what is deployed
resource "google_cloud_run_v2_service" "api" {
  name = "api"
  template {
    containers {
      args = ["a", var.b]
    }
  }
}
"""


def value(text):
    found = parse_hcl(f"a = {text}\n", "main.tf")
    assert found.body is not None, found.diagnostics
    [(_, written)] = found.body.attributes
    return written


def refusal(text):
    found = parse_hcl(text, "main.tf")
    assert found.body is None
    [problem] = found.diagnostics
    return problem.message, problem.origin.line, problem.origin.column


def test_blocks_know_their_labels_and_their_place():
    [resource] = parse_hcl(SAMPLE, "main.tf").body.blocks
    assert (resource.type.text, [label.text for label in resource.labels]) == (
        "resource", ["google_cloud_run_v2_service", "api"],
    )  # fmt: skip
    assert resource.origin == Origin(file="main.tf", line=2, column=1, end_line=2, end_column=44)
    [template] = resource.blocks
    [containers] = template.blocks
    name, args = containers.attributes[0]
    assert name.origin == Origin(file="main.tf", line=6, column=7, end_line=6, end_column=10)
    assert args.origin == Origin(file="main.tf", line=6, column=14, end_line=6, end_column=25)
    assert args.items[1].origin == Origin(file="main.tf", line=6, column=20, end_line=6, end_column=24)


@pytest.mark.parametrize(
    ("written", "text", "style"),
    [
        pytest.param('"x y"', "x y", "quoted", id="a text"),
        pytest.param('""', "", "quoted", id="an empty text"),
        pytest.param(r'"a\n\"b\"\\ \u00e9"', 'a\n"b"\\ é', "quoted", id="escapes"),
        pytest.param('"$${HOME} %%{x}"', "${HOME} %{x}", "quoted", id="a dollar that is meant"),
        pytest.param("8080", "8080", "plain", id="a number"),
        pytest.param("-1.5", "-1.5", "plain", id="a negative number"),
        pytest.param("true", "true", "plain", id="true"),
        pytest.param("null", "null", "plain", id="null"),
        pytest.param("(8080)", "8080", "plain", id="in brackets"),
        pytest.param("<<EOT\n a\nb\nEOT", " a\nb\n", "block", id="a heredoc"),
        pytest.param("<<-EOT\n    a\n\n      b\n    EOT", "a\n\n  b\n", "block", id="a heredoc moved left"),
    ],
)
def test_a_value_that_is_written_out(written, text, style):
    """Numbers, truth values and null are plain; texts are as they are meant."""
    found = value(written)
    assert (type(found), found.text, found.style) == (Scalar, text, style)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("var.image", ("var", "image")),
        ('local.names["web"].port', ("local", "names", "web", "port")),
        ("google_x.y[0].id", ("google_x", "y", "0", "id")),
    ],
)
def test_a_reference_names_what_it_refers_to(written, path):
    found = value(written)
    assert isinstance(found, Reference)
    assert found.path == path
    assert found.text == written


@pytest.mark.parametrize(
    "written", ["f(1)", "var.a ? 1 : 2", "1 + 2", "!true", "[for x in y : x]", "a.*.b", "a[*].b", "a[var.i]",
                "<<EOT\n${var.x}\nEOT"],
)  # fmt: skip
def test_what_only_terraform_works_out_is_opaque(written):
    assert isinstance(value(written), Opaque)


def test_a_text_with_something_put_in_keeps_its_parts():
    found = value('"${var.region}-docker.pkg.dev/p/${f(1)}"')
    assert isinstance(found, Template)
    assert [type(part) for part in found.parts] == [Reference, Scalar, Opaque]
    assert found.parts[1].text == "-docker.pkg.dev/p/"


def test_lists_and_maps():
    found = value('{\n  # the limits\n  cpu = "1", "memory" : "1Gi"\n}')
    assert isinstance(found, Object)
    assert found.whole
    assert [(key.text, item.text) for key, item in found.pairs] == [("cpu", "1"), ("memory", "1Gi")]
    assert not value("{ (var.key) = 1 }").whole
    items = value('["a",\n # b\n 1]')
    assert isinstance(items, Tuple)
    assert [item.text for item in items.items] == ["a", "1"]


def test_windows_line_ends_and_a_byte_order_mark():
    found = parse_hcl("\ufeffa = 1\r\nb = 2\r\n", "main.tf").body
    assert [(key.text, key.origin.line, item.text) for key, item in found.attributes] == [("a", 1, "1"), ("b", 2, "2")]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("x {\n", "the text ends too early: something that is opened is not closed", (2, 1)),
        ("a = 1 2\n", "'2' has no place here", (1, 7)),
        ("é = 1\n", "this is no HCL from here on", (1, 1)),
        ("a = " + "[" * 300 + "]" * 300, "the nesting is deeper than 200 levels", (1, 1)),
    ],
)
def test_bad_text_is_told_at_its_place(text, message, place):
    assert refusal(text) == (message, *place)


@given(st.text(alphabet='ab "\\${}[]()=<>-#\n.,:?!1%*/E', max_size=60))
def test_no_text_raises(text):
    """Whatever stands in a file, there is an answer, and never both or neither of body and diagnostics."""
    found = parse_hcl(text, "main.tf")
    assert (found.body is None) == bool(found.diagnostics)


@given(st.integers(min_value=0, max_value=len(SAMPLE)))
def test_no_half_of_a_file_raises(length):
    found = parse_hcl(SAMPLE[:length], "main.tf")
    assert (found.body is None) == bool(found.diagnostics)
