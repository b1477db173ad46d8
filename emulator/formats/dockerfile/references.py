"""Whether a text can name an image: the grammar of distribution's reference package."""

import re

# Compiled where they are used: most runs need one or two of them.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_IDENTIFIER = r"[a-f0-9]{64}"
_MAX = 255


def reference_problem(reference: str) -> str | None:
    """Why Docker would refuse `reference` as an image's name; None when it would not."""
    name, at, digest = reference.partition("@")
    if at and not re.fullmatch(_DIGEST, digest):
        return "what follows @ is not a digest"
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not re.fullmatch(_TAG, tag):
        return "the tag after : is empty" if not tag else "the tag after : is not valid"
    path = _without_registry(head + slash + last)
    if re.fullmatch(_PATH, path.lower()) and path != path.lower():
        return "an image's name has no capital letters"
    if not re.fullmatch(_PATH, path) or len(path) > _MAX or re.fullmatch(_IDENTIFIER, reference):
        return "it is not a valid image name"
    return None


def _without_registry(name: str) -> str:
    """`name` without its first part, if that is a registry's."""
    first, slash, rest = name.partition("/")
    looks_so = "." in first or ":" in first or first == "localhost" or first != first.lower()
    return rest if slash and looks_so and re.fullmatch(_HOST, first) else name
