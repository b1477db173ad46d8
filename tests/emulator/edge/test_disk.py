"""Opening a repository, and its files on disk as git sees them."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from emulator.edge.disk import _other_spelling, open_repository
from emulator.model.diagnostic import UsageError
from emulator.snapshot import Unreadable
from tests.emulator.edge.git_repositories import Repo

GIT = shutil.which("git")


def refused(*arguments, **options) -> UsageError:
    with pytest.raises(UsageError) as problem:
        open_repository(*map(str, arguments), **options)
    assert problem.value.exit_code == 2
    assert problem.value.diagnostic.help
    return problem.value


def why(repo: Repo, path: str) -> str:
    return open_repository(str(repo.path)).look(path).why


# --- the root


@pytest.mark.parametrize("path", [".", "backend", "backend/app.py"])
def test_the_root_is_gits_top_level(repo, path):
    """PATH may be any directory or file of the repository."""
    repo.write({"backend/app.py": "1", "Dockerfile": "FROM scratch"})
    assert open_repository(str(repo.path / path)).is_file("Dockerfile")


@pytest.mark.parametrize("snapshot", ["worktree", "index", "HEAD"])
def test_every_view_is_the_roots_wherever_path_lies(repo, snapshot):
    """From a folder further down a commit, the index and git's rules are seen from the top level as well."""
    repo.write({"backend/app.py": "1", "Dockerfile": "FROM scratch", ".gitignore": "/x.log\n", "x.log": "1"})
    repo.commit()
    seen = open_repository(str(repo.path / "backend"), snapshot=snapshot)
    assert seen.is_file("Dockerfile")
    assert not seen.is_file("x.log")
    assert seen.repository.prefix == ""
    below = open_repository(str(repo.path / "backend"), root=str(repo.path / "backend"), snapshot=snapshot)
    assert (below.repository.prefix, below.entries()) == ("backend/", ("app.py",))


def test_root_narrows_the_view_and_gits_rules_still_apply(repo):
    """--root backend shows backend alone; a .gitignore above it still counts."""
    repo.write(
        {".gitignore": "/backend/*.log", "backend/app.py": "1", "backend/x.log": "1", "Dockerfile": "FROM scratch"}
    )
    snapshot = open_repository(str(repo.path / "backend"), root=str(repo.path / "backend"))
    assert snapshot.is_file("app.py")
    assert snapshot.look("Dockerfile").why == "missing"
    assert snapshot.look("x.log").detail == "../.gitignore:1:/backend/*.log"
    assert snapshot.entries() == ("app.py",)


def test_a_rule_is_told_by_its_path_below_the_root(repo):
    """So that an origin in a .gitignore below --root can be opened from there."""
    repo.write({"backend/.gitignore": "*.log\n", "backend/x.log": "1", "backend/app.py": "1"})
    snapshot = open_repository(str(repo.path / "backend"), root=str(repo.path / "backend"))
    assert snapshot.look("x.log").detail == ".gitignore:1:*.log"


def test_a_path_outside_root_is_refused(repo, tmp_path):
    """--root and PATH must agree."""
    repo.write({"a/f": "1", "b/f": "1"})
    assert refused(repo.path / "a", root=str(repo.path / "b")).diagnostic.code == "usage/outside-root"


def test_a_path_that_is_not_there_is_refused(tmp_path):
    """The system's own reason is given."""
    assert "No such file" in str(refused(tmp_path / "nothing"))


def test_an_empty_path_is_refused():
    """An unset variable on the command line is not the current directory."""
    assert refused("").diagnostic.code == "usage/unreadable-path"


def test_a_folder_without_git_is_taken_whole(tmp_path):
    """Nothing is ignored there, and the snapshot says what it is."""
    folder = Repo(tmp_path / "plain").write({".gitignore": "*", "a/x.log": "1"})
    snapshot = open_repository(str(folder.path))
    assert snapshot.info.kind == "folder"
    assert snapshot.is_file("a/x.log")
    assert (snapshot.repository.name, snapshot.repository.is_git) == ("plain", False)
    assert open_repository(str(folder.path / "a/x.log")).entries() == ("x.log",)


def test_a_folder_without_git_has_no_commit_to_show(tmp_path):
    """--snapshot needs git."""
    assert refused(tmp_path, snapshot="HEAD").diagnostic.code == "usage/no-git"


def test_a_bare_repository_is_refused(tmp_path):
    """It has no files."""
    bare = Repo(tmp_path / "bare.git").init("--bare")
    assert refused(bare.path).diagnostic.code == "usage/bare-repository"


def test_gits_own_folder_is_refused(repo):
    """`emu plan .git` is a slip."""
    assert refused(repo.path / ".git").diagnostic.code == "usage/git-folder"


@pytest.mark.parametrize("damage", ["empty", "dangling", "format"])
def test_a_broken_repository_is_refused(repo, damage):
    """A .git that git does not accept must not silently turn the folder into one without ignore rules."""
    if damage == "format":
        repo.write({".git/config": "[core]\n\trepositoryformatversion = 99\n"})
    else:
        shutil.rmtree(repo.path / ".git")
        repo.write({".git/x": ""} if damage == "empty" else {".git": "gitdir: /nowhere\n"})
    assert refused(repo.path).diagnostic.code == "usage/broken-repository"


def test_a_repository_of_another_user_is_refused_with_gits_remedy(repo, monkeypatch, tmp_path):
    """Git's "dubious ownership" becomes one sentence and the command to run."""
    stranger = Repo(tmp_path / "bin").write({"git": f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {GIT} "$@"\n'})
    (stranger.path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{stranger.path}:{os.environ['PATH']}")
    problem = refused(repo.path)
    assert problem.diagnostic.code == "usage/dubious-ownership"
    assert f"safe.directory {repo.path}" in problem.diagnostic.help


def test_a_repository_without_git_installed_is_refused(repo, monkeypatch, tmp_path):
    """Without git nobody knows what is ignored."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(repo.path).diagnostic.code == "usage/git-missing"


def test_a_folder_needs_no_git_installed(tmp_path, monkeypatch):
    """A folder without .git is planned on a machine without git."""
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert open_repository(str(tmp_path / "plain")).info.kind == "folder"


def test_a_hooks_environment_does_not_redirect_git(repo, tmp_path, monkeypatch):
    """In a hook GIT_DIR names the repository being pushed; PATH may lie in another one."""
    other = Repo(tmp_path / "other").init().write({".gitignore": "Dockerfile"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    repo.write({"Dockerfile": "FROM scratch"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.repository.name == "shop"
    assert snapshot.is_file("Dockerfile")


# --- what git says


@pytest.mark.parametrize(
    ("url", "name", "slug"),
    [
        ("https://github.com/acme/store.git", "store", "acme/store"),
        ("https://user:pass@example.com:8443/acme/store", "store", "acme/store"),
        ("git@github.com:acme/store.git", "store", "acme/store"),
        ("ssh://git@example.com/~a/group/sub/store.git/", "store", "sub/store"),
        ("../mirrors/store.git", "store", None),
        ("/srv/git/store/.git", "store", None),
        ("file:///srv/git/store.git", "store", None),
    ],
)
def test_the_name_is_the_last_part_of_the_remote(repo, url, name, slug):
    """A service without a name takes it from there; a folder's parent is no owner."""
    repo.git("config", "remote.origin.url", url)
    repository = open_repository(str(repo.path)).repository
    assert (repository.name, repository.slug) == (name, slug)


def test_the_only_remote_counts_when_none_is_origin(repo):
    """With two and no origin the folder's name is used."""
    repo.git("config", "remote.up.url", "https://example.com/acme/store")
    assert open_repository(str(repo.path)).repository.name == "store"
    repo.git("config", "remote.down.url", "https://example.com/acme/other")
    assert open_repository(str(repo.path)).repository.name == "shop"
    repo.git("config", "remote.origin.url", "https://example.com/acme/mine")
    assert open_repository(str(repo.path)).repository.name == "mine"


def test_branch_and_commit_are_gits(repo):
    """On a branch, before the first commit, and on none."""
    before = open_repository(str(repo.path)).repository
    assert (before.branch, before.commit) == ("main", None)
    commit = repo.commit()
    repo.git("checkout", "-q", "-b", "feature/x")
    on_branch = open_repository(str(repo.path))
    assert (on_branch.repository.branch, on_branch.repository.commit) == ("feature/x", commit)
    assert on_branch.info.commit == commit
    repo.git("checkout", "-q", "--detach")
    assert open_repository(str(repo.path)).repository.branch is None


def test_a_linked_worktree_is_a_repository(repo, tmp_path):
    """`git worktree add` leaves a .git file."""
    repo.write({".gitignore": "*.log"}).commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    linked = Repo(tmp_path / "linked").write({"x.log": "1"})
    snapshot = open_repository(str(linked.path))
    assert (snapshot.repository.branch, snapshot.look("x.log").why) == ("side", "ignored")


# --- what is there


def test_untracked_files_are_there_and_ignored_ones_are_not(repo):
    """As if everything were committed now. The rule is named with its place."""
    repo.write({".gitignore": "\n.env\n", "app.py": "print()", ".env": "KEY=1"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.read("app.py") == b"print()"
    look = snapshot.look(".env")
    assert (look.kind, look.why, look.detail) == (None, "ignored", ".gitignore:2:.env")
    assert snapshot.entries() == (".gitignore", "app.py")


def test_a_tracked_file_is_there_although_a_rule_matches_it(repo):
    """Ignore rules say what is not added, not what is removed."""
    repo.write({"dist/app.js": "1", "dist/other.js": "1"})
    repo.git("add", "dist/app.js")
    repo.write({".gitignore": "dist/"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.is_file("dist/app.js")
    assert snapshot.look("dist/other.js").why == "ignored"
    assert snapshot.look("dist").is_directory
    assert snapshot.entries("dist") == ("app.js",)


def test_nested_rules_and_exceptions_count(repo):
    """The nearest .gitignore decides, "!" brings back, an ignored parent does not."""
    repo.write(
        {
            ".gitignore": "*.log\n/out/\n",
            "a/.gitignore": "!keep.log",
            "a/keep.log": "1",
            "a/b.log": "1",
            "out/.gitignore": "!x",
            "out/x": "1",
        }
    )
    assert (why(repo, "a/keep.log"), why(repo, "a/b.log"), why(repo, "out/x")) == ("", "ignored", "ignored")
    assert why(repo, "out") == "ignored"


def test_private_excludes_count_too(repo, tmp_path, monkeypatch):
    """`git add` would not take these files either, so they never reach a platform."""
    rules = tmp_path / "global"
    rules.write_text("*.swp\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {rules}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    repo.write({".git/info/exclude": "secret\n", "a.swp": "1", "secret": "1"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.look("a.swp").detail == f"{rules}:1:*.swp"
    assert snapshot.look("secret").detail == ".git/info/exclude:1:secret"


def test_a_tracked_file_that_was_deleted_is_gone(repo):
    """The content on disk counts, renames included."""
    repo.write({"old.py": "1"}).commit()
    (repo.path / "old.py").rename(repo.path / "new.py")
    assert (why(repo, "old.py"), why(repo, "new.py")) == ("missing", "")


def test_directories_without_files_do_not_exist(repo):
    """Git has none; one that holds only ignored files is empty for the platform."""
    repo.write({".gitignore": "*.log\n", "logs/deep/a.log": "1", "src/deep/b.py": "1"})
    (repo.path / "empty/deeper").mkdir(parents=True)
    assert (why(repo, "empty"), why(repo, "logs"), why(repo, "src")) == ("missing", "missing", "")
    assert open_repository(str(repo.path)).entries() == (".gitignore", "src")


def test_gits_own_folder_is_never_there(repo):
    """Whatever its spelling: some disks ignore case."""
    assert {why(repo, ".git"), why(repo, ".git/HEAD"), why(repo, ".GIT")} == {"missing"}


def test_links_are_followed_inside_and_refused_outside(repo, tmp_path):
    """A link that leaves the clone leads to nothing the platform has, even if it exists here."""
    (tmp_path / "secret").write_text("1")
    repo.write({".gitignore": "hidden\n", "app/main.py": "1", "hidden": "1"})
    for name, target in {
        "current": "app",
        "up": "../secret",
        "absolute": str(repo.path / "app"),
        "dangling": "nowhere",
        "to-hidden": "hidden",
    }.items():
        (repo.path / name).symlink_to(target)
    snapshot = open_repository(str(repo.path))
    assert snapshot.read("current/main.py") == b"1"
    answers = [snapshot.look(path).why for path in ("up", "absolute", "dangling", "to-hidden")]
    assert answers == ["outside", "outside", "missing", "ignored"]


def test_an_ignored_link_is_not_there(repo):
    """The link itself must be in the clone, not only what it names."""
    repo.write({".gitignore": "current\n", "app/main.py": "1"})
    (repo.path / "current").symlink_to("app")
    assert why(repo, "current/main.py") == "ignored"


def test_an_executable_file_is_known(repo):
    """Git keeps one bit of a file's mode."""
    repo.write({"run.sh": "", "app.py": ""})
    (repo.path / "run.sh").chmod(0o755)
    snapshot = open_repository(str(repo.path))
    assert (snapshot.look("run.sh").executable, snapshot.look("app.py").executable) == (True, False)


def test_a_socket_is_no_file(repo, monkeypatch):
    """Git does not see sockets and pipes, and reading a pipe would hang."""
    monkeypatch.chdir(repo.path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        os.mkfifo("p")
        assert (why(repo, "s"), why(repo, "p")) == ("not-a-file", "not-a-file")


def test_a_file_that_vanishes_between_look_and_read_is_unreadable(repo):
    """An editor may replace it at any moment."""
    repo.write({"app.py": "1"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.is_file("app.py")
    (repo.path / "app.py").unlink()
    with pytest.raises(Unreadable):
        snapshot.read("app.py")


@pytest.mark.parametrize("name", ["a b", " a", "a ", "#a", "!a", ":a", ":(top)a", "*", "[a]", "ü", "\\", "a\nb", "-a"])
def test_any_name_is_judged_as_it_is(repo, name):
    """No character of a name is taken for syntax."""
    repo.write({f"kept/{name}": "1", f"out/{name}": "1", name: "1", ".gitignore": "out/\n"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.is_file(name)
    assert snapshot.is_file(f"kept/{name}")
    assert snapshot.look(f"out/{name}").why == "ignored"


def test_a_name_like_pathspec_magic_is_only_a_name(repo):
    """ ":(top)x" is not x."""
    repo.write({":(top)x": "1", "x": "1", ".gitignore": "/x\n"})
    assert (why(repo, ":(top)x"), why(repo, "x")) == ("", "ignored")


def test_another_spelling_on_a_disk_that_ignores_case_is_seen(repo):
    """`dockerfile` on a Mac opens `Dockerfile`; the platform's Linux finds nothing."""
    repo.write({"Dockerfile": "FROM scratch"})
    found = (repo.path / "Dockerfile").lstat()  # what such a disk answers for either spelling
    assert _other_spelling(str(repo.path / "dOCKERFILE"), found)
    assert not _other_spelling(str(repo.path / "Dockerfile"), found)


def test_a_name_that_is_not_unicode_is_judged(repo):
    """Linux allows any bytes."""
    name = os.fsdecode(b"caf\xe9")
    repo.write({name: "1", f"out/{name}": "1", ".gitignore": "out/\n"})
    snapshot = open_repository(str(repo.path))
    assert snapshot.is_file(name)
    assert snapshot.look(f"out/{name}").why == "ignored"


# --- nested repositories


def nested(repo: Repo, tmp_path: Path, *, registered: bool) -> Repo:
    library = Repo(tmp_path / "library").init().write({"lib.py": "1", ".gitignore": "*.o\n"})
    library.commit()
    if registered:
        repo.git("submodule", "--quiet", "add", str(library.path), "lib")
        repo.commit()
    else:
        repo.git("clone", "-q", str(library.path), "lib")
    return repo.write({"lib/x.o": "1", "lib/new.py": "1"})


def test_a_submodule_that_was_fetched_shows_its_files(repo, tmp_path):
    """Its own rules decide what is ignored in it."""
    nested(repo, tmp_path, registered=True)
    snapshot = open_repository(str(repo.path))
    assert snapshot.is_file("lib/lib.py")
    assert snapshot.look("lib/x.o").why == "ignored"
    assert snapshot.look("lib").is_directory
    assert snapshot.entries("lib") == (".gitignore", "lib.py", "new.py")


def test_a_submodule_that_was_not_fetched_is_one(repo, tmp_path):
    """Its files are neither here nor known."""
    nested(repo, tmp_path, registered=True)
    repo.git("submodule", "--quiet", "deinit", "--force", "lib")
    snapshot = open_repository(str(repo.path))
    assert snapshot.look("lib").kind == "submodule"
    assert "submodule" in snapshot.look("lib/lib.py").detail


def test_a_nested_repository_is_not_in_the_clone(repo, tmp_path):
    """`git add` records only its commit, and without .gitmodules nobody can fetch it."""
    nested(repo, tmp_path, registered=False)
    snapshot = open_repository(str(repo.path))
    assert snapshot.look("lib").kind == "submodule"
    assert snapshot.look("lib/lib.py").why == "missing"


# --- what is left alone


def test_the_users_repository_is_not_touched(repo):
    """Looking, reading and listing write nothing below .git, even where git would refresh the index."""
    repo.write({"a.py": "1", ".gitignore": "x\n", "x": "1"}).commit()
    os.utime(repo.path / "a.py", (1, 1))
    before = repo.fingerprint()
    snapshot = open_repository(str(repo.path))
    for path in (".", "a.py", "x"):
        snapshot.look(path)
    snapshot.entries()
    assert repo.fingerprint() == before


def test_no_program_of_the_users_configuration_runs(repo, tmp_path):
    """A repository may bring its own .git/config; planning it must not run what it names."""
    mark = tmp_path / "ran"
    program = Repo(tmp_path).write({"program": f"#!/bin/sh\ntouch {mark}\n"}).path / "program"
    program.chmod(0o755)
    repo.write({"a.py": "1", ".gitignore": "x\n", "x": "1"}).commit()
    repo.git("config", "core.fsmonitor", str(program))
    repo.git("config", "core.hooksPath", str(tmp_path))
    for view in ("worktree", "index", "HEAD"):
        snapshot = open_repository(str(repo.path), snapshot=view)
        snapshot.look("x")
        snapshot.look("a.py")
        snapshot.entries()
    assert not mark.exists()


def test_git_dying_on_the_way_is_told(repo, monkeypatch):
    """A lost git process ends in one sentence, not in a traceback."""
    repo.write({"a": "1", "b": "1"})
    snapshot = open_repository(str(repo.path))
    snapshot.look("a")
    os.kill(snapshot.source._areas[0][1]._rules._pid, 9)
    with pytest.raises(UsageError, match="git cannot say"):
        snapshot.look("b")


# --- names that are no text


def test_a_folders_name_becomes_printable_text(tmp_path):
    """The name of a folder may hold any byte; what services are named after it is text one can print."""
    folder = os.fsencode(tmp_path) + b"/b\xff\x1bc\n"
    Path(os.fsdecode(folder)).mkdir()
    assert open_repository(os.fsdecode(folder)).repository.name == "b\ufffd\ufffdc\ufffd"


def test_a_branch_name_that_is_no_utf8_is_read(repo):
    """git takes any bytes in a branch's name."""
    repo.write({"a": "1"})
    repo.git("symbolic-ref", "HEAD", os.fsdecode(b"refs/heads/b\xff"))
    assert open_repository(str(repo.path)).repository.branch == "b\ufffd"


def test_a_node_is_what_lies_there_itself(repo):
    """Links are links, and what git ignores is not there, whether it is on disk or not."""
    repo.write({"a/x": "1", ".gitignore": "dist/\n", "dist/y": "1"})
    (repo.path / "link").symlink_to("a")
    snapshot = open_repository(str(repo.path))
    assert snapshot.node("link").kind == "symlink"
    assert snapshot.node("a").kind == "directory"
    assert (snapshot.node("dist/y").why, snapshot.node("dist/y").detail) == ("ignored", ".gitignore:1:dist/")
    assert (snapshot.node("dist/z").why, snapshot.node("dist/z").detail) == ("missing", ".gitignore:1:dist/")
    assert snapshot.node("dust").detail == ""


@pytest.mark.thorough
def test_a_large_directory_is_judged_together(repo):
    """Git is asked about many paths at once, and neither side waits for the other, however long its answers are."""
    long = "x" * 9000
    repo.write({".gitignore": f"*{long}*\n[a]{'[a-z]' * 2000}*\n*.log\n"})
    for number in range(2000):
        (repo.path / f"{number:04}-{'n' * 200}.{'log' if number % 2 else 'py'}").touch()
    snapshot = open_repository(str(repo.path))
    assert len(snapshot.entries()) == 1001
    gone = snapshot.left_out()
    assert len(gone) == 1000
    assert {node.detail for node in gone} == {".gitignore:3:*.log"}


@pytest.mark.thorough
def test_long_rules_do_not_block(repo):
    """The answer repeats the rule for each path: a megabyte for a few hundred of them."""
    rule = "".join(f"[{character}{character.upper()}]" for character in "abc") + "*" * 5000
    repo.write({".gitignore": rule + "\n"})
    for number in range(400):
        (repo.path / f"abc{number}").touch()
    assert {node.detail for node in open_repository(str(repo.path)).left_out()} == {f".gitignore:1:{rule}"}
