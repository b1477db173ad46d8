"""What `emu check` prints of a finding: for a rule's own example, and for the examples that come with emu."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from emulator import planning
from emulator.check import Sample
from emulator.commands.check import checked_plan
from emulator.commands.plan import line_reader
from emulator.commands.planning import Planned, plan_for_platforms
from emulator.contract import Inputs, Platform
from emulator.request import World
from emulator.show.style import Style
from emulator.show.text import diagnostics_text
from emulator.snapshot import from_mapping

_STYLE = Style(width=100)


class Seen(NamedTuple):
    """A finding in an example: which, what it is about, and what is printed."""

    example: str
    title: str
    printed: str


def of_sample(code: str, sample: Sample, platforms: Mapping[str, Platform], style: Style = _STYLE) -> str:
    """What is printed of that finding in a sample; "" where there is none. Pure."""
    repo = from_mapping(sample.files, ignored=sample.ignored)
    platform, decision = planning.detect(platforms, repo, sample.platform)
    defaults = {option.name: option.default for option in platform.OPTIONS if option.default is not None}
    inputs = Inputs(options=defaults | sample.options, options_chosen=tuple(sample.options))
    planned = Planned(repo, platform, inputs, platform.resolve(repo, inputs, decision))
    return dict(_printed(checked_plan(planned), style)).get(code, "")


def in_examples(world: World) -> dict[str, list[Seen]]:
    """By code, the examples in which it is found. An example of which files are made first is left out."""
    from emulator.commands.learn import lesson_request

    found: dict[str, list[Seen]] = {}
    for lesson in world.lessons(None).all():
        if lesson.file.create:
            continue
        planned = plan_for_platforms(lesson_request("check", lesson, lesson.folder, world), world)[0]
        for code, printed in _printed(checked_plan(planned), _STYLE):
            found.setdefault(code, []).append(Seen(lesson.name, lesson.file.title, printed))
    return found


def _printed(planned: Planned, style: Style) -> Iterator[tuple[str, str]]:
    """Each code that is found, with what is printed of it."""
    told = [one for one in planned.resolution.plan.diagnostics if not one.suppressed]
    for code in dict.fromkeys(one.code for one in told):
        yield code, diagnostics_text([one for one in told if one.code == code], style, line_reader(planned))
