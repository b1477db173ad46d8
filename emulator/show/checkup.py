"""A checkup, and repairs that were not made, as text for people."""

import shlex

from emulator.engine.checkup import FIX, Check, Checkup
from emulator.engine.repair import Launch, Repair, Run, Step, Wait, Write
from emulator.model.diagnostic import Severity

from .style import Style


def checkup_text(checkup: Checkup, style: Style) -> str:
    """One line a finding, with facts and repair below what is not plainly good, and the sum at the end."""
    lines = [line for check in checkup.checks for line in _check_lines(check, style)]
    missing = sum(_word(check) == "missing" for check in checkup.checks)
    if not missing:
        lines += ["", "Everything `emu up` needs is here."]
    else:
        count = "One thing" if missing == 1 else f"{missing} things"
        lines += [
            "",
            f"{count} that `emu up` needs {'is' if missing == 1 else 'are'} missing; the arrow says what to do.",
        ]
    return "\n".join(lines) + "\n"


def _check_lines(check: Check, style: Style) -> list[str]:
    word = _word(check)
    padded = f"{word:<8}"
    paint = {"ok": style.green, "missing": style.red, "note": style.cyan}.get(word, style.yellow)
    lines = [f"{paint(padded)}  {check.message}"]
    if word != "ok":
        lines += [f"          {fact}" for fact in check.facts]
    if check.help:
        lines += [f"          → {check.help}"]
    return lines


def _word(check: Check) -> str:
    if check.ok:
        return "stand-in" if "stand-in" in check.message else "note" if check.severity is Severity.INFO else "ok"
    return {Severity.ERROR: "missing", Severity.WARNING: "warning", Severity.INFO: "note"}[check.severity]


def repair_text(repair: Repair) -> str:
    """What a repair would do, as commands one could type."""
    lines = [f"{FIX} would {repair.title} ({repair.because}; {repair.cost}):"]
    lines += [f"  {command}" for step in repair.all_steps for command in _commands(step)]
    return "\n".join(lines) + "\n"


def _commands(step: Step) -> tuple[str, ...]:
    match step:
        case Write(path=path, text=text):
            return (f"write {path} ({len(text.splitlines())} lines)",)
        case Run(argv=argv, env=env, into=into, input=given):
            settings = "".join(f"{name}={shlex.quote(value)} " for name, value in env.items())
            pipe = f" | {shlex.join(into)}" if into else ""
            return (f"{settings}{shlex.join(argv)}{pipe}{' <<script' if given else ''}",)
        case Launch(argv=argv, log=log):
            return (f"setsid {shlex.join(argv)} >>{log} 2>&1 </dev/null &",)
        case Wait():
            return ()
