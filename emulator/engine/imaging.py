"""The image of a deploy: used again, pulled, or built, with whatever stands in for what cannot be had, and told as it
comes about. A failure is a Diagnostic, never an exception; `HostError` passes through."""

import contextlib
import threading
from collections.abc import Mapping
from typing import NamedTuple

from emulator.formats.dockerfile.stages import SCRATCH
from emulator.model.diagnostic import Diagnostic, HostError
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildSkipped,
    BuildStarted,
    BuildStep,
    Event,
    Log,
    Mismatch,
    Published,
)
from emulator.model.plan import Build, BuildKind, Coverage, Service
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.world.building import BuildError, BuildOutcome, BuildProgress, BuildRequest, StepDone, StepGoing, StepLog
from emulator.world.docker import Docker, ImageFacts
from emulator.world.front import PublishedSite

from . import problems, site_problems, stand_ins
from .bases import choose_bases, needs_a_look, told_bases
from .build_steps import BuildSteps, Watched
from .job import Canceled, Job, Making, Packer, PreparedContext, Settings
from .labels import DEPLOY, PROJECT, SERVICE, of_service, project_id, resource_name
from .own import own_names
from .requests import build_request, build_variables, conceal, reveal
from .reuse import Earlier, MadeOf, Reuse, Sent, made_of
from .servers import server_of
from .stand_ins import ToMake
from .tying import tied

_ALL_THAT_IS_SENT = "FROM scratch\nCOPY . /\n"


class _Inputs(NamedTuple):
    """What an image is made of, as it was before the build. names: what stands for each base image; bases: what that
    was here."""

    made_of: MadeOf
    sent: Sent
    names: dict[str, str]
    bases: dict[str, ImageFacts | None]


class Imaging:
    """Gets the image of one deploy of one service. published: the files, where the service is a site of files."""

    def __init__(self, making: Making) -> None:
        self.job, self.doors, self.settings, self.tell, self.cancel = making
        self.service, self.hidden = making.job.service, making.job.hidden
        self.published: PublishedSite | None = None
        self._inputs: _Inputs | None = None
        """What the image is made of, where that can be said."""
        self._coverage: tuple[Coverage, ...] = ()
        self._frontend: Coverage | None = None
        self._stand_in: tuple[Coverage, ...] = ()
        self._aside: threading.Thread | None = None
        self._steps = BuildSteps({})

    def image(self) -> ImageFacts | Diagnostic:
        """The image to run: used again, pulled, or built."""
        docker = self.doors.docker
        if self.job.image is not None:
            self.doors.ready()
            again = docker.image(self.job.image)
            if again is None:
                return problems.image_gone(self.service, self.job.image)
            return self._publish(again) or again
        if needs_a_look(self.service.build) or self.service.build.kind is BuildKind.IMAGE:
            self.doors.ready()
        builder, packer = self.service.build.builder, self.doors.packer
        if builder is not None and packer is not None and packer.can(builder):
            return self._packed(builder, packer)
        bases = choose_bases(self.service, docker, self._replacing)
        missing = bases.missing or self._made(bases.to_make)
        if missing is not None:
            return missing
        built = self._pulled_or_built(bases.replaced)
        image = built if isinstance(built, ImageFacts) else None
        self._aside = threading.Thread(target=self._tidy, args=(bases.replaced, image), daemon=True)
        self._aside.start()
        return built

    def _packed(self, builder: str, packer: Packer) -> ImageFacts | Diagnostic:
        """Built by the platform's own buildpacks."""
        service, settings = self.service, self.settings
        layout = replace(service.build, generated_dockerfile=_ALL_THAT_IS_SENT)
        with self.doors.prepare_context(self.job.repo, replace(service, build=layout)) as context:
            request = BuildRequest(
                context=context.directory, dockerfile=context.dockerfile, args=build_variables(service, self.hidden),
                platform=service.build.platform, tag=f"{resource_name(settings.root, service.name)}:{self.job.deploy}",
                labels=of_service(settings.root, settings.platform, service.name, self.job.deploy),
            )  # fmt: skip
            if (again := self._same_again(request, context, by_builder=False)) is not None:
                return self._publish(again) or again
            self.say(BuildStarted(dockerfile=None, context=service.build.context))
            self._build_line(f"pack builds it with {builder}")
            built = self._built(packer.build(request, builder, self._progress, self.cancel))
        if isinstance(built, ImageFacts):
            self._remember(built)
        return built

    def _tidy(self, bases: dict[str, str], built: ImageFacts | None) -> None:
        """Beside the boot, which need not wait for it: what stood in for what, what was built of what, and the images
        that are kept no more. An engine that is lost here is lost to the boot as well, which tells it."""
        with contextlib.suppress(HostError):
            if built is not None:
                self._remember(built)
            self._coverage = told_bases(self.service, self.doors.docker, bases)
            if self._frontend is not None:
                self._coverage += (self._frontend,)
            if built is not None and self.service.build.kind is not BuildKind.IMAGE:
                remove_earlier_images(self.job, self.doors.docker, self.settings)

    def coverage(self) -> tuple[Coverage, ...]:
        if self._aside is not None:
            self._aside.join()
        return self._coverage + self._stand_in

    def _pulled_or_built(self, bases: dict[str, str]) -> ImageFacts | Diagnostic:
        build = self.service.build
        if build.kind is BuildKind.IMAGE:
            return self._server(build) or self.pulled(build)
        images, told = self.doors.images, False
        if self.job.reuse is Reuse.NO or images is None or not images.has_any(self.service.name):
            self._begin_build()
            told = True
        outcome = self._build(bases, told=told)
        return self._built(outcome) if isinstance(outcome, BuildOutcome) else self._publish(outcome) or outcome

    def _begin_build(self) -> None:
        self.say(BuildStarted(dockerfile=self.service.build.dockerfile, context=self.service.build.context))

    def _same_again(
        self, request: BuildRequest, context: PreparedContext, *, by_builder: bool = True
    ) -> ImageFacts | None:
        """An image that was built before, where this build would make the same. by_builder: whether it is the engine's
        builder that makes it."""
        images, docker = self.doors.images, self.doors.docker
        if images is None or self.job.reach.data:
            return None
        names = {one: request.base_images.get(one, one) for one in self.service.build.base_images if one != SCRATCH}
        bases = self._looked_up(names)
        sent = context.sent(self.doors.left_out(self.job.repo, self.service), images.digest_of)
        inputs = made_of(request, sent, bases, docker.builder() if by_builder else None, images.key())
        if inputs is None or sent is None:
            return None
        self._inputs = _Inputs(inputs, sent, names, bases)
        earlier = images.find(self.service.name, inputs, self.job.reuse)
        image = docker.image(earlier.image) if earlier is not None else None
        if earlier is None or image is None or not self._is_own(image, by_builder=by_builder):
            return None
        if request.tag is not None:
            docker.tag_image(earlier.image, request.tag)  # so that it stays as long as this deploy does
        self._inputs = None
        images.keep(self.service.name, inputs, earlier)
        self.say(BuildSkipped(image=earlier.image, image_of=earlier.deploy))
        return image

    def _is_own(self, image: ImageFacts, *, by_builder: bool) -> bool:
        own = {PROJECT: project_id(self.settings.root), SERVICE: self.service.name}
        return not by_builder or own.items() <= image.labels.items()

    def _remember(self, image: ImageFacts) -> None:
        """What was built of what, where that is surely what was sent."""
        if self._inputs is None or self.doors.images is None:
            return
        inputs, self._inputs = self._inputs, None
        if inputs.sent.is_still_so() and self._looked_up(inputs.names) == inputs.bases:
            self.doors.images.keep(self.service.name, inputs.made_of, Earlier(image.id, self.job.deploy))

    def _looked_up(self, names: Mapping[str, str]) -> dict[str, ImageFacts | None]:
        return {name: self.doors.docker.image(ref) for name, ref in names.items()}

    def pulled(self, build: Build) -> ImageFacts:
        """A ready-made image: at hand, or from its registry. Raises HostError."""
        ref, docker = self._wanted(build), self.doors.docker
        return docker.image(ref) or docker.pull(ref, build.platform)

    def _wanted(self, build: Build) -> str:
        assert build.image is not None
        return self._replacing.get(build.image, build.image)

    @property
    def _replacing(self) -> dict[str, str]:
        """What is to stand in an image's place; the command line before the project's own file."""
        return {**self.job.base_images, **self.settings.base_images}

    def _built(self, outcome: BuildOutcome) -> ImageFacts | Diagnostic:
        if outcome.error is not None:
            return self._build_failed(outcome.error)
        assert outcome.image_id is not None
        image = self.doors.docker.image(outcome.image_id)
        assert image is not None
        unpublished = self._publish(image)
        if unpublished is not None:
            return unpublished
        self.say(BuildFinished(image=outcome.image_id, seconds=round(outcome.seconds, 3)))
        self._keep_step_times()
        return image

    def _publish(self, image: ImageFacts) -> Diagnostic | None:
        """For a site of files: take them out of the image; why there are none."""
        static, settings = self.service.static, self.settings
        if static is None or static.folder is None:
            return None
        began = self.doors.clock.now()
        labels = of_service(settings.root, settings.platform, self.service.name, self.job.deploy)
        self.published = site = self.doors.publish(image.id, static.folder, labels)
        if site is None:
            guesses = site_problems.guesses(self.service)
            there = self.doors.docker.folders_there(image.id, guesses, labels)
            cause = site_problems.nothing_published(self.service, there)
            self.say(BuildFailed(step=None, origin=cause.origin, message=cause.message, code="no-publish-folder"))
            return cause
        seconds = round(self.doors.clock.now() - began, 3)
        path = self.service.build.publish or "."
        self.say(Published(path=path, files=site.files, size_bytes=site.size, seconds=seconds))
        return None

    def _server(self, build: Build) -> ImageFacts | Diagnostic | None:
        """For a datastore: its server, or what stands in for it, made here the first time."""
        if self.service.datastore is None:
            return None
        found = server_of(self.service, self.service.datastore, self._wanted(build), self.doors.docker)
        if not isinstance(found, ToMake):
            return found
        self.say(BuildStarted())
        return self._built(self._build_stand_in(found))

    def _made(self, wanted: tuple[ToMake, ...]) -> Diagnostic | None:
        """Make the base images that no registry gives, once for this machine; why that fails."""
        for one in wanted:
            name = f"{one.what} from packages, once: no registry gives {one.instead_of}"
            self._build_line(f"makes {name}")
            outcome = self._build_stand_in(one)
            if outcome.error is not None:
                return self._unmade(one, outcome.error)
            self.say(BuildStep(name=name, seconds=round(outcome.seconds, 3), cached=False))
        return None

    def _unmade(self, wanted: ToMake, problem: BuildError) -> Diagnostic:
        if problem.kind == "canceled":
            raise Canceled
        return stand_ins.unmade(self.service, wanted, problem)

    def _build_stand_in(self, wanted: ToMake) -> BuildOutcome:
        build = replace(self.service.build, generated_dockerfile=wanted.dockerfile, context=".")
        with self.doors.prepare_context(self.job.repo, replace(self.service, build=build)) as context:
            request = BuildRequest(
                context=context.directory,
                dockerfile=context.dockerfile,
                platform=build.platform,
                tag=wanted.tag,
            )
            return self._run_build(request)

    def _build(self, bases: dict[str, str], *, told: bool) -> BuildOutcome | ImageFacts:
        """told: whether it was said already that a build begins."""
        with self.doors.prepare_context(self.job.repo, self.service) as context:
            request = build_request(
                self.service,
                self.hidden,
                root=self.settings.root,
                platform=self.settings.platform,
                context=context.directory,
                dockerfile=context.dockerfile,
                base_images=bases,
                deploy=self.job.deploy,
                files=self.job.around.files,
                hosts={**self.job.around.hosts, **self.job.reach.hosts()},
                data=self.job.reach.data,
            )
            if (again := self._same_again(request, context)) is not None:
                return again
            if not told:
                self._begin_build()
            for note in context.notes:
                self._build_line(note)
            outcome = self._run_build(request)
            if outcome.error is not None and asks_for_a_frontend(outcome.error):
                note = "the registry its # syntax= line asks does not answer: built with the engine's own frontend"
                self._frontend = Coverage(
                    key=f"{self.service.build.dockerfile} # syntax=",
                    origin=None,
                    fidelity=Fidelity.APPROXIMATE,
                    note=note,
                )
                outcome = self._run_build(replace(request, syntax_line="ignore"))
            self.doors.ready()
        for warning in outcome.warnings:
            self._build_line(warning)
        return outcome

    def _run_build(self, request: BuildRequest) -> BuildOutcome:
        self._steps = BuildSteps(self.doors.step_times(self.service.name))
        try:
            with Watched(self._steps, self.doors.clock.now, self.say):
                return self.doors.docker.build(request, self._progress, self.cancel)
        except HostError:
            self.doors.ready()  # says better what is wrong with the engine, if that is it
            raise

    def _keep_step_times(self) -> None:
        with contextlib.suppress(HostError):  # a full disk costs the comparison, not the deploy
            self.doors.keep_step_times(self.service.name, self._steps.took())

    def _build_failed(self, problem: BuildError) -> Diagnostic:
        if problem.kind == "canceled":
            raise Canceled
        problem = problems.plainly(self.service, problem)
        problem = replace(
            problem,
            message=conceal(problem.message, self.hidden),
            step=conceal(problem.step, self.hidden) if problem.step is not None else None,
            log_tail=tuple(conceal(line, self.hidden) for line in problem.log_tail),
        )
        cause = tied(problems.build_cause(self.service, problem, self.doors.docker.facts().arch), self.job.findings)
        self.say(
            BuildFailed(step=problem.step, origin=cause.origin, message=problem.message, log_tail=problem.log_tail)
        )
        return cause

    def _progress(self, progress: BuildProgress) -> None:
        match progress:
            case StepGoing():
                self._steps.goes_on(self._step_name(progress.name), progress.going, self.doors.clock.now())
            case StepDone():
                name = self._step_name(progress.name)
                self._steps.done(name, progress.seconds)
                self.say(BuildStep(name=name, seconds=progress.seconds, cached=progress.cached))
            case StepLog():
                self._build_line(progress.line)

    def _step_name(self, name: str) -> str:
        return conceal(problems.step_name(self.service, name), self.hidden)

    def _build_line(self, line: str) -> None:
        self.say(Log(stream="build", line=conceal(line, self.hidden)))

    def compare(self, image: ImageFacts) -> None:
        """Prediction against reality: what the plan says of the image and what the engine says."""
        command = self.service.command
        if self.job.image is not None or command is None or command.source != "dockerfile" or command.argv is None:
            return
        predicted, actual = list(reveal(command.argv, self.hidden)), list(image.argv)
        if predicted != actual:
            self.say(
                Mismatch(
                    what="command.argv",
                    predicted=conceal(repr(predicted), self.hidden),
                    actual=conceal(repr(actual), self.hidden),
                )
            )

    def say(self, event: Event) -> None:
        self.tell(replace(event, service=self.service.name, deploy=self.job.deploy))

    def note_stand_in(self, service: Service, image: ImageFacts) -> None:
        note = stand_ins.told(service.build.image or "", image)
        self._stand_in += (note,) if note is not None else ()


def remove_earlier_images(job: Job, docker: Docker, settings: Settings) -> None:
    """Keep of a service's images the one just built, and those of the kept deploys. By our own tags alone: what the
    user made of one, or named otherwise, carries its labels too and stays; so does one that a container still uses."""
    labels = of_service(settings.root, settings.platform, job.service.name, job.deploy)
    del labels[DEPLOY]
    name = resource_name(settings.root, job.service.name)
    kept = {f"{name}:{deploy}" for deploy in (job.deploy, *job.kept)}
    for tag in [tag for image in docker.images(labels) for tag in own_names(image)]:
        if tag not in kept:
            docker.remove_image(tag)


def asks_for_a_frontend(problem: BuildError) -> bool:
    """Whether the build ended because the image that a `# syntax=` line names could not be had."""
    return problem.kind == "registry" and (problem.step or "").startswith("resolve image config for")
