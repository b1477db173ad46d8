"""apt's lists of package sources, in both of their forms → the entries they name."""

import re

from emulator.model.record import Record

_POCKETS = re.compile(r"(-updates|-security|-backports|-proposed-updates|-proposed|-backports-sloppy|/updates)$")

_DEB822_NAMES = {"arch": "Architectures", "lang": "Languages", "target": "Targets", "pdiffs": "PDiffs"}


class AptSource(Record, frozen=True, kw_only=True):
    """One entry: where packages come from. `options` are the further fields, by their deb822 names."""

    file: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: dict[str, str] = {}

    @property
    def series(self) -> tuple[str, ...]:
        """The suites without their pocket: "bookworm" for "bookworm-updates"."""
        return tuple(dict.fromkeys(_POCKETS.sub("", suite) for suite in self.suites))

    def stanza(self) -> str:
        """The entry as deb822 text."""
        fields = {
            "Types": "deb",
            "URIs": " ".join(self.uris),
            "Suites": " ".join(self.suites),
            "Components": " ".join(self.components),
            **self.options,
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def parse_apt_sources(file: str, text: str) -> tuple[AptSource, ...]:
    """The entries for binary packages that are switched on. `file` tells the form by its ending: `.sources`
    is deb822, anything else has one entry a line. What cannot be understood is left out, as apt would report it."""
    return _deb822(file, text) if file.endswith(".sources") else _lines(file, text)


def _deb822(file: str, text: str) -> tuple[AptSource, ...]:
    found = []
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for block in re.split(r"\n\s*\n", lines):
        fields: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            if line[:1].isspace() and last:
                fields[last] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                last = name.strip().lower()
                fields[last] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        known = {name: fields.pop(name, "").split() for name in ("types", "uris", "suites", "components", "enabled")}
        if known["uris"] and known["suites"]:
            found.append(
                AptSource(
                    file=file,
                    uris=tuple(known["uris"]),
                    suites=tuple(known["suites"]),
                    components=tuple(known["components"]),
                    options={_title(name): value for name, value in fields.items()},
                )
            )
    return tuple(found)


def _lines(file: str, text: str) -> tuple[AptSource, ...]:
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)", line)
        if not match:
            continue
        options, uri, suite, components = match.groups()
        pairs = (word.split("=", 1) for word in (options or "").split() if "=" in word)
        found.append(
            AptSource(
                file=file,
                uris=(uri,),
                suites=(suite,),
                components=tuple(components.split()),
                options={_title(name): value.replace(",", " ") for name, value in pairs},
            )
        )
    return tuple(found)


def _title(name: str) -> str:
    """An option's name as deb822 writes it: "signed-by" → "Signed-By"."""
    return _DEB822_NAMES.get(name, "-".join(part.capitalize() for part in name.split("-")))
