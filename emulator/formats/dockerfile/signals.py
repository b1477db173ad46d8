"""Which signals STOPSIGNAL may name on Linux."""

_NAMES = (
    " ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP "
    "TSTP TTIN TTOU UNUSED URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX "
)


def is_signal(text: str) -> bool:
    """Whether Docker accepts `text`: a number but 0, or a name with or without SIG, in any case."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if digits.isascii() and digits.isdigit():
        return digits.strip("0") != ""
    name = text.upper().removeprefix("SIG")
    if name.isalnum() and f" {name} " in _NAMES:
        return True
    # Real-time signals count up from RTMIN and down from RTMAX.
    base, sign, offset = name[:5], name[5:6], name[6:]
    highest = {("RTMIN", "+"): 15, ("RTMAX", "-"): 14}.get((base, sign), 0)
    return offset in {str(number) for number in range(1, highest + 1)}
