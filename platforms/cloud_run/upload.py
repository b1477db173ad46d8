"""Which files `gcloud run deploy --source` uploads: what .gcloudignore, or the rules that gcloud makes up, leave.

gcloud reads patterns by a matcher of its own, which is not git's: "a/b" matches at any depth, "*" only in the root,
"foo/**" foo itself, and a backslash saves no wildcard. Each line is said anew in git's syntax, where it is one or a
few patterns.
"""

import re
from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Fault, error, info
from emulator.model.origin import Origin
from emulator.model.plan import UploadRule
from emulator.snapshot import Snapshot, Unreadable

from . import rules
from .given import Given

IGNORE_FILE, GIT_IGNORE_FILE = ".gcloudignore", ".gitignore"
_GENERATED = (IGNORE_FILE, ".git", GIT_IGNORE_FILE)
_INCLUDE = "!include:"
_BUILD_FILES = ("cloudbuild.yaml", "cloudbuild.yml")
_OF_TRIGGERS = re.compile(r"\$\{?(?:REPO_NAME|COMMIT_SHA|REVISION_ID|SHORT_SHA|BRANCH_NAME|TAG_NAME)\b")


class _NotIncluded(Exception):
    """gcloud refuses the include line."""

    def __init__(self, message: str, origin: Origin) -> None:
        super().__init__(message)
        self.diagnostic = error(
            "cloud-run/gcloudignore-include", message, origin=origin, rule=rules.UPLOAD_SET.id,
            url=rules.UPLOAD_SET.url, help="name a file that lies beside .gcloudignore, with nothing behind its name",
        )  # fmt: skip


def upload_rules(given: Given) -> tuple[UploadRule, ...] | None:
    """What the upload leaves out; None where that is not known, which is said."""
    repo, id_ = given.repo, f"{given.name}.upload"
    question = "Which files are uploaded?"
    if not given.inputs.options.get("gcloud") and (place := _made_for_a_trigger(repo)) is not None:
        because = f"{place.file} uses what only a trigger sets: it builds a clone"
        given.trace.note(id_, question, "those that git has", because, rule=rules.TRIGGER_SET, origin=place)
        return None
    look = repo.look(IGNORE_FILE)
    if look.is_file:
        try:
            read = tuple(_rules(repo, IGNORE_FILE))
        except Unreadable as problem:
            given.found.append(_unread(given, problem.message, Origin(file=IGNORE_FILE, line=problem.line)))
            return None
        except _NotIncluded as refused:
            given.found.append(refused.diagnostic)
            return None
        given.trace.note(
            id_, question, f"all of this disk but what {IGNORE_FILE} leaves out", f"{IGNORE_FILE} is there",
            rule=rules.UPLOAD_SET, origin=Origin(file=IGNORE_FILE),
        )  # fmt: skip
        return read
    if look.why == "ignored":
        given.found.append(_unread(given, f"git ignores it ({look.detail}): it is not read here", None))
        return None
    generated: tuple[UploadRule, ...] = ()
    if repo.repository.is_git or repo.is_file(GIT_IGNORE_FILE):
        generated = tuple(UploadRule(pattern=f"**/{name}", written=name) for name in _GENERATED)
        if repo.is_file(GIT_IGNORE_FILE):
            try:
                generated += tuple(_rules(repo, GIT_IGNORE_FILE, includes=False))
            except Unreadable as problem:
                given.found.append(_unread(given, problem.message, Origin(file=GIT_IGNORE_FILE, line=problem.line)))
                return None
    answer = f"all of this disk but git's own files and what the root's {GIT_IGNORE_FILE} leaves out"
    given.trace.note(
        id_, question, answer if generated else "all of this disk", f"there is no {IGNORE_FILE}",
        rule=rules.UPLOAD_SET, origin=Origin(file=GIT_IGNORE_FILE) if repo.is_file(GIT_IGNORE_FILE) else None,
    )  # fmt: skip
    return generated


def _made_for_a_trigger(repo: Snapshot) -> Origin | None:
    """Where the build's own file uses a variable that a trigger sets, and no `gcloud builds submit`."""
    for file in _BUILD_FILES:
        try:
            text = repo.text(file) if repo.is_file(file) else ""
        except Unreadable:
            continue
        found = _OF_TRIGGERS.search(text)
        if found is not None:
            line = text.count("\n", 0, found.start()) + 1
            return Origin(file=file, line=line, end_line=line)
    return None


def _unread(given: Given, fact: str, origin: Origin | None) -> Diagnostic:
    return info(
        "cloud-run/upload-unknown", f"what {IGNORE_FILE} leaves out of the upload is not known",
        origin=origin, facts=(fact,), fault=Fault.GAP, service=given.name, rule=rules.UPLOAD_SET.id,
        url=rules.UPLOAD_SET.url, help="the build gets the files that git does not ignore",
    )  # fmt: skip


def _rules(repo: Snapshot, file: str, *, includes: bool = True) -> Iterator[UploadRule]:
    """The rules of an ignore file, those of a file it includes in their place. Raises Unreadable, _NotIncluded."""
    for number, line in enumerate(repo.text(file).splitlines(), 1):
        origin = Origin(file=file, line=number, end_line=number)
        if not line.startswith("#"):
            for pattern in in_git_syntax(line):
                yield UploadRule(pattern=pattern, written=line.strip(), origin=origin)
        elif includes and line[1:].lstrip().startswith(_INCLUDE):
            name = line.partition(_INCLUDE)[2]
            if "/" in name:
                raise _NotIncluded("May only include files in the same directory.", origin)
            look = repo.look(name)
            if look.why == "ignored":
                raise Unreadable("unreadable", f"{file} includes {name}, which git ignores", line=number)
            if not look.is_file:
                raise _NotIncluded(f"Could not read ignore file [{name}]: there is no such file", origin)
            yield from _rules(repo, name, includes=False)


def in_git_syntax(line: str) -> tuple[str, ...]:
    """What a line means to gcloud, as patterns of git; () where gcloud skips it."""
    exception = "!" if line.startswith("!") else ""
    text = line[len(exception) :]
    folder = "/" if text.endswith("/") else ""
    text = re.sub(r"^((?:\\.|[^\\])*?) +$", r"\1", text[: len(text) - len(folder)], flags=re.DOTALL)
    text = text.replace("\\ ", " ")
    if re.search(r"(?<!\\)\\(\\\\)*$", text):
        return ()
    text = re.sub(r"\\([^\\])", r"\1", text, flags=re.DOTALL).replace("\\\\", "\\")
    if not text:
        return ()
    return tuple(f"{exception}{pattern}{folder}" for pattern in _patterns(text.split("/")))


def _patterns(parts: list[str]) -> list[str]:
    """The patterns of one path of gcloud's; git's stand at the root ("/…") or at any depth ("**/…")."""
    if "" in parts[1:]:
        return []  # nothing is called ""
    said = [part if part == "**" else _name(part) for part in parts]
    rest = "/".join(said[1:])
    if "**" in said:
        path = "/".join(said[1:] if said[0] == "" else said)
        # Stars at the end stand for the directory itself, too.
        above = re.sub(r"(?:(?:^|/)\*\*)+$", "", path)
        return [f"/{path}", *([f"/{above}"] if path.endswith("**") and above and above != path else [])]
    if said[0] == "":
        return [f"/{rest}"] if rest else []
    absorbed = [f"/{rest}"] if said[0] == "*" and rest else []  # a first "*" also stands for no directory at all
    if parts[0] == "*":
        return [*absorbed, "/" + "/".join(said), "/?/" + "/".join(said)]
    return [*absorbed, "**/" + "/".join(said)]


def _name(part: str) -> str:
    """A name's pattern, which is Python's fnmatch to gcloud."""
    said, position = "", 0
    while position < len(part):
        character = part[position]
        position += 1
        if character == "*":
            said += "" if said.endswith("*") and not said.endswith("\\*") else "*"
        elif character == "[":
            end = part.find("]", position + part.startswith("!", position) + 1)
            said += _set(part[position:end]) if end > 0 else "\\["
            position = end + 1 if end > 0 else position
        else:
            said += f"\\{character}" if character == "\\" else character
    return said[:-1] + "\\ " if said.endswith(" ") else said


def _set(inside: str) -> str:
    negated = "!" if inside.startswith("!") else ""
    return "[" + negated + re.sub(r"[\[\]\\^!]", r"\\\g<0>", inside[len(negated) :]) + "]"
