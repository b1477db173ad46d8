"""Keeps secret values out of what a build reports."""

from collections.abc import Mapping

from emulator.model.record import replace
from emulator.world.building import BuildOutcome, BuildProgress, BuildRequest, OnProgress, StepDone, StepGoing, StepLog

from .requests import conceal


def masked_progress(request: BuildRequest, on_progress: OnProgress) -> OnProgress:
    """The same listener, told no secrets."""
    secrets = _secrets(request)

    def report(item: BuildProgress) -> None:
        if isinstance(item, StepLog):
            item = StepLog(line=conceal(item.line, secrets), step=conceal(item.step, secrets))
        elif isinstance(item, StepGoing):
            item = StepGoing(name=conceal(item.name, secrets), going=item.going)
        else:
            item = StepDone(name=conceal(item.name, secrets), seconds=item.seconds, cached=item.cached)
        on_progress(item)

    return report if secrets else on_progress


def masked_outcome(request: BuildRequest, outcome: BuildOutcome) -> BuildOutcome:
    """The same outcome without secrets."""
    secrets, failure = _secrets(request), outcome.error
    if not secrets or failure is None:
        return outcome
    return replace(
        outcome,
        error=replace(
            failure,
            message=conceal(failure.message, secrets),
            step=conceal(failure.step, secrets) if failure.step is not None else None,
            log_tail=tuple(conceal(line, secrets) for line in failure.log_tail),
        ),
    )


def _secrets(request: BuildRequest) -> dict[str, str]:
    secret_args = {name: value for name, value in request.args.items() if name in request.masked}
    return {**secret_args, **request.secrets, **pieces_of(request.secret_files)}


_WORTH_HIDING = 8
"""A shorter piece of a secret file is a brace or a word that stands everywhere."""


def pieces_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """What to hide of secret files, by a name to show instead: their lines, and in NAME=VALUE the value."""
    found: dict[str, str] = {}
    for name, content in files.items():
        lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
        lines += [line.partition("=")[2].strip().strip("\"'") for line in lines]
        found[name] = "\n".join(line for line in lines if len(line) >= _WORTH_HIDING)
    return {name: text for name, text in found.items() if text}
