"""HTML that says what it is given, whatever that is: what is not markup is escaped, and there is no way around it."""

import html

from .style import Style, printable


class Markup(str):
    """Text that is HTML already. Only `element` makes it."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str | bool) -> Markup:
    """`<tag …>content</tag>`, well-formed as XML too. Content that is no Markup is escaped, and so are the values of
    attributes; `class_` is `class`, an attribute of True stands for itself, one of False is left out."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_escaped("" if value is True else value)}"'
        for name, value in attributes.items()
        if value is not False
    )
    inner = "".join(part if isinstance(part, Markup) else _escaped(part) for part in content)
    return Markup(f"<{tag}{given}/>" if tag in _VOID else f"<{tag}{given}>{inner}</{tag}>")


_VOID = ("meta", "br")


def value(text: str, most: int = 1200) -> Markup:
    """What a file or a platform says: set apart from the words around it, whichever way it is written; of a very long
    one the beginning and the end."""
    return element("bdi", Style().short(text, most))


def lines(*parts: Markup) -> Markup:
    """Parts after each other, each on a line of its own."""
    return Markup("\n".join(part for part in parts if part))


def page(title: str, style: str, *body: Markup) -> str:
    """A whole document that needs nothing else, and loads nothing. style: its style sheet, which is ours."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = lines(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )
    document = element("html", element("head", head), "\n", element("body", element("main", lines(*body))), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _escaped(text: str) -> str:
    return html.escape("\n".join(printable(line) for line in text.split("\n")))
