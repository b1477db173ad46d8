"""Whether a text can name an image: the grammar of distribution's reference package."""

import re

_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}", re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}", re.ASCII)
_MAX = 255


def reference_problem(reference: str) -> str | None:
    """Why Docker would refuse `reference` as an image's name; None when it would not."""
    name, at, digest = reference.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return "what follows @ is not a digest"
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        return "the tag after : is empty" if not tag else "the tag after : is not valid"
    host, path = _parted(head + slash + last)
    if host is not None and not _HOST.fullmatch(host):
        return f"{host} is not a registry's name"
    if _PATH.fullmatch(path.lower()) and path != path.lower():
        return "an image's name has no capital letters"
    if not _PATH.fullmatch(path) or len(path) > _MAX or _IDENTIFIER.fullmatch(reference):
        return "it is not a valid image name"
    return None


def _parted(name: str) -> tuple[str | None, str]:
    """The registry, if the first part looks like one, and the rest."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        return first, rest
    return None, name
