"""A gcloud command as words with their places: typed by the user, in a script, a build file or a workflow."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, Sequence, parse_yaml
from emulator.model.origin import Origin
from emulator.model.record import replace

WORKFLOWS = ".github/workflows"
BUILD_FILES = ("cloudbuild.yaml", "cloudbuild.yml")
_CALL = re.compile(r"\bgcloud(?:\s|\\\n)")
_WRAPPED = re.compile(r"""(["'])(?=gcloud\s)(?!.*\1.*\1)""")
_DEPLOYS = re.compile(r"(?:(?:alpha|beta)\s+)?run\s+(?:deploy|jobs\s+(?:deploy|create))\b")
_ACTION = re.compile(r"google-github-actions/deploy-cloudrun(?:@.*)?")
_ENDS = frozenset((";", "&&", "||", "|", "&", ")", ">", ">>", "2>&1"))
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_UNKNOWN = re.compile(r"\$\{\{|\$[({A-Za-z_]|`")


class Word(NamedTuple):
    """One word of a command. Its value is not known where a shell, a build or a workflow puts another one in."""

    text: str
    origin: Origin

    @property
    def is_known(self) -> bool:
        return not _UNKNOWN.search(self.text)


class Call(NamedTuple):
    """A command that deploys, and where it begins."""

    words: tuple[Word, ...]
    origin: Origin

    @property
    def verbs(self) -> tuple[str, ...]:
        """Its first three words, the release track left out: ("run", "jobs", "execute")."""
        return tuple(word.text for word in self.words if word.text not in ("alpha", "beta"))[:3]

    def __str__(self) -> str:
        return "gcloud " + " ".join(word.text for word in self.words)


def typed(text: str) -> Call:
    """The command of the command line. Raises ValueError where its quotes do not close."""
    place = Origin(file="")
    words = [Word(word, place) for word in shlex.split(text)]
    return Call(tuple(words[1:] if words and words[0].text == "gcloud" else words), place)


def calls_in(text: str, file: str) -> tuple[Call, ...]:
    """The commands that deploy to Cloud Run in a file, in its order: written as a script's line, as the arguments of
    a build's step, or as a step of a workflow that uses Google's action."""
    found = [*_of_script(text, file)]
    if file.endswith((".yaml", ".yml")):
        document = parse_yaml(text, file, dialect=Dialect.YAML_1_1).document
        found += [call for node in _nodes(document) for call in _of_step(node)]
    return tuple(sorted(found, key=lambda call: (call.origin.line, call.origin.column)))


def _of_script(text: str, file: str) -> Iterator[Call]:
    """Lines with `gcloud … run deploy`, joined where a backslash says so."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first = number
        while lines[number].rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
        number += 1
        words = list(_shell_words(lines[first:number], file, first + 1))
        if (call := _call(words)) is not None:
            yield call


def _shell_words(lines: list[str], file: str, first: int) -> Iterator[Word]:
    """The words of one command that stands on these lines."""
    if not _CALL.search("\n".join(lines) + " "):
        return
    lines = _unwrapped(lines)
    for number, line in enumerate(lines):
        text = line.rstrip().removesuffix("\\") if number < len(lines) - 1 else line
        lexer = shlex.shlex(_closed_up(text), posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, "#"
        end = 0
        try:
            for word in lexer:
                begin = _closed_up(text).find(word, end)
                place = Origin(file=file, line=first + number)
                if begin >= 0 and "${{" not in text[:begin]:  # else quotes, or an expression, moved it
                    end = begin + len(word)
                    place = replace(place, column=begin + 1, end_line=place.line, end_column=end)
                yield Word(word, place)
        except ValueError:
            # A quote that closes on a later line: what stands there is not read.
            return


def _unwrapped(lines: list[str]) -> list[str]:
    """A command that is one quoted word of another, on several lines, without those quotes."""
    found = _WRAPPED.search(lines[0])
    if found is None or len(lines) < 2:
        return lines
    before, _, after = lines[-1].rpartition(found[1])
    first = lines[0][: found.start()] + " " + lines[0][found.start() + 1 :]
    return [first, *lines[1:-1], f"{before} {after}" if before or after else lines[-1]]


def _closed_up(text: str) -> str:
    """A workflow's expressions as one word each."""
    return _EXPRESSION.sub(lambda match: "${{" + "".join(match[1].split()) + "}}", text)


def _call(words: list[Word]) -> Call | None:
    """From the word `gcloud` to the end of its command; None where it does not deploy."""
    starts = [at for at, word in enumerate(words) if word.text.rpartition("(")[2] == "gcloud"]
    for start in starts:
        end = next((at for at, word in enumerate(words) if at > start and word.text in _ENDS), len(words))
        inside = [word._replace(text=word.text.removesuffix(";")) for word in words[start + 1 : end]]
        if _DEPLOYS.match(" ".join(word.text for word in inside)):
            return Call(tuple(inside), words[start].origin)
    return None


def _nodes(node: Node | None) -> Iterator[Mapping]:
    """Every mapping of a document."""
    pending = [node]
    while pending:
        here = pending.pop()
        if isinstance(here, Mapping):
            yield here
            pending += [value for _, value in here.pairs]
        elif isinstance(here, Sequence):
            pending += here.items


def _of_step(step: Mapping) -> Iterator[Call]:
    """A step of Cloud Build (`args: [run, deploy, …]`), or of a workflow that uses Google's action."""
    uses, given = step.get("uses"), step.get("with")
    is_action = isinstance(uses, Scalar) and _ACTION.fullmatch(uses.text) is not None
    if is_action and isinstance(uses, Scalar) and isinstance(given, Mapping) and given.get("metadata") is None:
        yield Call(tuple(_of_action(given)), uses.origin)
    args = step.get("args")
    if isinstance(args, Sequence):
        words = [Word(item.text, item.origin) for item in args.items if isinstance(item, Scalar)]
        words = words[1:] if words and words[0].text == "gcloud" else words
        if _DEPLOYS.match(" ".join(word.text for word in words[:4])):
            yield Call(tuple(words), args.origin)


_ACTION_FLAGS = {
    "image": "--image", "source": "--source", "suffix": "--revision-suffix", "tag": "--tag",
    "timeout": "--timeout", "region": "--region", "project_id": "--project",
}  # fmt: skip


def _of_action(given: Mapping) -> Iterator[Word]:
    """What the action's inputs make it call (github.com/google-github-actions/deploy-cloudrun, README)."""
    texts = {key.text: value for key, value in given.pairs if isinstance(value, Scalar) and value.text.strip()}
    job, name = texts.get("job"), texts.get("service") or texts.get("job")
    place = given.origin
    yield from (Word(word, place) for word in (("run", "jobs", "deploy") if job else ("run", "deploy")))
    if name is not None:
        yield Word(name.text, name.origin)
    for key, flag in _ACTION_FLAGS.items():
        if key in texts:
            yield from (Word(flag, texts[key].origin), Word(texts[key].text.strip(), texts[key].origin))
    for key, flag in (("env_vars", "--update-env-vars"), ("secrets", "--update-secrets")):
        if key in texts:
            pairs = [line.strip().rstrip(",") for line in texts[key].text.splitlines() if "=" in line]
            separator = "\x1f"
            value = f"^{separator}^{separator.join(pairs)}" if len(pairs) > 1 else "".join(pairs)
            yield from (Word(flag, texts[key].origin), Word(value, texts[key].origin))
    if "flags" in texts:
        flags = texts["flags"]
        try:
            yield from (Word(word, flags.origin) for word in shlex.split(_closed_up(flags.text.replace("\n", " "))))
        except ValueError:
            return
