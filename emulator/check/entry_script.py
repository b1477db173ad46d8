"""What an entry script ends in: the common `exec "$@"`, or one literal command. Of what it does before an exec it is
only asked whether that may change what the last command finds; a script of simple commands is read as a whole."""

import re
from collections.abc import Mapping

from emulator.model.record import replace

from .command import Started, started
from .forerunners import text_may_change
from .shell import parse_script

_PASSES_ON = r'exec\s+(?:tini\s+--\s+|gosu\s+\S+\s+|su-exec\s+\S+\s+|dumb-init\s+(?:--\s+)?)?"\$\{?@\}?"'
_ASSIGNS = r"(?m)^\s*(?:export\s+)?([A-Za-z_]\w*)="
_MOVES = r"(?m)(?:^|[;&|]|\bthen\b|\bdo\b)\s*(?:cd|pushd)\s"


def behind_script(text: str, rest: tuple[str, ...], environ: Mapping[str, str | None]) -> Started | None:
    """What stays when the script's last command has taken over. rest: the arguments the script is given. None where
    its end is not understood."""
    last = _last_command(text)
    if last is None or re.search(r"(?:^|[;&\s])set\s+--", text):
        return None
    seen = {**environ, **dict.fromkeys(re.findall(_ASSIGNS, text))}
    if re.fullmatch(_PASSES_ON, last):
        run = started(rest, seen) if rest else None
    elif last.startswith("exec ") and not re.search(r"\$[@*1-9]|\$\{[@*1-9]", last):
        run = started(("/bin/sh", "-c", last), seen)
    else:
        return _of_simple_commands(text, environ)
    if run is None:
        return None
    directory = "" if re.search(_MOVES, text) else run.directory
    changed = run.changed or text_may_change(text.rpartition("exec")[0])
    return replace(run, alone=False, closed=False, directory=directory, changed=changed)


_SETS_OPTIONS = r"(?m)^set (?:[-+][eux]+|[-+][eux]*o (?:errexit|nounset|xtrace|pipefail))+[ \t]*$"
_PARAMETERS = r"\$[@*#1-9]|\$\{[@*#1-9]"


def _of_simple_commands(text: str, environ: Mapping[str, str | None]) -> Started | None:
    """The last command of a script that has no exec, no blocks and no arguments. Whether the shell stays before it is
    another matter than on a command line: it does."""
    if "exec " in text or "\r" in text or re.search(_PARAMETERS, text) or re.search(r"(?m)^(?:trap|wait|exit)\b", text):
        return None
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    body = re.sub(_SETS_OPTIONS, "", "\n".join(lines)).strip()
    if parse_script(body) is None:
        return None
    return replace(started(("/bin/sh", "-c", body), environ), shell=None)


def _last_command(text: str) -> str | None:
    """The last line that is no comment, continuations joined; None where it stands inside of something."""
    joined = text.replace("\r\n", "\n").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines or lines[-1][0].isspace() or "<<" in text:
        return None
    return re.sub(r"\s+", " ", lines[-1].strip())
