"""What reaches BuildKit, first as we prepare it, then as a real build sees it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.edge.context import Generated, prepare_context
from emulator.edge.disk import open_repository
from emulator.model.diagnostic import HostError
from emulator.model.plan import UploadRule
from tests.emulator.edge.git_repositories import Repo

FROM_SCRATCH = "FROM scratch\nCOPY . /\n"


def prepared(repo: Repo, view: str = "worktree", *, context: str = ".", dockerfile: str | Generated = "Dockerfile"):
    return prepare_context(open_repository(str(repo.path), snapshot=view), context=context, dockerfile=dockerfile)


def ignore_lines(dockerfile: str) -> list[str]:
    return Path(dockerfile + ".dockerignore").read_text().splitlines()


def files_below(directory: str | Path) -> set[str]:
    """Files and links below `directory`, relative to it."""
    return {
        str((Path(parent) / name).relative_to(directory))
        for parent, directories, files in os.walk(directory)
        for name in [*files, *directories]
        if name in files or (Path(parent) / name).is_symlink()
    }


# --- from the disk


def test_the_context_is_the_folder_itself(repo):
    """No tree is copied; the Dockerfile and its ignore file lie elsewhere and are gone afterwards."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".gitignore": ".env\n", ".env": "1", "app.py": "1"})
    with prepared(repo) as context:
        assert context.directory == str(repo.path)
        assert not context.dockerfile.startswith(str(repo.path))
        assert Path(context.dockerfile).read_text() == FROM_SCRATCH
        assert ignore_lines(context.dockerfile) == [".env", ".git"]
        assert context.notes == ()
    assert not Path(context.dockerfile).exists()


@pytest.mark.parametrize("own", [True, False])
def test_the_users_ignore_file_comes_first(repo, own):
    """The Dockerfile's own ignore file wins over the context's, as in BuildKit."""
    repo.write({"app/Dockerfile": FROM_SCRATCH, "app/.dockerignore": "docs", "app/.env": "1", ".gitignore": ".env"})
    if own:
        repo.write({"app/Dockerfile.dockerignore": "*\n!src"})
    with prepared(repo, context="app", dockerfile="app/Dockerfile") as context:
        expected = ["*", "!src", ".env"] if own else ["docs", ".env"]
        assert ignore_lines(context.dockerfile) == expected


def test_an_ignored_ignore_file_does_not_count(repo):
    """The platform does not have it either, so what it would leave out is sent there."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".dockerignore": "docs\n", ".gitignore": ".dockerignore\n"})
    with prepared(repo) as context:
        assert ignore_lines(context.dockerfile) == [".dockerignore", ".git"]


def test_directories_that_git_does_not_have_are_left_out(repo):
    """An empty directory here would let a COPY pass that fails there."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".gitignore": "*.log\n", "a/logs/x.log": "1", "a/app.py": "1"})
    (repo.path / "a/empty/deep").mkdir(parents=True)
    with prepared(repo, context="a") as context:
        assert ignore_lines(context.dockerfile) == ["empty", "logs"]


def test_a_tracked_file_stays_although_a_rule_matches_it(repo):
    """Only its neighbours go."""
    repo.write({"Dockerfile": FROM_SCRATCH, "dist/app.js": "1", "dist/old/x": "1", "dist/y": "1"})
    repo.git("add", "-f", "dist/app.js")
    repo.write({".gitignore": "dist/\n"})
    with prepared(repo) as context:
        assert ignore_lines(context.dockerfile) == [".git", "dist/old", "dist/y"]


def test_a_generated_dockerfile_ignores_the_users_dockerignore(repo):
    """A native build knows nothing of Docker; git's rules count as ever."""
    repo.write({".dockerignore": "*\n", ".gitignore": ".env\n", ".env": "1"})
    with prepared(repo, dockerfile=Generated(text=FROM_SCRATCH, ignore="docs\n")) as context:
        assert ignore_lines(context.dockerfile) == ["docs", ".env", ".git"]
        assert Path(context.dockerfile).read_text() == FROM_SCRATCH


def test_a_name_no_ignore_file_can_hold_makes_a_copy(repo):
    """Then only what git has is copied, and the user is told why."""
    repo.write({"Dockerfile": FROM_SCRATCH, "kept": "1", "gone\nx": "1", ".gitignore": "gone*\n"})
    os.link(repo.path / "kept", repo.path / "linked")
    (repo.path / "link").symlink_to("kept")
    with prepared(repo) as context:
        assert files_below(context.directory) == {"Dockerfile", "kept", "linked", "link", ".gitignore"}
        assert (Path(context.directory) / "kept").stat().st_nlink == 1
        assert (Path(context.directory) / "kept").stat().st_mtime_ns == (repo.path / "kept").stat().st_mtime_ns
        assert "gone\\nx" in context.notes[0]


def test_a_folder_without_git_is_sent_whole(tmp_path):
    """Apart from repositories that lie in it."""
    folder = Repo(tmp_path / "plain").write({"Dockerfile": FROM_SCRATCH, ".dockerignore": "docs"})
    with prepared(folder) as context:
        assert ignore_lines(context.dockerfile) == ["docs", "**/.git"]


def test_a_directory_whose_files_were_deleted_is_left_out(repo):
    """Only what git ignores still lies in it."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".gitignore": "*.log\n", "d/app.py": "1", "d/x.log": "1"}).commit()
    (repo.path / "d/app.py").unlink()
    with prepared(repo) as context:
        assert ignore_lines(context.dockerfile) == [".git", "d"]


@pytest.mark.parametrize("view", ["worktree", "index"])
@pytest.mark.parametrize("context", ["..", "out", "missing", "Dockerfile", "empty"])
def test_no_context_outside_the_repository(repo, tmp_path, view, context):
    """Neither by dots nor through a link, and none that is no directory there."""
    (tmp_path / "secret").mkdir()
    (repo.path / "out").symlink_to("../secret")
    (repo.path / "empty").mkdir()
    repo.write({"Dockerfile": FROM_SCRATCH}).commit()
    with pytest.raises(HostError) as problem, prepared(repo, view, context=context):
        pass
    assert (problem.value.diagnostic.code, problem.value.exit_code) == ("build/no-context", 1)


def test_no_dockerfile_outside_the_repository(repo, tmp_path):
    """A link to a file of this machine is not read."""
    (tmp_path / "Dockerfile").write_text(FROM_SCRATCH)
    (repo.path / "Dockerfile").symlink_to("../Dockerfile")
    with pytest.raises(HostError, match="no file 'Dockerfile'"), prepared(repo):
        pass


def test_a_context_through_a_link_inside_is_the_real_folder(repo):
    """BuildKit would refuse a link."""
    repo.write({"Dockerfile": FROM_SCRATCH, "app/x": "1"})
    (repo.path / "current").symlink_to("app")
    with prepared(repo, context="current") as context:
        assert context.directory == str(repo.path / "app")


# --- from the index and from commits


def test_a_commit_is_checked_out_beside_the_users_tree(repo):
    """Its content, not the disk's; export-ignored files too."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".gitattributes": "docs export-ignore\n", "docs/x": "1", "a": "old"})
    (repo.path / "run.sh").write_text("")
    (repo.path / "run.sh").chmod(0o700)
    (repo.path / "link").symlink_to("a")
    repo.commit()
    repo.write({"a": "new", "untracked": "1"})
    before = repo.fingerprint()
    with prepared(repo, "HEAD") as context:
        assert files_below(context.directory) == {"Dockerfile", ".gitattributes", "docs/x", "a", "run.sh", "link"}
        assert (Path(context.directory) / "a").read_text() == "old"
        assert (Path(context.directory) / "run.sh").stat().st_mode & 0o777 == 0o755
        assert (Path(context.directory) / "a").stat().st_mode & 0o777 == 0o644
    assert repo.fingerprint() == before
    assert (repo.path / "a").read_text() == "new"


def test_the_index_is_checked_out(repo):
    """What was staged, and not what was only announced."""
    repo.write({"Dockerfile": FROM_SCRATCH, "a": "1"}).commit()
    repo.write({"a": "2", "new": "1", "announced": "1"})
    repo.git("add", "a", "new")
    repo.git("add", "-N", "announced")
    repo.write({"a": "3"})
    before = repo.fingerprint()
    with prepared(repo, "index") as context:
        assert files_below(context.directory) == {"Dockerfile", "a", "new"}
        assert (Path(context.directory) / "a").read_text() == "2"
    assert repo.fingerprint() == before


def test_no_filter_runs_and_line_endings_follow_the_attributes(repo, tmp_path, monkeypatch):
    """An LFS pointer stays one; eol=crlf holds in every clone, core.autocrlf only in the user's."""
    repo.write(
        {".gitattributes": "*.bin filter=lfs\n*.bat eol=crlf\n", "m.bin": "pointer\n", "x.bat": "a\n", "y": "b\n"}
    )
    repo.write({"Dockerfile": FROM_SCRATCH}).commit()
    repo.git("config", "filter.lfs.smudge", f"touch {tmp_path}/ran; cat")
    repo.git("config", "filter.lfs.process", f"touch {tmp_path}/ran")
    repo.git("config", "filter.lfs.required", "true")
    Repo(tmp_path).write({"gitconfig": "[core]\n\tautocrlf = true\n", "config/git/attributes": "y eol=crlf\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    repo.git("config", "core.autocrlf", "true")
    repo.git("config", "core.hooksPath", str(tmp_path))
    with prepared(repo, "HEAD") as context:
        content = {name: (Path(context.directory) / name).read_bytes() for name in ("m.bin", "x.bat", "y")}
    assert content == {"m.bin": b"pointer\n", "x.bat": b"a\r\n", "y": b"b\n"}
    assert not (tmp_path / "ran").exists()


def test_only_what_changed_is_written_again(repo):
    """The same files keep their times, so BuildKit is not sent them again."""
    repo.write({"Dockerfile": FROM_SCRATCH, "same": "1", "changed": "1", "gone/deep/x": "1", "turned/x": "1"})
    first = repo.commit()
    (repo.path / "gone/deep/x").unlink()
    (repo.path / "turned/x").unlink()
    (repo.path / "turned").rmdir()
    repo.write({"changed": "2", "new/x": "1", "turned": "a file now"}).commit()
    with prepared(repo, first) as context:
        place = Path(context.directory)
        inode = {name: (place / name).stat().st_ino for name in ("same", "changed")}
        times = {name: (place / name).stat().st_mtime_ns for name in ("same", "changed")}
    with prepared(repo, "HEAD") as context:
        assert Path(context.directory) == place
        assert files_below(place) == {"Dockerfile", "same", "changed", "new/x", "turned"}
        assert not (place / "gone").exists()
        assert ((place / "same").stat().st_ino, (place / "same").stat().st_mtime_ns) == (inode["same"], times["same"])
        assert (place / "changed").read_text() == "2"
    with prepared(repo, first) as context:
        assert files_below(place) == {"Dockerfile", "same", "changed", "gone/deep/x", "turned/x"}


def test_a_cached_file_that_was_changed_is_written_again(repo):
    """The cache is never trusted further than git trusts a work tree."""
    repo.write({"Dockerfile": FROM_SCRATCH, "a": "1"}).commit()
    with prepared(repo, "HEAD") as context:
        (Path(context.directory) / "a").write_text("tampered")
    with prepared(repo, "HEAD") as context:
        assert (Path(context.directory) / "a").read_text() == "1"


def test_two_runs_at_once_do_not_share_a_tree(repo):
    """Each builds its own commit."""
    repo.write({"Dockerfile": FROM_SCRATCH, "a": "1"}).commit()
    repo.write({"a": "2"}).commit()
    with prepared(repo, "HEAD~1") as old, prepared(repo, "HEAD") as new:
        texts = [(Path(context.directory) / "a").read_text() for context in (old, new)]
    assert texts == ["1", "2"]


def test_a_run_that_was_killed_leaves_nothing_behind(repo):
    """kill -9 in the middle: its lock is free, its half-written tree is made anew, its Dockerfile gone."""
    repo.write({"Dockerfile": FROM_SCRATCH, "a": "1"}).commit()
    script = (
        "import os, signal, sys\n"
        "from emulator.edge import checkout, context\nfrom emulator.edge.disk import open_repository\n"
        "from pathlib import Path\n"
        "def stray(source, slot):\n"
        "    checkout.check_out(source, slot)\n"
        "    Path(slot, 'tree', 'stray').touch(); Path(slot, 'unfinished').touch()\n"
        "    Path(slot, 'build', 'litter').touch(); Path(slot, 'git', 'index.lock').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "context.check_out = stray\n"
        "snapshot = open_repository(sys.argv[1], snapshot='HEAD')\n"
        "with context.prepare_context(snapshot, context='.', dockerfile='Dockerfile'): pass\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(repo.path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with prepared(repo, "HEAD") as context:
        assert Path(context.directory).parent.name == "0"
        assert files_below(context.directory) == {"Dockerfile", "a"}
        assert files_below(Path(context.dockerfile).parent) == {"Dockerfile", "Dockerfile.dockerignore"}


def test_a_cache_that_cannot_be_written_is_told(repo, tmp_path, monkeypatch):
    """The machine's fault, with what to do."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    repo.write({"Dockerfile": FROM_SCRATCH})
    with pytest.raises(HostError) as problem, prepared(repo):
        pass
    assert (problem.value.diagnostic.code, problem.value.exit_code) == ("host/cache", 3)


def test_an_error_of_the_build_is_not_taken_for_one_of_the_cache(repo):
    """What goes wrong while the context is in use is the user's of it."""
    repo.write({"Dockerfile": FROM_SCRATCH})
    with pytest.raises(FileNotFoundError), prepared(repo):
        raise FileNotFoundError


def test_a_sha256_repository_is_checked_out(tmp_path):
    """Our own git directory speaks the same format."""
    repo = Repo(tmp_path / "long").init("--object-format=sha256").write({"Dockerfile": FROM_SCRATCH, "d/a": "1"})
    repo.commit()
    for view in ("index", "HEAD"):
        with prepared(repo, view) as context:
            assert files_below(context.directory) == {"Dockerfile", "d/a"}


# --- the real builder


def built(repo: Repo, view: str, to: Path, *, context: str = ".") -> set[str]:
    """What `COPY . /` of a real build finds."""
    with prepared(repo, view, context=context) as ready:
        command = ["docker", "buildx", "build", "--quiet", "--output", f"type=local,dest={to}"]
        done = subprocess.run(
            [*command, "-f", ready.dockerfile, ready.directory],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return files_below(to)


ODD = [
    "a b",
    " lead",
    "trail ",
    "#hash",
    "!bang",
    "*",
    "[x]",
    "?",
    "back\\slash",
    "ü",
    "^",
    "tab\t",
    "nb\u00a0",
    "a.b+(c)|{d}$",
]


def odd_repo(repo: Repo) -> Repo:
    """Kept and ignored files of every odd name, at the top and below, beside names they must not match."""
    ignored = {f"out {i}/{name}": "1" for i, name in enumerate(ODD)}
    repo.write({f"kept/{name}": "1" for name in ODD} | ignored)
    repo.write({"mixed/" + name: "1" for name in ODD} | {"mixed/x": "1", "mixed/lead": "1", "mixed/trail": "1"})
    repo.write(dict.fromkeys(("#hash", "!bang", " lead", "trail ", "*"), "1") | {"hash": "1", "bang": "1"})
    rules = [f"/mixed/{_rule(name)}" for name in ODD] + [
        f"/{_rule(name)}" for name in ("#hash", "!bang", " lead", "trail ", "*")
    ]
    repo.write({".gitignore": "\n".join([*rules, "/out*/", "__pycache__/", "*.log", ""])})
    repo.write({f"pkg{i}/__pycache__/m.pyc": "1" for i in range(10)} | {f"pkg{i}/m.py": "1" for i in range(10)})
    repo.write({"logs/only.log": "1", "tracked.log": "1", "docs/manual.md": "1", "docs/keep.md": "1"})
    repo.git("add", "-f", "tracked.log")
    repo.write({"Dockerfile": FROM_SCRATCH, ".dockerignore": "docs\n!docs/keep.md\n!**/*.log\n!.git\n"})
    (repo.path / "empty/deep").mkdir(parents=True)
    (repo.path / "link").symlink_to("kept")
    (repo.path / "dangling").symlink_to("/nowhere")
    return repo


def _rule(name: str) -> str:
    """`name` as a .gitignore pattern."""
    return "".join(f"\\{c}" if c in "\\*?[]#! \t" else c for c in name)


@pytest.mark.docker
@pytest.mark.parametrize("view", ["worktree", "index", "HEAD"])
def test_a_build_sees_exactly_gits_files(repo, tmp_path, view):
    """`COPY . /` finds, path for path, what git has, less what the user's .dockerignore leaves out."""
    odd_repo(repo)
    if view == "worktree":
        repo.write({"pkg0/untracked.py": "1"})
        expected = repo.listed("--cached", "--others", "--exclude-standard")
    else:
        repo.commit()
        repo.write({"pkg0/untracked.py": "1", "pkg1/__pycache__/n.pyc": "1"})
        expected = repo.listed("--cached")
    assert built(repo, view, tmp_path / "built") == expected - {"docs/manual.md"}
    directories = {path.name for path in (tmp_path / "built").rglob("*") if path.is_dir()}
    assert not directories & {"logs", "empty", ".git", "__pycache__"}


@pytest.mark.docker
def test_a_build_from_a_copy_sees_exactly_gits_files(repo, tmp_path):
    """Where a name makes a copy necessary the result is the same."""
    odd_repo(repo).write({"line\nbreak.log": "1"})
    expected = repo.listed("--cached", "--others", "--exclude-standard")
    assert built(repo, "worktree", tmp_path / "built") == expected - {"docs/manual.md"}


@pytest.mark.docker
@pytest.mark.parametrize("registered", [True, False])
def test_a_build_sees_a_submodule_only_if_a_clone_could_fetch_it(repo, tmp_path, registered):
    """A fetched submodule is sent by its own rules and without its .git; a nested repository is not."""
    library = Repo(tmp_path / "library").init().write({"lib.py": "1", ".gitignore": "*.o\n"})
    library.commit()
    arguments = ["submodule", "--quiet", "add"] if registered else ["clone", "-q"]
    repo.git(*arguments, str(library.path), "lib")
    repo.write({"Dockerfile": FROM_SCRATCH, "lib/x.o": "1", "lib/new.py": "1"})
    expected = {".gitmodules", "lib/.gitignore", "lib/lib.py", "lib/new.py"} if registered else set()
    assert built(repo, "worktree", tmp_path / "built") == expected | {"Dockerfile"}


@pytest.mark.docker
def test_a_build_of_a_subdirectory_sees_that_alone(repo, tmp_path):
    """Rules above it count, files above it are not sent."""
    odd_repo(repo)
    repo.write({"svc/Dockerfile": FROM_SCRATCH, "svc/a.py": "1", "svc/x.log": "1"})
    assert built(repo, "worktree", tmp_path / "built", context="svc") == {"Dockerfile", "a.py"}


def test_an_upload_chooses_in_place_of_git(repo):
    """What git ignores comes along, what git has and a rule names does not, and an exception of the ignore file for
    Docker brings nothing back; of a commit only what it has."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".gitignore": "dist\n", "dist/x": "1", "docs/a": "1", "a.py": "1"})
    repo.write({".dockerignore": "a.py\n!docs\n"})
    repo.commit()
    rules = [UploadRule(pattern="/docs/", written="docs/")]
    lines = {}
    for view in ("worktree", "HEAD"):
        with prepare_context(
            open_repository(str(repo.path), snapshot=view), context=".", dockerfile="Dockerfile", upload_rules=rules
        ) as context:
            lines[view] = ignore_lines(context.dockerfile)
            assert (Path(context.directory) / "dist/x").exists() is (view == "worktree")
    assert lines["worktree"] == ["a.py", "!docs", ".git", "docs"]
    assert lines["HEAD"] == ["a.py", "!docs", "docs"]


def test_an_ignore_file_that_is_not_uploaded_does_not_count(repo):
    """Docker does not find it there."""
    repo.write({"Dockerfile": FROM_SCRATCH, ".dockerignore": "a\n", "a": "1"})
    view = open_repository(str(repo.path))
    rules = [UploadRule(pattern=".dockerignore", written=".dockerignore")]
    with prepare_context(view, context=".", dockerfile="Dockerfile", upload_rules=rules) as context:
        assert ignore_lines(context.dockerfile) == [".dockerignore", ".git"]
    rules = [UploadRule(pattern="Dockerfile", written="Dockerfile")]
    with pytest.raises(HostError, match="no file 'Dockerfile'"):
        prepare_context(view, context=".", dockerfile="Dockerfile", upload_rules=rules).__enter__()
