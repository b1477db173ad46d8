"""What a command line really runs: through shells, `env`, init programs and the runners of package managers.

Gives the program that stays, its arguments as they reach it, and what is not known of them. Whatever is not
understood ends the unwrapping there; `alone` and `complete` then say how much may be concluded.
"""

from collections.abc import Mapping

from emulator.model.record import Record, replace

from .forerunners import may_change
from .shell import Part, Simple, Word, parse_script, words

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))

_ENDS_BY_ITSELF = words(
    "cd export set unset echo printf : true false test [ mkdir cp mv rm ln touch chmod chown ls cat pwd "
    "sleep umask env printenv ulimit date whoami id alembic"
)
"""Commands that are over before the next one begins, and that nobody can reach."""
_DJANGO_SERVERS = frozenset(("runserver", "runserver_plus", "runworker", "qcluster"))

_INIT_VALUED = {"tini": ("-p", "-e"), "dumb-init": ("-r", "--rewrite"), "catatonit": ()}
_INITS = frozenset(_INIT_VALUED)
_SWITCH_USER = frozenset(("gosu", "su-exec"))
_TRANSPARENT = frozenset(
    ("nohup", "ddtrace-run", "opentelemetry-instrument", "splunk-py-trace", "splunk-instrument", "elasticapm-run")
)
_SETS_VARIABLES = frozenset(("doppler", "infisical", "chamber", "dotenv", "op", "aws-vault", "with-contenv"))
_RUNNERS = {"poetry": "run", "pipenv": "run", "pdm": "run", "rye": "run", "uv": "run", "pnpm": "exec", "bundle": "exec"}
_RUNNER_VALUED = words(
    "--with --with-requirements --with-editable --package --project --directory --python -p --extra "
    "--group --only-group --no-group --index --index-url --cache-dir --config-file -C -P"
)
_OF_PYTHON = words("python django gunicorn uvicorn hypercorn daphne granian waitress-serve flask celery")
_PYTHON_VALUED = ("-X", "-W", "--check-hash-based-pycs")


class Argument(Record, frozen=True):
    """A word as it reaches the program. known: whether `text` is all of it; where not, what is not known stands in it
    as it was written."""

    text: str
    known: bool = True
    unset: tuple[str, ...] = ()
    """Variables in it that nothing sets, as far as the plan can tell."""


class Shell(Record, frozen=True):
    """A shell that reads the command line. name: "sh", "bash", …; script: its commands, None when not understood."""

    name: str
    script: tuple[Simple, ...] | None


class Started(Record, frozen=True):
    """The program that stays.

    program: its name without folders; "" when it is not known. path: the word that named it. module: of `python -m`;
    script: the file that an interpreter runs. shell: the outermost one that reads the command line. init: whether an
    init program is the first process. variables: set on the command line itself; closed: whether no others are loaded
    on the way. complete: whether `args` holds all arguments; alone: whether nothing else that stays can run beside it.
    directory: of the last `cd`, None without one, "" when not known. runner: the package manager that runs it in an
    environment of its own (`poetry run`). changed: whether something that runs before may have made or switched the
    files it finds.
    """

    program: str
    args: tuple[Argument, ...] = ()
    path: str = ""
    module: str | None = None
    script: str | None = None
    shell: Shell | None = None
    init: bool = False
    variables: Mapping[str, str | None] = {}
    closed: bool = True
    complete: bool = True
    alone: bool = True
    directory: str | None = None
    runner: str = ""
    changed: bool = False

    @property
    def is_of_python(self) -> bool:
        """Whether it is a Python, or a program that imports the app that its command names."""
        return self.program in _OF_PYTHON

    @property
    def first_process(self) -> Shell | None:
        """The shell that the container starts with; None when it starts with something else."""
        return None if self.init else self.shell


def started(argv: tuple[str, ...], environ: Mapping[str, str | None], *, transparent: tuple[str, ...] = ()) -> Started:
    """What `argv` runs. environ: the variables it sees, None for a value that is not known. transparent: an
    entrypoint of which it is known that it only runs its arguments."""
    if transparent and argv[: len(transparent)] == transparent:
        argv = argv[len(transparent) :]
    begin = Started(program="", args=tuple(Argument(word, known="‹" not in word) for word in argv))
    return _unwrapped(begin, environ, depth=0)


def base_name(word: str) -> str:
    return word.rpartition("/")[2]


def _unwrapped(now: Started, environ: Mapping[str, str | None], depth: int) -> Started:
    """Take off wrapper after wrapper."""
    for _ in range(32):
        if not now.args or not now.args[0].known or depth > 4:
            return replace(now, program="")
        name, rest = base_name(now.args[0].text), now.args[1:]
        if name in SHELLS:
            return _in_shell(now, name, rest, environ, depth)
        step = _step(now, name, rest)
        if step is None:
            return _as_program(now, name, rest)
        now = step
    return replace(now, program="")


def _step(now: Started, name: str, rest: tuple[Argument, ...]) -> Started | None:
    """One wrapper less; None when `name` is none."""
    if name in ("env", "cross-env"):
        return _after_env(now, rest)
    if name in _INITS:
        return replace(now, args=_after_options(rest, _INIT_VALUED[name]), init=True)
    if name in _SWITCH_USER:
        return replace(now, args=rest[1:])
    if name in _TRANSPARENT:
        return replace(now, args=rest)
    if name == "newrelic-admin" and rest[:1] == (Argument("run-program"),):
        return replace(now, args=rest[1:])
    if name in _SETS_VARIABLES:
        after = next((i for i, arg in enumerate(rest) if arg.text == "--"), None)
        return replace(now, args=rest[after + 1 :] if after is not None else (), closed=False)
    if name in _RUNNERS:
        return _after_runner(now, name, rest)
    if name in ("npx", "bunx"):
        return replace(now, args=_after_options(rest, ("-p", "--package", "-c", "--call")), runner=name)
    return None


def _after_env(now: Started, rest: tuple[Argument, ...]) -> Started:
    variables = dict(now.variables)
    at, closed = 0, now.closed
    while at < len(rest):
        text = rest[at].text
        if text in ("-u", "--unset"):
            at += 2
        elif text.startswith("-"):
            closed = closed and text == "--"  # -i, -S and the like: what is seen then is not known
            at += 1
        elif "=" in text:
            name, _, value = text.partition("=")
            variables[name] = value if rest[at].known else None
            at += 1
        else:
            break
    return replace(now, args=rest[at:], variables=variables, closed=closed)


def _after_options(rest: tuple[Argument, ...], valued: tuple[str, ...]) -> tuple[Argument, ...]:
    at = 0
    while at < len(rest) and rest[at].text.startswith("-"):
        if rest[at].text == "--":
            return rest[at + 1 :]
        at += 2 if rest[at].text in valued else 1
    return rest[at:]


def _after_runner(now: Started, name: str, rest: tuple[Argument, ...]) -> Started | None:
    """`poetry run X`, `uv run --with Y X`: X. None when the runner does something else."""
    at = 0
    while at < len(rest) and rest[at].text.startswith("-"):
        at += 2 if rest[at].text in _RUNNER_VALUED else 1
    if at >= len(rest) or rest[at].text != _RUNNERS[name]:
        return None
    at += 1
    closed = now.closed and name != "pipenv"  # pipenv reads .env
    while at < len(rest) and rest[at].text.startswith("-"):
        text = rest[at].text
        if text == "--":
            at += 1
            break
        if text in ("-m", "--module") and name == "uv":
            return replace(now, args=(Argument("python"), *rest[at:]), closed=closed, runner=name)
        closed = closed and not text.startswith("--env-file")
        at += 2 if text in _RUNNER_VALUED or text == "--env-file" else 1
    inner = rest[at:]
    if inner and name == "uv" and inner[0].text.endswith(".py"):
        inner = (Argument("python"), *inner)
    return replace(now, args=inner, closed=closed, runner=name)


# ---- the shell -----------------------------------------------------------------------------------------


def _in_shell(
    now: Started, name: str, rest: tuple[Argument, ...], environ: Mapping[str, str | None], depth: int
) -> Started:
    """`sh -c TEXT`: the one program of it that stays. `sh FILE`: the file."""
    at, reads_text = 0, False
    while at < len(rest) and rest[at].text.startswith("-") and len(rest[at].text) > 1 and not reads_text:
        option = rest[at].text
        reads_text = not option.startswith("--") and option.endswith("c")
        at += 2 if option in ("-o", "--rcfile", "--init-file") else 1
    if not reads_text:
        script = rest[at].text if at < len(rest) and rest[at].known else None
        return replace(now, program=name, args=rest[at + 1 :], script=script, alone=False)
    text = rest[at].text if at < len(rest) else ""
    script_read = parse_script(text)
    if now.shell is None:
        now = replace(now, shell=Shell(name, script_read))
    if script_read is None:
        return replace(now, program="", args=(), complete=False, alone=False)
    return _main_command(now, script_read, environ, depth)


def _main_command(now: Started, script: tuple[Simple, ...], environ: Mapping[str, str | None], depth: int) -> Started:
    """The command of a script that stays: the last one, alone when all before it end by themselves."""
    *earlier, last = script
    seen: dict[str, str | None] = {**environ, **now.variables}
    variables, directory, alone, closed = dict(now.variables), now.directory, now.alone, now.closed
    changed = now.changed
    for command in earlier:
        changed = changed or may_change([word.literal or "$" for word in command.words], redirected=command.redirected)
        alone = alone and command.after in (";", "&&", "\n") and _ends_by_itself(command)
        closed = closed and command.name not in (".", "source", "eval", "set", "unset")
        if command.name in ("cd", "pushd"):
            target = command.words[1].literal if len(command.words) == 2 else None
            directory = target or ""
        for name, value in _set_by(command):
            variables[name] = seen[name] = _text_of(value, seen)
    if last.after or last.before in ("||", "|") or not last.words:
        alone = False
    for name, value in last.assignments:
        variables[name] = _text_of(value, seen)
    words = last.words
    if words and words[0].literal == "exec":
        words = words[1:]
    args, complete = _arguments(words, seen)
    inner = replace(now,
        args=args, complete=now.complete and complete, alone=alone, variables=variables, closed=closed,
        directory=directory, changed=changed,
    )  # fmt: skip
    return _unwrapped(inner, seen, depth + 1)


def _ends_by_itself(command: Simple) -> bool:
    """Whether a command is one of those that run before a server and listen nowhere."""
    if not command.words:
        return True
    args, _ = _arguments(command.words, {})
    ran = _unwrapped(Started(program="", args=args), {}, depth=1)
    words = [arg.text for arg in ran.args]
    if ran.program in _ENDS_BY_ITSELF:
        return True
    if ran.program == "django":
        return bool(words) and words[0] not in _DJANGO_SERVERS and not words[0].startswith("-")
    if ran.program == "flask":
        return "run" not in words
    return ran.program == "python" and ran.module in ("alembic", "compileall", "pip")


def _set_by(command: Simple) -> list[tuple[str, Word]]:
    """Variables that hold from this command on."""
    if not command.words:
        return list(command.assignments)
    if command.name not in ("export", "declare", "readonly"):
        return []
    found = []
    for word in command.words[1:]:
        head = word.starts()
        name, equals, rest = head.partition("=")
        if equals:
            found.append((name, Word((Part(rest), *word.parts[1:]))))
    return found


def _text_of(word: Word, environ: Mapping[str, str | None]) -> str | None:
    argument = expanded(word, environ)
    return argument.text if argument.known else None


def _arguments(words: tuple[Word, ...], environ: Mapping[str, str | None]) -> tuple[tuple[Argument, ...], bool]:
    """The words as they reach the program, and whether they are all: an unquoted reference of unknown value may be
    none or many, except behind an option, which wants one."""
    found: list[Argument] = []
    complete = True
    for word in words:
        argument = expanded(word, environ)
        if word.disappears and argument.known:
            found += [Argument(text) for text in argument.text.split()]
            continue
        if argument.known and not argument.text and not any(part.quoted for part in word.parts):
            continue
        if _may_be_split(word, environ):
            argument, complete = replace(argument, known=False), False
        if word.disappears and not (found and found[-1].text.startswith("-") and "=" not in found[-1].text):
            complete = False
        found.append(argument)
    return tuple(found), complete


def _may_be_split(word: Word, environ: Mapping[str, str | None]) -> bool:
    """Whether blanks of an unquoted value part the word."""
    values = (_value(part, environ)[0] for part in word.parts if part.reference is not None and not part.quoted)
    return any(value is not None and value.split() != [value] and value != "" for value in values)


def expanded(word: Word, environ: Mapping[str, str | None]) -> Argument:
    """A word with its references replaced where their values are known."""
    known, texts, unset = True, [], []
    for part in word.parts:
        value: str | None = part.text
        if part.opaque:
            known = False
        elif part.reference is not None:
            value, is_set = _value(part, environ)
            known = known and value is not None
            if not is_set:
                unset.append(part.reference.name)
        texts.append(part.text if value is None else value)
    return Argument("".join(texts), known, tuple(unset))


def _value(part: Part, environ: Mapping[str, str | None]) -> tuple[str | None, bool]:
    """What stands in for a reference, None when not known; and whether anything sets it."""
    reference = part.reference
    assert reference is not None
    if reference.has_default and reference.default is None:
        return None, True
    if reference.name in environ:
        value = environ[reference.name]
        is_replaced = value == "" and reference.also_where_empty and reference.default is not None
        return (reference.default if is_replaced else value), True
    return None, reference.has_default


# ---- the program ---------------------------------------------------------------------------------------


def _as_program(now: Started, name: str, rest: tuple[Argument, ...]) -> Started:
    """What stays, with an interpreter's own options read."""
    now = replace(now, path=now.args[0].text)
    if _is_python(name):
        return _python(now, rest)
    if name in ("django-admin", "django-admin.py") or name == "manage.py":
        return replace(now, program="django", args=rest, script=now.args[0].text if name == "manage.py" else None)
    if name in ("node", "ruby", "php", "perl", "deno", "bun") and rest and not rest[0].text.startswith("-"):
        return replace(now, program=name, args=rest[1:], script=rest[0].text if rest[0].known else None)
    return replace(now, program=name, args=rest)


def _is_python(name: str) -> bool:
    return name in ("python", "pypy", "pypy3") or (name.startswith("python") and name[6:].replace(".", "").isdigit())


_AS_MODULE = {"gunicorn.app.wsgiapp": "gunicorn", "streamlit.web.cli": "streamlit", "fastapi.cli": "fastapi"}


def _python(now: Started, rest: tuple[Argument, ...]) -> Started:
    at = 0
    while at < len(rest) and rest[at].text.startswith("-") and rest[at].text != "-":
        text = rest[at].text
        if text in ("-m", "-c"):
            break
        at += 2 if text in _PYTHON_VALUED else 1
    rest = rest[at:]
    if not rest or not rest[0].known or rest[0].text in ("-c", "-"):
        return replace(now, program="python", args=rest)
    if rest[0].text == "-m":
        module = rest[1].text if len(rest) > 1 and rest[1].known else None
        program = _AS_MODULE.get(module or "", module or "")
        known = program in ("gunicorn", "uvicorn", "hypercorn", "daphne", "flask", "celery", "django", "fastapi",
                            "streamlit")  # fmt: skip
        return replace(now, program=program if known else "python", module=module, args=rest[2:])
    script = rest[0].text
    program = "django" if base_name(script) == "manage.py" else "python"
    return replace(now, program=program, script=script, args=rest[1:])
