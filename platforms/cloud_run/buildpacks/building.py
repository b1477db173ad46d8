"""What the buildpacks of a language are handed, and what they leave."""

from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.model.plan import Command
from emulator.model.rule import Rule
from platforms.cloud_run import rules
from platforms.cloud_run.given import Given
from platforms.cloud_run.manifest import ServiceSpec

from .build_env import BuildEnvironment
from .groups import TARGET, Group
from .image import Recipe
from .source import Source


class BuildEnds(Exception):
    """The buildpacks refuse the source."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Building:
    """One build. command: of the entrypoint, None where nobody names one.

    Left behind: because, why the command is what it is; recipe, where an image can be generated; launch_env, what the
    launcher sets besides; literal_port, whether the command has 8080 in it.
    """

    def __init__(
        self, given: Given, source: Source, env: BuildEnvironment, group: Group, command: Command | None
    ) -> None:
        self.given = given
        self.source = source
        self.env = env
        self.group = group
        self.command = command
        self.stack = stack_of(given.spec)
        self.because = ""
        self.recipe: Recipe | None = None
        self.launch_env: tuple[tuple[str, str], ...] = ()
        self.literal_port = False

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def spec(self) -> ServiceSpec:
        return self.given.spec

    @property
    def trace(self) -> Trace:
        return self.given.trace

    @property
    def found(self) -> list[Diagnostic]:
        return self.given.found

    def ends(self, message: str, origin: Origin | None, help_: str, rule: Rule | None = None) -> "BuildEnds":
        """Why the build ends, in the buildpacks' own words, to be raised."""
        return BuildEnds(failure(self.given, message, origin, help_, rule or rules.BUILDPACK_DEFAULT))

    def function(self, argv: tuple[str, ...]) -> Command:
        """The command of a function: the framework's server, told which function it serves; an entrypoint replaces it.
        Raises BuildEnds."""
        target = self.env[TARGET]
        if not target:
            words = f"required env var {TARGET} has an empty value"
            raise self.ends(words, self.env.origin(TARGET), "name the function", rules.BUILDPACK_FUNCTION)
        self.launch_env += (("FUNCTION_TARGET", target),)
        for name in ("FUNCTION_SIGNATURE_TYPE", "FUNCTION_SOURCE"):
            if f"GOOGLE_{name}" in self.env:
                self.launch_env += ((name, self.env[f"GOOGLE_{name}"]),)
        self.because = f"{TARGET} is {target}: the functions framework serves it"
        origin = self.env.origin(TARGET)
        own = Command(argv=argv, form="exec", text=" ".join(argv), source="buildpack", origin=origin)
        return self.command or own


def failure(given: Given, message: str, origin: Origin | None, help_: str, rule: Rule) -> Diagnostic:
    """The build ends, in the buildpacks' own words."""
    return error(
        "cloud-run/buildpack-fails", message, origin=origin, service=given.name, rule=rule.id, url=rule.url, help=help_
    )


def stack_of(spec: ServiceSpec) -> str:
    """The stack whose default versions hold: gcloud's own base image is of google-22."""
    base = spec.base_image.text if spec.base_image is not None else ""
    return "google-24" if "google-24" in base or "google.24" in base else "google-22"
