"""What is known of well-known base images without having them: the names in their root directory.

Evidence: inferred, from what distributions keep at their root and from these images being made of them; not read
off each image. The list is that of all of them together, so a name on it may be missing; one that is not on it is
taken not to be there. An image that is not here is wholly unknown.
"""

import re

from emulator.formats.dockerfile.base_images import short_name
from emulator.formats.dockerfile.scope import DEFAULT_PATH

from .interpreters import system_tree
from .tree import ABSENT, Folder, Node, Unknown

_ROOT = (
    "bin", "bin.usr-is-merged", "boot", "dev", "etc", "home", "lib", "lib.usr-is-merged", "lib32", "lib64", "libx32",
    "media", "mnt", "opt", "proc", "root", "run", "sbin", "sbin.usr-is-merged", "srv", "sys", "tmp", "usr", "var",
)  # fmt: skip

PLAIN_ROOTS = frozenset({"python", "node", "debian", "ubuntu", "alpine"})
"""Official images that begin in / and have nothing of their own in it."""


def is_plain(ref: str) -> bool:
    """Whether the image's root directory and its WORKDIR, which is none, are known."""
    # `onbuild` variants bring instructions of their own.
    return short_name(ref) in PLAIN_ROOTS and "onbuild" not in ref


def base_tree(ref: str) -> Folder:
    """What an image's filesystem is known to hold. For `scratch` that is all of it: nothing."""
    if ref == "scratch":
        return Folder()
    if not is_plain(ref):
        return Folder(complete=False)
    names: dict[str, Node] = {name: Unknown(why=f"only {ref} knows") for name in _ROOT}
    version = python_version(ref)
    if version is not None:
        names["usr"] = Folder({"local": system_tree(version)}, complete=False)
        # The rest is as Debian and Alpine make it: nothing of a user's own yet.
        names["root"] = Folder({".local": ABSENT, ".config": ABSENT}, complete=False)
        names |= dict.fromkeys(("home", "media", "mnt", "opt", "srv"), Folder())
    return Folder(names)


_TAG = re.compile(r"(3\.\d+)(?:[.-].*)?")
_OWN_PATHS = {"python": "/usr/local/bin:"}
"""What an image puts before the usual PATH: docker-library/python, `ENV PATH /usr/local/bin:$PATH`."""


def python_version(ref: str) -> str | None:
    """ "3.11" of an official Python image; None for another, and where the tag does not say it."""
    name = ref.partition("@")[0].rpartition("/")[2]
    found = _TAG.fullmatch(name.partition(":")[2])
    return found[1] if short_name(ref) == "python" and found is not None else None


def base_path(ref: str) -> str:
    """PATH as a plain image sets it."""
    return _OWN_PATHS.get(short_name(ref), "") + DEFAULT_PATH
