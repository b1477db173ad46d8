"""The build context: what reaches the builder, and who left out the others."""

import time

from emulator.edge.disk import open_repository
from emulator.image.context import Context, open_context
from emulator.image.ignore import read_ignore_file
from emulator.model.origin import Origin
from emulator.model.plan import UploadRule
from emulator.snapshot import MappingSource, Snapshot, from_mapping
from tests.emulator.edge.git_repositories import Repo


def paths(context: Context) -> list[str]:
    return sorted(entry.path for entry in context.walk())


def test_the_dockerfiles_own_ignore_file_wins():
    """BuildKit takes the one named after the Dockerfile, else the one in the context."""
    files = {"app/Dockerfile": "", "app/.dockerignore": "a", "app/a": "", "app/b": ""}
    assert open_context(from_mapping(files), "app", "app/Dockerfile").ignore.file == "app/.dockerignore"
    own = from_mapping({**files, "app/Dockerfile.dockerignore": "b"})
    context = open_context(own, "app", "app/Dockerfile")
    assert paths(context) == [".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "a"]
    assert open_context(own, "app", None).ignore.file == ""


def test_a_directory_comes_back_with_what_an_exception_keeps():
    """And only with that; a directory of which nothing is kept does not come."""
    repo = from_mapping({"d/keep/x": "", "d/y": "", "e/z": "", ".dockerignore": "d\ne\n!d/keep\n!e/nothing"})
    assert paths(open_context(repo, ".", "Dockerfile")) == [".dockerignore", "d", "d/keep", "d/keep/x"]


def test_a_directory_of_which_every_file_is_left_out_stays():
    """The pattern names the files, not the directory."""
    repo = from_mapping({"logs/a.log": "", ".dockerignore": "**/*.log"})
    assert paths(open_context(repo, ".", "Dockerfile")) == [".dockerignore", "logs"]


def test_each_path_that_is_left_out_names_its_rule():
    """Git's and the ignore file's, by file, line and pattern."""
    repo = from_mapping({"app.py": "", "docs/x": "", ".dockerignore": "# no\ndocs/"}, ignored=[".env"])
    gone = {entry.path: entry for entry in open_context(repo, ".", "Dockerfile").left_out()}
    assert set(gone) == {".env", "docs"}
    assert (gone[".env"].by, gone[".env"].pattern, str(gone[".env"].origin)) == ("git", ".env", ".gitignore:1:1")
    assert (gone["docs"].by, gone["docs"].pattern, gone["docs"].origin.line) == ("ignore-file", "docs/", 2)
    assert gone["docs"].is_directory


def test_on_disk_git_and_its_folder_are_judged(tmp_path):
    """A real repository: `.git` never comes, ignored files name their rule, others come."""
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    repo.write({"app.py": "1", ".gitignore": "dist/\n", "dist/x": "1", "src/a.py": "1"})
    context = open_context(open_repository(str(tmp_path)), ".", "Dockerfile")
    assert paths(context) == [".gitignore", "app.py", "src", "src/a.py"]
    assert [(gone.path, gone.where) for gone in context.left_out()] == [("dist", ".gitignore:1")]


def test_index_and_commit_show_what_git_has(tmp_path):
    """Exactly one path is looked at: a link is a link, and what is not committed is not there."""
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    repo.write({"a/x": "1"})
    (tmp_path / "l").symlink_to("a")
    repo.git("add", "-A")
    repo.commit()
    repo.write({"new": "1"})
    for view in ("index", "HEAD"):
        context = open_context(open_repository(str(tmp_path), snapshot=view), ".", "Dockerfile")
        assert paths(context) == ["a", "a/x", "l"]
        assert context.entry("l").target == "a"
        assert context.entry("new").left_out.by == "nowhere"
        assert context.entry("no/such/path").kind is None
        assert context.size("a/x") == 1


class Counting(MappingSource):
    """Counts what is asked of it."""

    asked = 0

    def node(self, path):
        self.asked += 1
        return super().node(path)

    def entries(self, path):
        raise AssertionError(f"{path} is listed")


def test_two_files_of_many_cost_two_files():
    """Nothing is listed, and nothing but the way to them is looked at."""
    source = Counting({f"packages/p{number}/index.js": "x" for number in range(2000)} | {"a": "1", "d/b": "2"})
    context = Context(Snapshot(source), ".", read_ignore_file(b"node_modules\n!x\n**/*.md\n", ".dockerignore"))
    tree = context.as_tree()
    assert tree.get("a").size == 1
    assert tree.get("d").get("b").size == 1
    assert source.asked <= 5


def test_a_large_context_is_listed_in_reasonable_time():
    """Every path is judged once, by way of its directory."""
    patterns = b"node_modules\n**/*.pyc\n**/__pycache__\n.git\n*.md\n!README.md\ndist\n**/.env*\n"
    files = {f"p/{n // 1000}/{n // 20}/{n}.py": "" for n in range(4000)}
    context = Context(from_mapping(files), ".", read_ignore_file(patterns, ".dockerignore"))
    started = time.perf_counter()
    for path in files:
        context._verdict(path)
    assert time.perf_counter() - started < 1


def test_an_upload_chooses_in_place_of_git(tmp_path):
    """Each path names its rule; of what git ignores it is only known that it comes."""
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    repo.write({"app.py": "1", ".gitignore": "dist/\n.env\nout\n", "dist/x": "1", ".env": "A=1", "docs/a": "1"})
    (tmp_path / "out").mkdir()
    origin = Origin(file=".upload", line=3, end_line=3)
    rules = [
        UploadRule(pattern="/docs/", written="docs/", origin=origin), UploadRule(pattern="**/.env/", written=".env/"),
        UploadRule(pattern="**/out/", written="out/"),
    ]  # fmt: skip
    context = open_context(open_repository(str(tmp_path)), ".", "Dockerfile", rules)
    kinds = {entry.path: entry.kind for entry in context.walk()}
    assert kinds == {".env": "unknown", ".gitignore": "file", "app.py": "file", "dist": "unknown"}
    gone = {entry.path: (entry.by, entry.where, entry.pattern) for entry in context.left_out()}
    assert gone == {"docs": ("upload", ".upload:3", "docs/"), "out": ("upload", "", "out/")}
    assert [context.entry(path).left_out.by for path in ("docs/a", "docs/gone", "gone")] == ["upload"] * 2 + ["nowhere"]
