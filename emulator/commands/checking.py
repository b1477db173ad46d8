"""What goes wrong beyond resolving: the findings of the image worked out, added to the plan."""

from emulator.commands.planning import Planned
from emulator.model.record import replace


def checked(planned: Planned) -> Planned:
    """The plan with every other finding added: what `check` prints, and `up` looks at before it builds."""
    from emulator.image.findings import build_findings

    plan = planned.resolution.plan
    found = build_findings(planned.repo, plan.services)
    if not found:
        return planned
    plan = replace(plan, diagnostics=(*plan.diagnostics, *found))
    return planned._replace(resolution=replace(planned.resolution, plan=plan))
