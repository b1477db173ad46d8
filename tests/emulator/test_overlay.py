"""A snapshot in which some files are otherwise: it is the one that a mapping with those files is."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.overlay import overlaid
from emulator.snapshot import Snapshot, from_mapping

PATHS = ("a", "b/a", "b/c/a", "b/c/b", "d/e/f")
AROUND = (*PATHS, ".", "b", "b/c", "d", "d/e", "x", "a/x", "b/x")
CONTENT = st.binary(max_size=3)


def seen(repo: Snapshot) -> dict[str, object]:
    """All that can be asked of the few paths there are."""
    found: dict[str, object] = {}
    for path in AROUND:
        look, node = repo.look(path), repo.node(path)
        content = repo.read(path) if look.is_file else None
        found[path] = (look.kind, look.size, content, node.kind, node.size, repo.entries(path))
    return found


@given(
    st.dictionaries(st.sampled_from(PATHS), CONTENT),
    st.dictionaries(st.sampled_from(PATHS), CONTENT),
    st.frozensets(st.sampled_from((*PATHS, "b", "b/c", "d"))),
)
def test_it_is_as_if_the_files_were_so(
    files: dict[str, bytes], instead: dict[str, bytes], without: frozenset[str]
) -> None:
    """What is taken out is gone with the directories that it leaves empty; what is put in is there."""
    gone = {path for path in files if any(path == one or path.startswith(one + "/") for one in without)}
    expected = {path: content for path, content in files.items() if path not in gone} | instead
    assert seen(overlaid(from_mapping(files), instead=instead, without=without)) == seen(from_mapping(expected))


def test_what_lies_beneath_stays() -> None:
    beneath = from_mapping({"a": "1", "b": "2"})
    above = overlaid(beneath, instead={"a": b"3"}, without=frozenset(("b",)))
    assert (above.read("a"), beneath.read("a"), above.entries(), beneath.entries()) == (b"3", b"1", ("a",), ("a", "b"))


def test_a_link_leads_to_what_is_put_in() -> None:
    beneath = from_mapping({"app/one": "1"}, links={"current": "app", "gone": "app/two"}, executable=["app/one"])
    above = overlaid(beneath, instead={"app/one": b"22", "app/two": b"333"})
    assert (above.read("current/one"), above.look("current/one").executable) == (b"22", True)
    assert (above.read("gone"), above.look("gone").size) == (b"333", 3)
    assert above.entries("current") == ("one", "two")


def test_what_git_ignores_is_there_once_it_is_put_in() -> None:
    beneath = from_mapping({"a": "1", "b/.env": "2"}, ignored=["b/.env"])
    above = overlaid(beneath, instead={"b/.env": b"3"})
    assert (above.look("b/.env").kind, above.entries("b"), above.left_out("b")) == ("file", (".env",), ())
