"""Commands that run before the one that stays, and whether they may change what that one finds.

Evidence: inferred from what each program is for. One that is not named here may make any file.
"""

import re
from collections.abc import Sequence

from .shell import words

_LEAVES_CODE = words(
    "cd pushd popd export set unset echo printf : true false test [ [[ sleep umask env printenv ulimit date whoami id "
    "ls cat pwd trap wait exit shift return break continue read local readonly which command hash type exec kill "
    "nc pg_isready psql mysqladmin mysql redis-cli wait-for-it wait-for-it.sh wait-for dockerize chown alembic "
    "if then else elif fi while until do done case esac for in ! { } ;; function mkdir touch grep awk nproc head tail "
    "cut tr wc sort uname hostname basename dirname expr let getent adduser addgroup useradd groupadd usermod ps"
)
"""They leave the code, the programs and the paths where both are looked for as they were."""
_PYTHON = r"(?:\S*/)?python[\d.]*"
_DATABASE = {
    "flask": ("db",), "aerich": ("upgrade",), "django-admin": ("migrate", "collectstatic"), "prisma": ("migrate",),
}  # fmt: skip
_QUOTED = r"'[^']*'|\"[^\"]*\""
_HARMLESS_REDIRECTION = r"\d*>&[\d-]|&?\d*>{1,2}\s*/dev/\S+"
_SEPARATOR = r"[;\n|&()`]+"
_OPENS = words("if then else elif while until do ! { time")
_ASSIGNMENT = r"[A-Za-z_]\w*\+?="
_PATHS = r"\b(?:PATH|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|NODE_PATH)\+?="


def may_change(command: Sequence[str], *, redirected: bool = False) -> bool:
    """Whether a command, its words without quotes, may make, move or switch what the next one imports or executes."""
    if redirected:
        return True
    if not command:
        return False
    name, rest = command[0].rpartition("/")[2], list(command[1:])
    if name in _LEAVES_CODE:
        return False
    if name in _DATABASE:
        return not any(word in _DATABASE[name] for word in rest)
    if name == "manage.py":
        return False
    if re.fullmatch(_PYTHON, name):
        return not _is_own_script(rest)
    return True


def _is_own_script(rest: list[str]) -> bool:
    """`python manage.py migrate`, `python -m alembic upgrade head`, `python wait_for_db.py`: not an installation."""
    plain = [word for word in rest if word not in ("-u", "-B", "-O")]
    if plain[:1] == ["-m"]:
        return plain[1:2] == ["alembic"]
    return bool(plain) and plain[0].endswith(".py") and not plain[0].endswith("setup.py")


def text_may_change(text: str) -> bool:
    """The same of a script's text, read word by word: what looks like a command and is none counts as one that is not
    known. A search path that is assigned counts too, and a file that is written."""
    lines = (line for line in text.replace("\\\n", " ").splitlines() if not line.lstrip().startswith("#"))
    plain = re.sub(_HARMLESS_REDIRECTION, " ", re.sub(_QUOTED, _as_word, "\n".join(lines)))
    if re.search(_PATHS, plain) or ">" in plain:
        return True
    return any(may_change(_without_front(part.split())) for part in re.split(_SEPARATOR, plain))


def _as_word(quoted: re.Match[str]) -> str:
    """One word for a quoted text, unless commands may stand in it."""
    is_plain = quoted[0].startswith("'") or not ("$(" in quoted[0] or "`" in quoted[0])
    return "Q" if is_plain and re.search(r"\s|[;&|<>()]", quoted[0]) else quoted[0]


def _without_front(command: list[str]) -> list[str]:
    """A command without the words that open a block before it, and without assignments."""
    while command and (command[0] in _OPENS or re.match(_ASSIGNMENT, command[0])):
        command = command[1:]
    return [word.strip("\"'") for word in command]
