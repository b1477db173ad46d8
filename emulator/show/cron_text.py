"""A cron job's schedule and runs as lines."""

from datetime import datetime

from emulator.model.event import CronEvent

from .style import Style


def cron_line(event: CronEvent, style: Style) -> str:
    """What happened to a cron job or one of its runs."""
    name, run = event.service, f"run {event.instance} of {event.service}"
    took = f" after {event.seconds:.1f} s" if event.seconds is not None else ""
    match event.state:
        case "scheduled" if event.due is None:
            return style.yellow(f"{name} never runs again: its schedule names no day that there is")
        case "scheduled":
            return f"{name} runs next {style.bold(_moment(event.due))}, in {duration(event.in_s or 0)}"
        case "delayed":
            return style.yellow(f"{name} is due, and waits: run {event.instance} goes on")
        case "started":
            why = "asked for" if event.trigger == "manual" else f"due {_moment(event.due)}"
            return style.bold(f"{run} begins") + f" ({why})"
        case "succeeded":
            return style.green(f"{run} succeeded") + took
        case "failed":
            status = f" with status {event.exit_code}" if event.exit_code is not None else ""
            return style.red(f"{run} failed") + status + took
        case "canceled":
            return style.yellow(f"{run} is canceled") + took


def _moment(due: str | None) -> str:
    """ "Fri 27 Nov 06:00 UTC"."""
    return datetime.fromisoformat(due).strftime("%a %d %b %H:%M UTC") if due is not None else "never"


def duration(seconds: float) -> str:
    """The two largest units: "17 h 14 min", "2 d", "40 s"."""
    whole = round(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((i for i, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"
