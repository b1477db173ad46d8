"""Whether a file is an archive, which ADD unpacks: by its first bytes, as BuildKit looks at it (file/unpack.go)."""

from collections.abc import Callable

from .context import Context
from .tree import File

_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_SKIPPABLE = bytes(range(0x50, 0x60))
_BLOCK = 512


def archive_test(context: Context) -> Callable[[File], bool | None]:
    """A test for files of `context`. It says None where it cannot tell, and never True."""

    def is_archive(file: File) -> bool | None:
        if file.made.by == "instruction":
            return False  # a here-document, which is copied as it is
        inside = file.made.path if context.directory == "." else file.made.path.removeprefix(context.directory + "/")
        data = context.read(inside)
        return None if data is None or may_be_archive(data) else False

    return is_archive


def may_be_archive(data: bytes) -> bool:
    """Whether the bytes begin as a compressed file or as a tar's header."""
    if data.startswith(_COMPRESSED) or (data[1:4] == b"\x2a\x4d\x18" and data[:1] in _SKIPPABLE):
        return True
    head = data[:_BLOCK]
    if len(head) < _BLOCK:
        return False
    # A header's sum counts its own field as blanks; a text file has no octal number there.
    field = head[148:156].strip(b" \0")
    return not field or (field.isdigit() and int(field, 8 if not set(field) & set(b"89") else 10) > 0)
