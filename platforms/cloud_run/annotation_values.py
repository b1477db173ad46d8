"""Whether Cloud Run's own annotations have values that it takes: of a file, or as flags of a command make them."""

from emulator.model.diagnostic import Diagnostic, error

from . import rules
from .annotations import A_NUMBER, EXECUTION, KNOWN, RUN, SCALE
from .manifest import ServiceSpec
from .reading import Text
from .shape import whole


def value_problems(spec: ServiceSpec) -> list[Diagnostic]:
    """Values that are none of those listed, and a least number of instances above the most."""
    found: list[Diagnostic] = []
    for written in () if spec.is_v2 else (spec.annotations, spec.template_annotations):
        for name, text in written.items():
            values = _values(spec, name)
            if values and not _is_one(text, values):
                found.append(_unlisted(spec, name, text, values))
    for written, prefix in ((spec.template_annotations, SCALE), (spec.annotations, RUN)):
        found += _crossed(spec, written.get(prefix + "minScale"), written.get(prefix + "maxScale"))
    return found


def _values(spec: ServiceSpec, name: str) -> tuple[str, ...]:
    if spec.is_job and name == EXECUTION:  # rule cloud-run/job-environment
        return ("gen2",)
    return KNOWN[name].values if name in KNOWN else ()


def _is_one(text: Text, values: tuple[str, ...]) -> bool:
    return text.text in values or (values == (A_NUMBER,) and text.text.isascii() and text.text.isdigit())


def _unlisted(spec: ServiceSpec, name: str, text: Text, values: tuple[str, ...]) -> Diagnostic:
    wanted = "a whole number" if values == (A_NUMBER,) else " or ".join(values)
    rule = rules.ANNOTATION_VALUE
    return error(
        "cloud-run/annotation-value", f"{name.rpartition('/')[2]} is {text.text!r}, and must be {wanted}",
        origin=text.origin, service=spec.name, rule=rule.id, url=rule.url, help=f"write {wanted}",
    )  # fmt: skip


def _crossed(spec: ServiceSpec, least: Text | None, most: Text | None) -> list[Diagnostic]:
    low, high = (whole(text.text) if text is not None else None for text in (least, most))
    if least is None or low is None or not high or low <= high:  # a most of 0 says nothing
        return []
    rule = rules.INSTANCE_RANGE
    return [
        error(
            "cloud-run/out-of-range", f"at least {low} instances are asked for, and {high} at most",
            origin=least.origin, service=spec.name, rule=rule.id, url=rule.url, help=f"lower the least to {high}",
        )
    ]  # fmt: skip
