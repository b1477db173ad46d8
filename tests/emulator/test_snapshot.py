"""The view of a repository, whatever its source."""

import pytest

from emulator.snapshot import MAX_DEPLOY_FILE_BYTES, Node, Unreadable, follow, from_mapping, normal

LINKS = {
    "app": Node(path="app", kind="directory"),
    "app/main.py": Node(path="app/main.py", kind="file"),
    "app/up": Node(path="app/up", kind="symlink", target="../app/main.py"),
    "app/out": Node(path="app/out", kind="symlink", target="../../secret"),
    "app/round": Node(path="app/round", kind="symlink", target="./round"),
    "app/gone": Node(path="app/gone", kind="symlink", target="nothing"),
    "current": Node(path="current", kind="symlink", target="app/"),
    "absolute": Node(path="absolute", kind="symlink", target="/etc/passwd"),
    "vendor": Node(path="vendor", kind="submodule"),
}


def node_at(path: str) -> Node:
    return LINKS.get(path) or Node(path=path, kind=None, why="missing")


@pytest.mark.parametrize("path", ["app/main.py", "app/up", "current/main.py", "current/up"])
def test_links_inside_the_repository_are_followed(path):
    """A link, on the way or at the end, leads to the file it names."""
    assert follow(path, node_at) == LINKS["app/main.py"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("app/out", "outside"),
        ("absolute", "outside"),
        ("current/out", "outside"),
        ("app/round", "missing"),
        ("vendor/x", "missing"),
        ("app/main.py/x", "missing"),
        ("nothing/x", "missing"),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path, why):
    """A link out of the repository is outside; a circle, a submodule's file, a file's file are missing."""
    node = follow(path, node_at)
    assert (node.kind, node.why) == (None, why)


def test_a_link_that_leads_nowhere_is_named():
    """Its target alone would say that a file is missing which nobody has named."""
    assert follow("app/gone", node_at).detail == "app/gone is a symbolic link to nothing, which is not there"
    assert follow("app/round", node_at).detail == "app/round is a symbolic link in a circle"


def test_the_root_is_a_directory():
    """ "." needs no asking."""
    assert follow(".", node_at).kind == "directory"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "."), ("./a//b/", "a/b"), ("a/../b", "b"), ("..", None), ("a/../../b", None), ("/etc", None)],
)
def test_paths_are_normalised_and_never_leave_the_root(path, expected):
    """Two spellings of a path are one question; a path that leaves the root is none."""
    assert normal(path) == expected


def test_a_path_out_of_the_repository_is_outside_without_asking_the_source():
    """`../x` is answered before any disk is touched, and is not something the plan depends on."""
    snapshot = from_mapping({"a": "1"})
    assert snapshot.look("../a").why == "outside"
    assert snapshot.asked == ()


def test_what_was_asked_is_remembered():
    """The plan depends on these paths, the missing ones too."""
    snapshot = from_mapping({"a": "1"})
    snapshot.look("./a")
    snapshot.is_file("b")
    assert snapshot.asked == ("a", "b")


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"a\nb\0c", "binary", (2, 1)),
        ("web: x".encode("utf-16"), "not-utf-8", (1, 1)),
        (b"a\nb\xff", "not-utf-8", (2, 2)),
        (b"x" * (MAX_DEPLOY_FILE_BYTES + 1), "too-large", (1, 1)),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_place(content, code, place):
    """Binary, wrongly encoded and huge files are refused, never half read."""
    with pytest.raises(Unreadable) as refused:
        from_mapping({"f": content}).text("f")
    assert (refused.value.code, (refused.value.line, refused.value.column)) == (code, place)


@pytest.mark.parametrize("path", ["nothing", "d", "../x"])
def test_what_is_no_file_cannot_be_read(path):
    """Reading without looking ends in a plain refusal."""
    with pytest.raises(Unreadable):
        from_mapping({"d/f": "1"}).read(path)


def test_a_byte_order_mark_is_not_text():
    """A BOM before the first key would hide it."""
    assert from_mapping({"f": b"\xef\xbb\xbfservices:"}).text("f") == "services:"
