"""What a simple command does to the filesystem: `effects_of`. A command that is not in these tables may do anything.

Options and rules are those of POSIX's utilities, GNU coreutils and busybox, where they agree; where they do not, the
paths a command names become unknown.
"""

import posixpath
import re
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from .arguments import Arguments, NotSure, place_of
from .effects import (
    Copy,
    Effect,
    Install,
    Link,
    MakeFile,
    MakeFolder,
    Mode,
    Place,
    Remove,
    Rewrite,
    Touch,
    Unknown,
    Venv,
    written,
)
from .programs import program_effects
from .shell import Command, Redirection, Word, sets_variables_alone
from .system_tools import HARMLESS, SYSTEM_TOOLS, users_effects

if TYPE_CHECKING:
    from .packages import PackageStep

ANYTHING = ("/",)


def effects_of(command: Command) -> tuple[Effect, ...]:
    """What the command does if it succeeds, in order, its redirections first."""
    effects: list[Effect] = []
    try:
        redirected = _redirections(command)
    except NotSure as reason:
        redirected = [Unknown(paths=ANYTHING, why=str(reason))]
    effects += redirected
    if not command.words:
        return tuple(effects)
    if (step := _package_step(command)) is not None:
        return (*effects, Install(step=step))
    try:
        effects += _of_command(command)
    except NotSure as reason:
        effects.append(Unknown(paths=_named_paths(command), why=str(reason)))
    return tuple(effects)


_PACKAGE_MANAGERS = ("pip", "uv", "poetry", "pdm", "npm", "yarn", "pnpm")


def _package_step(command: Command) -> "PackageStep | None":
    """The call of a package manager; None for another command. Who reads them is loaded where a word names one."""
    if not any(name in (word.text or "") for word in command.words for name in _PACKAGE_MANAGERS):
        return None
    from .packages import package_step

    return package_step(command)


_ONLY_WHAT_THEY_NAME = {"mkdir", "cp", "mv", "rm", "rmdir", "ln", "touch", "chmod", "tee", "install", "unzip", "curl"}


def _named_paths(command: Command) -> tuple[str, ...]:
    """Below which paths a command may write that could not be told more exactly.

    An argument that is known by its beginning only is taken to stay in that directory: `/src/x-$VERSION` (inferred).
    """
    found: list[str] = []
    if (command.words[0].text or "") not in _ONLY_WHAT_THEY_NAME or command.cwd is None or command.assumed:
        return ANYTHING
    for word in command.words[1:]:
        text = word.text if word.text is not None else word.pattern or word.prefix
        if text.startswith("-") and "/" not in text:
            continue
        if text == "" or text.startswith("-"):
            return ANYTHING
        if word.pattern is not None:
            above = written(Remove(paths=(Place(path=posixpath.join(command.cwd, text), pattern=True),)))[0]
            if ".." in posixpath.join(command.cwd, text).removeprefix(above).split("/"):
                return ANYTHING
            found.append(above)
            continue
        # A ".." stays for the tree, which knows whether it follows a symbolic link.
        path = "/" + "/".join(part for part in posixpath.join(command.cwd, text).split("/") if part not in ("", "."))
        whole = word.text is not None
        found.append(path if whole or text.endswith("/") else posixpath.dirname(path))
    return tuple(dict.fromkeys(found))


def _of_command(command: Command) -> list[Effect]:
    name = command.words[0].text
    if name is None:
        raise NotSure(f"which program {command.words[0].source} is, is not known")
    base = posixpath.basename(name)
    if base in HARMLESS or [word.text for word in command.words[1:]] in (["--version"], ["-V"], ["--help"]):
        return []
    if base in (".", "source") and len(command.words) > 1 and sets_variables_alone(command.words[1].text):
        return []
    if base in _WRAPPERS:
        return _of_command(_unwrapped(command, base))
    if base in SYSTEM_TOOLS:
        return [Unknown(paths=SYSTEM_TOOLS[base], why=f"{base} installs what we do not know", keeps=True)]
    users = users_effects(command, base)
    if users is not None:
        return users
    reader = _READERS.get("python" if re.fullmatch(r"python(\d(\.\d+)?)?", base) else base)
    return reader(Arguments(command, base)) if reader is not None else program_effects(command, base)


_WRAPPERS = {"env", "sudo", "nice", "time", "nohup"}


def _unwrapped(command: Command, wrapper: str) -> Command:
    """The command behind `env A=b`, `sudo` and their like, without options of their own."""
    words = list(command.words[1:])
    while words and wrapper == "env" and "=" in (words[0].text or ""):
        words.pop(0)
    if not words or words[0].text is None or words[0].text.startswith("-"):
        raise NotSure(f"what {wrapper} runs is not known")
    return Command(
        words=tuple(words), line=command.line, cwd=command.cwd, certainty=command.certainty, failure=command.failure,
        environment=command.environment, exported=command.exported, assumed=command.assumed,
        concurrent=command.concurrent,
    )  # fmt: skip


def _redirections(command: Command) -> list[Effect]:
    effects: list[Effect] = []
    for one in command.redirections:
        duplicates = one.operator in ("<&", ">&") and re.fullmatch(r"\d*-?", one.target.text or "-")
        if one.operator in ("<", "<<", "<<<") or duplicates or (one.target.text or "").startswith("/dev/"):
            continue
        place = place_of(one.target, command)
        if place.pattern:
            raise NotSure("a redirection to a pattern")
        content = _output(command) if one.descriptor == 1 and one.operator in (">", ">>", ">|") else None
        if one is not _last_output(command):
            content = None
        effects.append(MakeFile(path=place.path, content=content, append=one.operator in (">>", "&>>", "<>")))
    return effects


def _last_output(command: Command) -> Redirection | None:
    return next((one for one in reversed(command.redirections) if one.descriptor == 1), None)


def _output(command: Command) -> str | None:
    """What a command prints, where that is certain."""
    words = [word.text for word in command.words]
    texts = [text for text in words if text is not None]
    if not texts or len(texts) != len(words):
        return None
    match texts[0]:
        case "echo" if not any("\\" in text for text in texts) and (len(texts) < 2 or not texts[1].startswith("-")):
            return " ".join(texts[1:]) + "\n"
        case "echo" if texts[1:2] == ["-n"] and not any("\\" in text for text in texts):
            return " ".join(texts[2:])
        case "printf" if len(texts) == 2:
            return _printed(texts[1])
        case "printf" if len(texts) > 2 and texts[1] in ("%s", "%s\\n"):
            return "".join(text + ("\n" if texts[1] == "%s\\n" else "") for text in texts[2:])
        case "cat" if len(texts) == 1:
            return next((one.content for one in command.redirections if one.operator == "<<"), None)
        case "true" | ":":
            return ""
    return None


def _printed(format_: str) -> str | None:
    """A format of printf without arguments."""
    if "%" in format_ or re.search(r"\\[^nt\\]", format_) or format_.startswith("-"):
        return None
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], "\\"), format_)


def _mkdir(args: Arguments) -> list[Effect]:
    args.read("pv", values="m", long={"parents": "p", "mode": "m", "verbose": "v"})
    mode = args.values.get("m")
    bits = int(mode.text, 8) if mode and mode.text and re.fullmatch("[0-7]{3,4}", mode.text) else None
    if mode is not None and bits is None:
        raise NotSure("a mode that is not a number")
    return [
        MakeFolder(path=args.path(word), parents="p" in args.flags, mode=bits) for word in args.operands
    ]  # fmt: skip


_COPY_LONG = {
    "recursive": "r", "archive": "a", "force": "f", "verbose": "v", "no-clobber": "n", "target-directory": "t",
    "no-target-directory": "T", "update": "u", "no-dereference": "P", "dereference": "L", "interactive": "i",
}  # fmt: skip


def _cp(args: Arguments) -> list[Effect]:
    args.read("rRafpvPLdTH", values="t", long=_COPY_LONG)
    if "n" in args.flags or "u" in args.flags:
        raise NotSure("which files it copies depends on what is there")
    return [_copy(args, recursive=bool(args.flags & {"r", "R", "a"}), moved=False)]


def _mv(args: Arguments) -> list[Effect]:
    args.read("fvT", values="t", long=_COPY_LONG)
    return [_copy(args, recursive=True, moved=True)]


def _copy(args: Arguments, *, recursive: bool, moved: bool) -> Effect:
    sources = list(args.operands)
    into: bool | None = None
    folder = args.values.get("t")
    if folder is None:
        if len(sources) < 2 or sources[-1].many:
            raise NotSure(f"where {args.name} writes to is not known")
        folder = sources.pop()
        into = False if "T" in args.flags else None
    else:
        into = True
    contents = tuple(index for index, word in enumerate(sources) if _is_contents(word))
    destination = args.path(folder)
    must = (folder.text or "").endswith("/") or len(sources) > 1 or into is True
    return Copy(
        sources=args.places(sources), destination=destination, into=into, recursive=recursive, moved=moved,
        contents=contents, must_be_folder=must,
    )  # fmt: skip


def _is_contents(word: Word) -> bool:
    text = word.text or ""
    return text == "." or text.endswith("/.")


def _rm(args: Arguments) -> list[Effect]:
    args.read("rRfvdi", long={"recursive": "r", "force": "f", "verbose": "v", "dir": "d"})
    recursive = bool(args.flags & {"r", "R"})
    # POSIX, rm: a path whose last part is "." or ".." is not removed.
    places = args.places([word for word in args.operands if not _is_dot(word)])
    return [Remove(paths=places, recursive=recursive, force="f" in args.flags)] if places else []


def _is_dot(word: Word) -> bool:
    return word.pattern is None and posixpath.basename((word.text or "").rstrip("/")) in (".", "..")


def _rmdir(args: Arguments) -> list[Effect]:
    args.read("v")
    return [Remove(paths=args.places(args.operands), recursive=True)]


def _ln(args: Arguments) -> list[Effect]:
    args.read("sfnvT", long={"symbolic": "s", "force": "f", "no-dereference": "n", "verbose": "v"})
    if len(args.operands) not in (1, 2) or any(word.many or word.text is None for word in args.operands):
        raise NotSure("what it links is not known")
    target = args.operands[0].text or ""
    symbolic = "s" in args.flags
    at = args.operands[1] if len(args.operands) == 2 else None
    into = False if "T" in args.flags else None
    if at is None:
        name = posixpath.basename(target.rstrip("/"))
        at, into = Word(text=name, source=name, line=args.command.line), False
    written = target if symbolic else args.path(args.operands[0])
    return [Link(target=written, path=args.path(at), symbolic=symbolic, force="f" in args.flags, into=into)]


def _touch(args: Arguments) -> list[Effect]:
    args.read("am", values="dtr")
    return [Touch(path=args.path(word)) for word in args.operands]


def _chmod(args: Arguments) -> list[Effect]:
    words = list(args.command.words[1:])
    recursive = False
    while words and words[0].text in ("-R", "--recursive", "-v", "-f", "-Rv", "-vR", "-Rf"):
        recursive = recursive or "R" in (words[0].text or "") or words[0].text == "--recursive"
        words.pop(0)
    if not words or words[0].text is None:
        raise NotSure("which mode it sets is not known")
    change = words[0].text
    return [Mode(paths=args.places(words[1:]), change=change, recursive=recursive)]


def _sed(args: Arguments) -> list[Effect]:
    words = list(args.command.words[1:])
    if not any(re.match(r"-[nErsz]*i|--in-place", word.text or "") for word in words):
        return []
    scripts = any((word.text or "") in ("-e", "-f", "--expression") for word in words)
    operands = [word for word in words if not (word.text or "").startswith("-")]
    files = operands[1:] if not scripts else operands
    if any((word.text or "").startswith(("-e", "--expression", "-f")) for word in words):
        raise NotSure("which of its words are files is not read")
    return [Rewrite(paths=args.places(files))] if files else []


def _tee(args: Arguments) -> list[Effect]:
    args.read("ai")
    content = next((one.content for one in args.command.redirections if one.operator == "<<"), None)
    files = [word for word in args.operands if not (word.text or "").startswith("/dev/")]
    return [MakeFile(path=args.path(word), content=content, append="a" in args.flags) for word in files]


def _tar(args: Arguments) -> list[Effect]:
    texts = [word.text for word in args.command.words[1:]]
    known = [text for text in texts if text is not None]
    first = (known[0] if known else "").lstrip("-")
    extracts = "x" in first or "--extract" in known or any(re.fullmatch(r"-[a-zA-Z]*x[a-zA-Z]*", one) for one in known)
    if not extracts or len(known) != len(texts):
        raise NotSure("what tar writes is not known")
    return [Unknown(paths=(_option_path(args, "-C", "--directory"),), why="tar unpacks there", keeps=True)]


def _unzip(args: Arguments) -> list[Effect]:
    return [Unknown(paths=(_option_path(args, "-d"),), why="unzip unpacks there", keeps=True)]


def _option_path(args: Arguments, *options: str) -> str:
    """The directory the last of the options names, else the working directory."""
    words = args.command.words
    found = Word(text=".", source=".", line=args.command.line)
    for word, following in zip(words, words[1:], strict=False):
        if word.text in options:
            found = following
        elif any((word.text or "").startswith(f"{option}=") for option in options):
            found = Word(text=(word.text or "").partition("=")[2], source=word.source, line=word.line)
    return args.path(found)


def _curl(args: Arguments) -> list[Effect]:
    words = args.command.words
    effects: list[Effect] = []
    for word, following in zip(words, (*words[1:], None), strict=True):
        text = word.text or ""
        if re.fullmatch(r"-[a-zA-Z#]*O|--remote-name(-all)?", text):
            effects.append(Unknown(paths=(_option_path(args),), why="curl writes a file there", keeps=True))
        if following is not None and (text == "--output" or re.fullmatch(r"-[a-zA-Z#]*o", text)):
            if (following.text or "") not in ("-", "/dev/null"):
                effects.append(MakeFile(path=args.path(following)))
        elif text.startswith(("--output=", "--output-dir", "-o", "--config", "-K")):
            raise NotSure("where curl writes is not known")
    return effects


def _wget(args: Arguments) -> list[Effect]:
    words = args.command.words
    for word, following in zip(words, (*words[1:], None), strict=True):
        text = word.text or ""
        if re.fullmatch(r"-[a-zA-Z]*O-", text):
            return []
        if following is not None and (text == "--output-document" or re.fullmatch(r"-[a-zA-Z]*O", text)):
            return [] if following.text in ("-", "/dev/null") else [MakeFile(path=args.path(following))]
        if text.startswith("--output-document="):
            return [MakeFile(path=args.path(Word(text=text.partition("=")[2], source=text, line=word.line)))]
    where = _option_path(args, "-P", "--directory-prefix")
    return [Unknown(paths=(where,), why="wget writes a file there", keeps=True)]


_LEFTOVERS = {
    "*.pyc",
    "*.pyo",
    "*~",
    "__pycache__",
    "test",
    "tests",
    "idle_test",
    "*.a",
    "*.o",
    "*.map",
    ".git",
    "*.md",
}
"""Names that `find … -delete` cleans up, and that nothing needs to run (inferred)."""


def _find(args: Arguments) -> list[Effect]:
    words = args.command.words[1:]
    texts = [word.text for word in words]
    acts = [index for index, text in enumerate(texts) if text in ("-exec", "-execdir", "-ok")]
    runs = [texts[index + 1] if index + 1 < len(texts) else None for index in acts]
    if "-delete" not in texts and not acts:
        return []
    if any(run not in ("rm", "chmod", "chown", "sed", "touch", "strip", "rmdir") for run in runs):
        raise NotSure("what find runs is not read")
    named = [following for text, following in pairwise(texts) if text == "-name"]
    if named and all(one in _LEFTOVERS for one in named):
        return []
    starts = []
    for word in words:
        if (word.text or "").startswith(("-", "(", "!")):
            break
        starts.append(args.path(word))
    return [Unknown(paths=tuple(starts) or (_option_path(args),), why="find changes what it finds there")]


def _git(args: Arguments) -> list[Effect]:
    texts = [word.text or "" for word in args.command.words[1:]]
    if texts[:1] == ["config"] and "--global" in texts:
        return [Unknown(paths=("/root", "/home"), why="git writes its configuration", keeps=True)]
    if texts[:1] == ["clone"]:
        last = args.command.words[-1]
        where = "." if "://" in (last.text or "") or "@" in (last.text or "") or last.text is None else last.text
        folder = args.path(Word(text=where, source=where, line=args.command.line))
        return [Unknown(paths=(folder,), why="git clones there", keeps=True)]
    if texts[:1] in (["checkout"], ["fetch"], ["pull"], ["submodule"], ["init"], ["apply"], ["reset"], ["lfs"]):
        return [Unknown(paths=(_option_path(args),), why="git changes files there")]
    raise NotSure("what git does there is not read")


def _gpg(args: Arguments) -> list[Effect]:
    keys: Effect = Unknown(paths=("/root", "/home", "/tmp"), why="gpg keeps its keys there", keeps=True)  # noqa: S108
    words = args.command.words
    for word, following in zip(words, words[1:], strict=False):
        if word.text in ("-o", "--output"):
            return [keys, MakeFile(path=args.path(following))]
    if any(re.match(r"--output=|-[a-z]*o|--homedir", word.text or "") for word in words) or "-d" in args.flags:
        raise NotSure("where gpg writes is not read")
    dearmored = [word for word in words if word.text == "--dearmor"]
    files = [word for word in words[1:] if not (word.text or "-").startswith("-")]
    if dearmored and files:
        return [keys, MakeFile(path=f"{args.path(files[0])}.gpg")]
    return [keys]


def _sort(args: Arguments) -> list[Effect]:
    if any(re.match(r"-[a-zA-Z]*o|--output", word.text or "-o") for word in args.command.words[1:]):
        raise NotSure("sort writes a file")
    return []


def _awk(args: Arguments) -> list[Effect]:
    if any(re.search(r">|\||system|-f|-i", word.text or ">") for word in args.command.words[1:]):
        raise NotSure("the program of awk may write")
    return []


def _install(args: Arguments) -> list[Effect]:
    args.read("dDvp", values="mogt", long={"directory": "d", "mode": "m", "owner": "o", "group": "g"})
    if "d" in args.flags:
        change = args.values["m"].text if "m" in args.values else "755"
        if change is None:
            raise NotSure("which mode it sets is not known")
        folders = args.places(args.operands)
        made = [MakeFolder(path=args.path(word), parents=True) for word in args.operands]
        return [*made, Mode(paths=folders, change=change)]
    if "D" in args.flags:
        raise NotSure("install -D")
    return [_copy(args, recursive=False, moved=False)]


def _python(args: Arguments) -> list[Effect]:
    texts = [word.text for word in args.command.words[1:]]
    if texts[:2] == ["-m", "venv"]:
        return _made_venv(args, args.command.words[3:], "venv")
    return program_effects(args.command, "python")


def _virtualenv(args: Arguments) -> list[Effect]:
    return _made_venv(args, args.command.words[1:], "virtualenv")


def _made_venv(args: Arguments, words: tuple[Word, ...], tool: str) -> list[Effect]:
    folders: list[Word] = []
    value = False
    for word in words:
        text = word.text
        if value or (text or "").startswith("-"):
            value = not value and text in ("-p", "--python", "--prompt", "--upgrade-deps=")
            continue
        folders.append(word)
    return [Venv(path=args.path(word), tool=tool) for word in folders]


def _nothing(args: Arguments) -> list[Effect]:
    del args
    return []


_READERS: dict[str, Callable[[Arguments], list[Effect]]] = {
    "mkdir": _mkdir, "cp": _cp, "mv": _mv, "rm": _rm, "rmdir": _rmdir, "ln": _ln, "touch": _touch, "chmod": _chmod,
    "chown": _nothing, "chgrp": _nothing, "sed": _sed, "tee": _tee, "tar": _tar, "unzip": _unzip, "curl": _curl,
    "wget": _wget, "find": _find, "git": _git, "gpg": _gpg, "sort": _sort, "awk": _awk,
    "install": _install, "python": _python, "virtualenv": _virtualenv,
}  # fmt: skip
