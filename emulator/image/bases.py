"""What is known of well-known base images without having them: the names in their root directory.

Evidence: inferred, from what distributions keep at their root and from these images being made of them; not read
off each image. The list is that of all of them together, so a name on it may be missing; one that is not on it is
taken not to be there. An image that is not here is wholly unknown.
"""

import re

from emulator.formats.dockerfile.base_images import has_busybox, is_distroless, short_name
from emulator.formats.dockerfile.scope import DEFAULT_PATH

from .interpreters import system_tree
from .tree import ABSENT, Folder, Node, Unknown

_ROOT = (
    "bin", "bin.usr-is-merged", "boot", "dev", "etc", "home", "lib", "lib.usr-is-merged", "lib32", "lib64", "libx32",
    "media", "mnt", "opt", "proc", "root", "run", "sbin", "sbin.usr-is-merged", "srv", "sys", "tmp", "usr", "var",
)  # fmt: skip

PLAIN_ROOTS = frozenset({"python", "node", "debian", "ubuntu", "alpine"})
"""Official images that begin in / and have nothing of their own in it."""


_LANGUAGES: dict[str, tuple[str, ...]] = {
    "golang": ("go",), "rust": (), "ruby": (), "elixir": (), "php": (), "composer": ("app", "docker-entrypoint.sh"),
    "maven": ("local", "afs", "lost+found"),
}  # fmt: skip
"""Official images of which the root directory alone is known, with what they add to it: docker-library's golang works
in /go, composer in /app; maven also comes on Amazon's and Oracle's Linux."""


_IN_ROOT = PLAIN_ROOTS | {"maven", "openjdk", "eclipse-temurin", "amazoncorretto", "rust", "ruby", "elixir"}


def begins_in_root(ref: str) -> bool:
    """Whether an official image surely sets no WORKDIR (their own Dockerfiles, read 2026-11)."""
    return short_name(ref) in _IN_ROOT and not re.search(r"onbuild|windows|nanoserver", ref)


def is_plain(ref: str) -> bool:
    """Whether the image's root directory and its WORKDIR, which is none, are known."""
    # `onbuild` variants bring instructions of their own.
    return short_name(ref) in PLAIN_ROOTS and "onbuild" not in ref


def base_tree(ref: str) -> Folder:
    """What an image's filesystem is known to hold. For `scratch` that is all of it: nothing."""
    if ref == "scratch":
        return Folder()
    if is_distroless(ref) and not has_busybox(ref):
        no_shell = Folder({"sh": ABSENT, "bash": ABSENT}, complete=False)
        there: dict[str, Node] = {name: _unknown(ref) for name in (*_ROOT, "nodejs")}
        return Folder(there | {"bin": no_shell})
    own = _LANGUAGES.get(short_name(ref))
    if own is not None and not re.search(r"onbuild|windows|nanoserver", ref):
        return Folder({name: _unknown(ref) for name in (*_ROOT, *own)})
    if not is_plain(ref):
        return Folder(complete=False)
    names: dict[str, Node] = {name: _unknown(ref) for name in _ROOT}
    # The rest is as Debian and Alpine make it: nothing of a user's own yet.
    names["usr"] = Folder({"local": _local(ref), "src": Folder()}, complete=False)
    names["root"] = Folder({".local": ABSENT, ".config": ABSENT}, complete=False)
    names |= dict.fromkeys(("etc", "tmp", "var"), Folder(complete=False))
    names |= dict.fromkeys(("mnt", "opt", "srv"), Folder())
    names["home"] = Folder({"node": _unknown(ref), "ubuntu": _unknown(ref)})
    if short_name(ref) == "node":
        names["opt"] = Folder({f"yarn-v1.22.{patch}": _unknown(ref) for patch in range(30)})
    return Folder(names)


def _unknown(ref: str) -> Unknown:
    return Unknown(why=f"only {ref} knows")


_LOCAL = ("bin", "etc", "games", "include", "lib", "libexec", "man", "sbin", "share", "src")
_OF_NODE = ("CHANGELOG.md", "LICENSE", "README.md")
"""In /usr/local besides: docker-library's node unpacks nodejs.org's archive there."""


def _local(ref: str) -> Folder:
    """/usr/local: what Debian's own layout has (Filesystem Hierarchy Standard, 4.9), and the image's own."""
    names: dict[str, Node] = {name: _unknown(ref) for name in (*_LOCAL, *_OF_NODE)}
    version = python_version(ref)
    return Folder(names | (system_tree(version) if version is not None else {}))


_TAG = r"(3\.\d+)(?:[.-].*)?"
_OWN_PATHS = {"python": "/usr/local/bin:"}
"""What an image puts before the usual PATH: docker-library/python, `ENV PATH /usr/local/bin:$PATH`."""


def python_version(ref: str) -> str | None:
    """ "3.11" of an official Python image; None for another, and where the tag does not say it."""
    name = ref.partition("@")[0].rpartition("/")[2]
    found = re.fullmatch(_TAG, name.partition(":")[2])
    return found[1] if short_name(ref) == "python" and found is not None else None


def base_path(ref: str) -> str:
    """PATH as a plain image sets it."""
    return _OWN_PATHS.get(short_name(ref), "") + DEFAULT_PATH
