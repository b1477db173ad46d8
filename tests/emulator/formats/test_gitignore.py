"""Patterns in git's syntax, held against git itself."""

import itertools

import pytest

from emulator.formats.gitignore import Upload, is_uploaded
from emulator.model.plan import UploadRule
from tests.emulator.edge.git_repositories import Repo

FILES = (
    "a", "b", "ab", "dist/x", "dist/a/b", "src/dist/x", "src/dist", "src/a/b/c", "src/a/c", "a.log", "src/b.log", "x y",
    "end ", "!bang", "#hash", "[set]", "a*", "a1", "aB", "a-", "a]", "deep/1/2/3/a", "back\\slash", ".env",
)  # fmt: skip

PATTERNS = (
    ("a",), ("/a",), ("dist",), ("dist/",), ("/dist/",), ("src/dist",), ("src/dist/",), ("*.log",), ("/*.log",),
    ("src/*",), ("src/**",), ("**/a",), ("**/dist/x",), ("src/**/c",), ("src/**c",), ("**",), ("/**",), ("*",),
    ("*", "!a"), ("*", "!/dist/", "!/dist/x"), ("dist", "!dist/x"), ("/src/*", "!/src/a"), ("x y",), ("x\\ y",),
    ("end ",), ("end\\ ",), ("a   ",), ("\\!bang",), ("!bang",), ("\\#hash",), ("#hash",), ("[set]",), ("\\[set]",),
    ("a[0-9]",), ("a[!0-9]",), ("a[^0-9]",), ("a[]]",), ("a[]-]",), ("a[-]",), ("a[[:upper:]]",), ("a[[:alnum:]]",),
    ("a[[:none:]]",), ("a[1",), ("a\\*",), ("a\\",), ("?",), ("a?",), ("src?a",), ("src[!x]a",), ("/",), ("",), ("!",),
    ("back\\\\slash",), ("**/",), ("dist/**/",), ("a**",), ("./a",), ("src//a",), ("*/a",), ("/*/a",), ("***",),
    ("deep/**/3",), ("deep/*/3",), ("deep/**/2/**/a",), ("a", "!a", "a"), ("a]",), ("a[0-]",), ("a[\\]]",),
    ("a[+-9]1",),
)  # fmt: skip


def test_every_pattern_leaves_out_what_git_leaves_out(tmp_path):
    """The same files one by one, none of them in the index; git's answer is that of its own ignore file."""
    repo = Repo(tmp_path).init()
    files = [file for file in FILES if not any(other.startswith(file + "/") for other in FILES)]
    repo.write(dict.fromkeys(files, ""))
    for lines in PATTERNS:
        repo.write({".git/info/exclude": "".join(f"{line}\n" for line in lines)})
        kept = repo.listed("--others", "--exclude-standard")
        upload = Upload([UploadRule(pattern=line, written=line) for line in lines])
        assert {file for file in files if is_uploaded(file, upload)} == kept, lines


@pytest.mark.parametrize("is_directory", [True, False])
def test_a_pattern_for_directories_is_none_for_files(is_directory):
    """A path that is a directory is asked as one."""
    upload = Upload([UploadRule(pattern="dist/", written="dist/")])
    assert (upload.left_out_by("dist", is_directory=is_directory) is not None) is is_directory


def test_a_rule_of_a_directory_answers_for_all_below_it():
    """In whichever order it is asked."""
    rule = UploadRule(pattern="/a/", written="a/")
    for paths in itertools.permutations(("a/b/c", "a/b", "a/b/d")):
        upload = Upload([rule, UploadRule(pattern="!/a/b/c", written="!a/b/c")])
        assert [upload.left_out_by(path, is_directory=path == "a/b") for path in paths] == [rule] * 3
