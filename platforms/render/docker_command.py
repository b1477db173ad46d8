"""How Render turns a dockerCommand, or a pre-deploy command of an image, into an argv (rules
render/docker-command-shell, -words).

Three readings were possible; only "the rest after `sh -c` is one argument, quotes included" yields
the message people saw: `sh: 1: a && b --port 10000: not found`, status 127.
"""

import re
from collections.abc import Callable

# As text: compiling them when a plan starts costs more than most plans use them.
_SHELL = r"(?s)^(\S*(?:ba|da|z|k)?sh)\s+-c\s+(.*)$"
_FRONT = r"(?:exec|export|source|\.|eval|set|unset|alias|cd|if|for|while|until)|[A-Za-z_]\w*=.*"
_PUT_IN = r"\$\(.*|`.*|.*\$\{\w+:[-=?+].*"
_NAME = r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))"


def parse_docker_command(text: str, value_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """The argv of a dockerCommand. `value_of` gives a variable's value (or the token that stands
    for a secret one), None when the service does not have it: then it becomes "".

    Never fails: text that cannot be split as a shell would (an unclosed quote) is split at blanks.
    """
    shell = re.match(_SHELL, text.strip())
    if shell:
        return (shell.group(1), "-c", shell.group(2))
    return tuple(_expand(word, value_of) for word in _words(text))


def runs_in_shell(text: str) -> bool:
    return re.match(_SHELL, text.strip()) is not None


def quoted_script(text: str) -> str | None:
    """The script when a `sh -c` command wraps it in quotes, which Render keeps: it becomes one word."""
    shell = re.match(_SHELL, text.strip())
    if not shell:
        return None
    script = shell.group(2).strip()
    wrapped = len(script) > 1 and script[0] == script[-1] and script[0] in "\"'"
    return script[1:-1] if wrapped and any(c.isspace() for c in script) else None


def shell_operators(text: str) -> tuple[str, ...]:
    """What a shell would act upon and the program gets as plain arguments: operators, and what a shell puts in."""
    if runs_in_shell(text):
        return ()
    return tuple(
        word
        for word in _words(text)
        if word in ("&&", "||", ";", "|", ">", ">>", "<", "&") or re.fullmatch(_PUT_IN, word, re.DOTALL)
    )


def shell_front(text: str) -> str | None:
    """The first word, where it is one that a shell alone knows, or a variable for what comes behind it."""
    first = next(iter(_words(text)), "")
    return first if re.fullmatch(_FRONT, first, re.DOTALL) else None


def _words(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _expand(word: str, value_of: Callable[[str], str | None]) -> str:
    return re.sub(_NAME, lambda m: value_of(m.group(1) or m.group(2)) or "", word)
