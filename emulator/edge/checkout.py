"""Writing the index's or a commit's files into a cache directory, as a fresh clone would have them."""

import os
import shutil
import subprocess
from collections.abc import Callable

from emulator.model.diagnostic import Fault, HostError, error

from .git import ALWAYS, GitFailed, environment, git, last_words
from .trees import Entries, GitTree, listed_entries


def check_out(source: GitTree, slot: str) -> str:
    """The tree's files under `slot`, brought up to date. Returns their directory.

    A git directory of our own borrows the user's objects: neither the user's index nor their
    configuration takes part, so no filter runs and an LFS pointer stays one, while line endings
    and encodings follow .gitattributes as in a fresh clone.
    """
    tree, unfinished = os.path.join(slot, "tree"), os.path.join(slot, "unfinished")
    if os.path.exists(unfinished):
        for part in ("tree", "git"):
            shutil.rmtree(os.path.join(slot, part), ignore_errors=True)
    os.close(os.open(unfinished, os.O_CREAT, 0o600))
    os.makedirs(tree, exist_ok=True)
    try:
        run = _private_git(source, slot)
        wanted = source.files()
        present: Entries = listed_entries(run("ls-files", "-z", "--stage"))
        gone = present.keys() - wanted.keys()
        changed = {name: entry for name, entry in wanted.items() if present.get(name) != entry}
        removals = [b"0 " + b"0" * len(present[name][1]) + b"\t" + name for name in sorted(gone)]
        additions = [mode + b" " + oid + b"\t" + name for name, (mode, oid) in sorted(changed.items())]
        run("update-index", "-z", "--index-info", given=b"".join(line + b"\0" for line in removals + additions))
        for name in gone:
            _remove(os.fsencode(tree), name)
        run("checkout-index", "--all", "--force", "--index", "--quiet")
    except GitFailed as problem:
        raise HostError(
            error(
                "host/checkout-failed",
                f"the files cannot be checked out: {problem.message}",
                fault=Fault.HOST,
                help="fetch what is missing (git fetch --refetch), or repair the repository (git fsck)",
            )
        ) from problem
    os.unlink(unfinished)
    return tree


def _private_git(source: GitTree, slot: str) -> Callable[..., bytes]:
    """A function that runs one git command on the cache's own git directory and index."""
    place = os.path.join(slot, "git")
    objects = os.fsdecode(git(source.place.top, "rev-parse", "--git-path", "objects").removesuffix(b"\n"))
    env = environment(
        {
            "GIT_DIR": place,
            "GIT_WORK_TREE": os.path.join(slot, "tree"),
            "GIT_OBJECT_DIRECTORY": os.path.join(source.place.top, objects),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
        }
    )
    command = ["git", *ALWAYS, "-c", f"core.attributesFile={os.devnull}"]

    def run(*arguments: str, given: bytes = b"") -> bytes:
        # umask: the platform's clone has 0644 and 0755 whatever this user's umask is.
        done = subprocess.run(
            [*command, *arguments], input=given, env=env, cwd=slot, capture_output=True, check=False, umask=0o022
        )
        if done.returncode:
            raise GitFailed(last_words(done.stderr.decode(errors="replace")) or f"git {arguments[0]} failed")
        return done.stdout

    if not os.path.isdir(os.path.join(place, "refs")):
        # Made by hand, as `git init` would write into the borrowed object directory.
        os.makedirs(os.path.join(place, "refs"))
        sha256 = git(source.place.top, "rev-parse", "--show-object-format").strip() == b"sha256"
        config = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n"
        config += "[extensions]\n\tobjectformat = sha256\n" if sha256 else ""
        for name, text in (("config", config), ("HEAD", "ref: refs/heads/none\n")):
            with open(os.path.join(place, name), "w", encoding="utf-8") as out:
                out.write(text)
    return run


def _remove(tree: bytes, name: bytes) -> None:
    """Removes a file that the tree no longer has, and the directories it leaves empty."""
    place = os.path.join(tree, name)
    try:
        if os.path.isdir(place) and not os.path.islink(place):
            os.rmdir(place)  # a submodule's empty directory
        else:
            os.unlink(place)
        while (place := os.path.dirname(place)) != tree:
            os.rmdir(place)
    except OSError:  # gone already, or not empty: then something that stays is in it
        return
