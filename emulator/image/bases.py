"""What is known of well-known base images without having them: the names in their root directory.

Evidence: inferred, from what distributions keep at their root and from these images being made of them; not read
off each image. The list is that of all of them together, so a name on it may be missing; one that is not on it is
taken not to be there. An image that is not here is wholly unknown.
"""

from emulator.formats.dockerfile.base_images import short_name

from .tree import Folder, Node, Unknown

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
    return Folder(names)
