"""The module finder on worked-out trees; its claims are those that Python's own finder makes on the same files."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.image.imports import Found, Missing, NotSure, find_module
from emulator.image.tree import ANYTHING, DATA, File, Folder, Made, More, Node

MADE = Made(by="instruction")
FILE = File(made=MADE)


def tree(*paths: str, **more: More) -> Folder:
    """A tree of these files; more: what else may be in a directory of the root."""
    root = Folder()
    for path in paths:
        root = _with(root, path.strip("/").split("/"), FILE)
    for name, what in more.items():
        inner = root.get(name)
        root = root.put(name, (inner if isinstance(inner, Folder) else Folder()).holding(what))
    return root


def _with(folder: Folder, parts: list[str], node: Node) -> Folder:
    if len(parts) == 1:
        return folder.put(parts[0], node)
    inner = folder.get(parts[0])
    return folder.put(parts[0], _with(inner if isinstance(inner, Folder) else Folder(), parts[1:], node))


def test_packages_modules_and_namespaces():
    """A regular package wins over a module of its name, a namespace is spread over the roots."""
    found = tree("/a/acme/__init__.py", "/a/acme/api.py", "/a/acme.py", "/b/spread/one.py", "/a/spread/two.py")
    assert find_module(found, ["/a", "/b"], "acme.api") == Found(path="/a/acme/api.py", is_package=False)
    assert find_module(found, ["/a", "/b"], "spread.one") == Found(path="/b/spread/one.py", is_package=False)
    assert find_module(found, ["/a"], "acme.old") == Missing(part="acme.old", parents=("/a/acme",))
    assert find_module(found, ["/a"], "acme.api.x") == Missing(part="acme.api.x", parents=("/a/acme/api.py",))
    assert find_module(found, ["/nowhere"], "acme") == Missing(part="acme", parents=("/nowhere",))
    assert isinstance(find_module(found, ["/a"], "json"), Found)
    assert isinstance(find_module(found, ["/a"], "json.old"), NotSure)


def test_what_may_be_there_is_not_missing():
    """Unknown directories end the search; packages are named; data brings no module."""
    assert isinstance(find_module(tree("/a/x.py", a=ANYTHING), ["/a"], "acme"), NotSure)
    assert find_module(tree("/a/x.py", a=DATA), ["/a"], "acme").part == "acme"
    site = find_module(tree("/a/x.py", site=More(packages=("flask",))), ["/a", "/site"], "acme")
    assert site == Missing(part="acme", parents=("/a", "/site"), packages=("flask",))
    first = tree("/a/acme/__init__.py", site=ANYTHING)
    assert isinstance(find_module(first, ["/a", "/site"], "acme.old"), Missing)


def test_path_files_add_directories():
    """Those of site-packages; relative lines and imports are left out."""
    root = tree("/src/acme/__init__.py")
    pth = File(made=MADE, content=b"/src\nimport site\n")
    root = root.put("site-packages", Folder({"x.pth": pth}))
    assert isinstance(find_module(root, ["/site-packages"], "acme"), Found)


NAMES = st.sampled_from(["a", "b", "c"])
LAST = st.sampled_from(["a.py", "b.py", "__init__.py"])
FILES = st.lists(st.tuples(st.sampled_from(["r1", "r2"]), st.lists(NAMES, max_size=2), LAST), max_size=8)


@pytest.mark.thorough
@given(files=FILES, wanted=st.lists(NAMES, min_size=1, max_size=3))
def test_python_finds_the_same(files: list[tuple[str, list[str], str]], wanted: list[str], tmp_path_factory):
    """Random trees: what is found and what is missing is what importlib says."""
    where = tmp_path_factory.mktemp("roots")
    paths = ["/".join([root, *folders, name]) for root, folders, name in files]
    for path in paths:
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_text("")
    name = ".".join(wanted)
    ours = find_module(tree(*(f"/{path}" for path in paths)), ["/r1", "/r2"], name)
    assert isinstance(ours, Found) == _imports(where, name)


def _imports(where: Path, name: str) -> bool:
    code = f"import sys; sys.path[:0] = [{str(where / 'r1')!r}, {str(where / 'r2')!r}]; import {name}"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False).returncode == 0
