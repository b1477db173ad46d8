"""The three kinds of loop that make the deploys of a service, each asked the same."""

from .cron_run import CronRun
from .execution_run import ExecutionRun
from .service_run import ServiceRun

AnyRun = ServiceRun | ExecutionRun | CronRun
"""Of a service that goes on, of work that is run once, of a cron job that is run on its schedule."""
