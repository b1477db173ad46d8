"""Which flags an instruction takes, and what is wrong with those it was given (instructions/bflag.go)."""

from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, error

from .records import Flag

_VALUE, _SWITCH, _MANY = "value", "switch", "many"

_FLAGS: dict[str, dict[str, str]] = {
    "FROM": {"platform": _VALUE},
    "RUN": {"mount": _MANY, "network": _VALUE, "security": _VALUE, "device": _MANY},
    "COPY": {"from": _VALUE, "chown": _VALUE, "chmod": _VALUE, "link": _SWITCH, "parents": _SWITCH, "exclude": _MANY},
    "ADD": {
        "chown": _VALUE, "chmod": _VALUE, "link": _SWITCH, "keep-git-dir": _SWITCH, "checksum": _VALUE,
        "unpack": _SWITCH, "exclude": _MANY,
    },
    "HEALTHCHECK": {
        "interval": _VALUE, "timeout": _VALUE, "start-period": _VALUE, "start-interval": _VALUE, "retries": _VALUE
    },
}  # fmt: skip

_UNCHECKED = "STOPSIGNAL"
"""Docker never looks at the flags of this one."""


def flag_problems(keyword: str, flags: tuple[Flag, ...]) -> Iterator[Diagnostic]:
    """What Docker would refuse about the flags of one instruction."""
    if keyword == _UNCHECKED:
        return
    known = _FLAGS.get(keyword, {})
    seen: set[str] = set()
    for flag in flags:
        kind = known.get(flag.name)
        if kind is None:
            yield _unknown(keyword, flag, known)
        elif flag.name in seen and kind != _MANY:
            yield error(
                "dockerfile/repeated-flag",
                f"--{flag.name} is given twice to {keyword}",
                origin=flag.origin,
                help="keep one of them",
            )
        elif problem := _value_problem(flag, kind):
            yield error("dockerfile/bad-flag", problem, origin=flag.origin, help=_value_help(flag, kind))
        seen.add(flag.name)


def _unknown(keyword: str, flag: Flag, known: dict[str, str]) -> Diagnostic:
    from emulator.model.spelling import nearest

    if not known:
        help = f"remove it, or quote it if it belongs to the arguments of {keyword}"
    elif (near := nearest(flag.name, known)) is not None:
        help = f"did you mean --{near}?"
    else:
        help = f"{keyword} takes {', '.join('--' + name for name in known)}"
    return error("dockerfile/unknown-flag", f"{keyword} has no flag --{flag.name}", origin=flag.origin, help=help)


def _value_problem(flag: Flag, kind: str) -> str | None:
    if kind != _SWITCH:
        return f"--{flag.name} has no value" if flag.value is None else None
    if flag.value == "":
        return f"--{flag.name} has no value after ="
    if (flag.value or "true").lower() not in ("true", "false"):
        return f"--{flag.name} is true or false, not {flag.value}"
    return None


def _value_help(flag: Flag, kind: str) -> str:
    return f"write --{flag.name} or --{flag.name}=false" if kind == _SWITCH else f"write --{flag.name}=VALUE"
