"""As what the services of a plan are deployed here: values filled in, what of them is hidden, what they find around."""

from collections.abc import Callable
from typing import NamedTuple

from emulator.commands.backing import Backing, Cast
from emulator.commands.planning import Planned
from emulator.config import read_config
from emulator.engine.job import Job, Settings
from emulator.engine.masking import pieces_of
from emulator.model.event import VerdictKind
from emulator.model.plan import Service
from emulator.request import Project
from emulator.world.hidden import HiddenFiles


class Jobs(NamedTuple):
    """Those of one plan. output_of: what a command of this machine prints."""

    planned: Planned
    backing: Backing
    project: Project
    settings: Settings
    output_of: Callable[[tuple[str, ...]], str]

    def of(self, number: int, service: Service, network: str | None, *, is_live: bool) -> Job:
        """A service's part of the deploy `number`. network: the project's own, by its id. is_live: whether a deploy of
        the service serves now."""
        cast = self.cast(service, network)
        resolution = self.planned.resolution
        known = resolution.secret_files.get(service.name, ())
        files = HiddenFiles({file.name: file.content for file in (*known, *self.planned.inputs.secret_files)})
        hidden = pieces_of(files) | resolution.secrets.of(service.name) | self._generated(service) | cast.hidden
        return Job(
            number, cast.service, hidden | self.printed(service), self.planned.repo,
            kept=self.project.history().kept(service.name), findings=resolution.plan.diagnostics,
            base_images=read_config(self.planned.repo).base_images, around=cast.around._replace(files=files),
            first=not (is_live or self._was_live(service.name)),
        )  # fmt: skip

    def cast(self, service: Service, network: str | None) -> Cast:
        """The service with what it finds around it."""
        return self.backing.cast(service, self.settings.root, network)

    def printed(self, service: Service) -> dict[str, str]:
        """Values that commands of this machine print, and that an instance is told by its metadata server."""
        commands = service.metadata.commands if service.metadata is not None else {}
        return {name: self.output_of(argv) for name, argv in commands.items()}

    def _generated(self, service: Service) -> dict[str, str]:
        """The random value of every variable that the platform would make one for: made once, and kept."""
        return {v.name: self.project.generated(v.made_as) for v in service.env if v.made_as is not None}

    def _was_live(self, service: str) -> bool:
        """Whether an earlier deploy of the service was."""
        earlier = (one for one in self.project.history().deploys if one.platform == self.settings.platform)
        return any(one.verdict is VerdictKind.LIVE and service in one.images for one in earlier)
