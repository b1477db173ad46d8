"""What kinds of services there are to verify, by what they do: a site of files, what ends by itself, what goes on and
takes requests or does not. Each function says why a service is not one that a check is for; None where it is."""

from emulator.model.plan import Service, ServiceType


def ends(service: Service) -> bool:
    """Whether a run of it ends by itself, and is judged by that."""
    return service.lifecycle.success_is_exit_zero


def takes_requests(service: Service) -> bool:
    return service.type in (ServiceType.WEB, ServiceType.PRIVATE) and not ends(service)


def runs_something(service: Service) -> str | None:
    return "its files are served by the platform: nothing of yours runs" if service.type is ServiceType.STATIC else None


def goes_on(service: Service) -> str | None:
    if ends(service):
        return "it ends by itself, and is judged by that"
    return runs_something(service)


def is_asked(service: Service) -> str | None:
    excuse = goes_on(service)
    return excuse if excuse or takes_requests(service) else "it takes no requests"
