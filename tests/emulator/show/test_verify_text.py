"""What `emu verify` found, as people read it."""

import pytest

from emulator.engine.verify.check import Subject
from emulator.engine.verify.checks import conclusions, without_service
from emulator.model.diagnostic import error
from emulator.model.event import ServiceVerdict, VerdictKind
from emulator.model.origin import Origin
from emulator.model.plan import Service, ServiceType
from emulator.model.record import replace
from emulator.model.verification import ServiceVerification, Verification
from emulator.show.style import Style, columns
from emulator.show.verify_text import verify_text
from tests.emulator.engine.verify_seen import ALL, GOOD, LEAVING, SHOP, Peak, Seen, exchange

CUT = replace(LEAVING, exchanges=(exchange(99.5, 100.2, None, kind="upload"),))
BAD = replace(GOOD, leaving=CUT, output=None, peaks=(Peak(container=None, mib=450, limit_mib=512),))
CAUSE = error(
    "start/loopback-bind", "it listens on 127.0.0.1:10000 only", origin=Origin(file="app.py", line=3, column=1),
    facts=("nothing outside the container reaches that",), help="bind 0.0.0.0",
)  # fmt: skip


def _service(name: str, of: Service = SHOP, seen: Seen = GOOD) -> ServiceVerification:
    return ServiceVerification(
        name=name, type=of.type, verdict=ServiceVerdict(name=name, verdict=VerdictKind.LIVE, reason=f"{name} is live"),
        seconds=0.9, checks=conclusions(Subject(service=of, platform="Platform"), seen, ALL),
    )  # fmt: skip


DEAD = ServiceVerification(
    name="api", type=ServiceType.WEB, checks=without_service(SHOP, ALL, "loopback", CAUSE),
    verdict=ServiceVerdict(name="api", verdict=VerdictKind.TIMED_OUT, reason="no open port", cause=CAUSE),
)  # fmt: skip
WORKER = replace(SHOP, type=ServiceType.WORKER, port=None)
SITE = replace(SHOP, type=ServiceType.STATIC)
SOME = Verification(
    platform="p", held=False, seconds=34.2,
    services=(_service("shop", seen=BAD), _service("queue", WORKER), DEAD, _service("site", SITE)),
)  # fmt: skip
GOOD_ONE = Verification(platform="p", held=True, seconds=21.4, services=(_service("shop"),))

WIDE = """\
On Platform: api does not go live (timed out); shutdown failed for shop. 9 held, 1 with a warning, 2
failed, 1 not told, in 34 s

shop  web  live after 0.9 s
  ok         other port         started with PORT=10001, it listens on 0.0.0.0:10001
  ok         all interfaces     it listens on 0.0.0.0:10000
  failed     shutdown           1 of 1 requests under way got no answer: it left 0.25 s after
                                SIGTERM, of 30 s, with exit status 0
                                = without an answer: one whose body was under way
                                help: at SIGTERM take no new requests, answer those you have, then
                                  end
                                see: emu explain verify/shutdown
  ok         empty disk         a new container of the same image is live again after 0.7 s
  warning    memory             at most 450 MiB was used, 88% of 512 MiB
                                = the plan is starter
                                help: use less, or take a larger plan: real load needs more
  ok         cold start         ready 0.9 s after its start, of the 300 s that Platform waits
  ok         health under load  with 20 requests at once 10 of 10 health checks were answered within
                                5 s, the slowest after 0.02 s; none of 500 requests (GET /) failed
  not told   logs               its output was not watched

queue  worker  live after 0.9 s
  ok         shutdown           it left 0.25 s after SIGTERM, of 30 s, with exit status 0; 2
                                requests under way were finished
  ok         empty disk         a new container of the same image is live again after 0.7 s
  ok         memory             at most 100 MiB was used, 20% of 512 MiB
  ok         logs               lines about requests came while it ran (1)
  -          other port, all interfaces, cold start, health under load: it takes no requests

api  web  timed out
  error[start/loopback-bind]: it listens on 127.0.0.1:10000 only
    --> app.py:3:1
    = nothing outside the container reaches that
    help: bind 0.0.0.0
  failed     all interfaces     it listens on 127.0.0.1:10000 only
                                see: emu explain verify/interfaces
  not tried  other port, shutdown, empty disk, memory, cold start, health under load, logs: it does
             not go live

site  static  live
  -          other port, all interfaces, shutdown, empty disk, memory, cold start, health under
             load, logs: its files are served by the platform: nothing of yours runs
"""
NARROW = """\
On Platform: api does not go live (timed out); shutdown
failed for shop. 9 held, 1 with a warning, 2 failed, 1 not
told, in 34 s

shop  web  live after 0.9 s
  ok         other port
    started with PORT=10001, it listens on 0.0.0.0:10001
  ok         all interfaces
    it listens on 0.0.0.0:10000
  failed     shutdown
    1 of 1 requests under way got no answer: it left 0.25 s
    after SIGTERM, of 30 s, with exit status 0
    = without an answer: one whose body was under way
    help: at SIGTERM take no new requests, answer those you
      have, then end
    see: emu explain verify/shutdown
  ok         empty disk
    a new container of the same image is live again after
    0.7 s
  warning    memory
    at most 450 MiB was used, 88% of 512 MiB
    = the plan is starter
    help: use less, or take a larger plan: real load needs
      more
  ok         cold start
    ready 0.9 s after its start, of the 300 s that Platform
    waits
  ok         health under load
    with 20 requests at once 10 of 10 health checks were
    answered within 5 s, the slowest after 0.02 s; none of
    500 requests (GET /) failed
  not told   logs
    its output was not watched

queue  worker  live after 0.9 s
  ok         shutdown
    it left 0.25 s after SIGTERM, of 30 s, with exit status
    0; 2 requests under way were finished
  ok         empty disk
    a new container of the same image is live again after
    0.7 s
  ok         memory
    at most 100 MiB was used, 20% of 512 MiB
  ok         logs
    lines about requests came while it ran (1)
  -          other port, all interfaces, cold start, health
             under load: it takes no requests

api  web  timed out
  error[start/loopback-bind]: it listens on 127.0.0.1:10000
    only
    --> app.py:3:1
    = nothing outside the container reaches that
    help: bind 0.0.0.0
  failed     all interfaces
    it listens on 127.0.0.1:10000 only
    see: emu explain verify/interfaces
  not tried  other port, shutdown, empty disk, memory, cold
             start, health under load, logs: it does not go
             live

site  static  live
  -          other port, all interfaces, shutdown, empty
             disk, memory, cold start, health under load,
             logs: its files are served by the platform:
             nothing of yours runs
"""
HELD = """\
Everything that could be told holds on Platform. 8 held, in 21 s

shop  web  live after 0.9 s
  ok         other port         started with PORT=10001, it listens on 0.0.0.0:10001
  ok         all interfaces     it listens on 0.0.0.0:10000
  ok         shutdown           it left 0.25 s after SIGTERM, of 30 s, with exit status 0; 2
                                requests under way were finished
  ok         empty disk         a new container of the same image is live again after 0.7 s
  ok         memory             at most 100 MiB was used, 20% of 512 MiB
  ok         cold start         ready 0.9 s after its start, of the 300 s that Platform waits
  ok         health under load  with 20 requests at once 10 of 10 health checks were answered within
                                5 s, the slowest after 0.02 s; none of 500 requests (GET /) failed
  ok         logs               lines about requests came while it ran (1)
"""


def test_the_answer_comes_first() -> None:
    """What does not go live, what failed and whose; then each service with a line a check."""
    assert verify_text(SOME, "Platform", Style(width=100)) == WIDE


def test_on_a_narrow_terminal() -> None:
    """What is said stands below its title, and fits."""
    text = verify_text(SOME, "Platform", Style(width=60))
    assert text == NARROW
    assert max(map(columns, text.splitlines())) <= 60


def test_what_several_services_fail_is_one_part_of_the_answer() -> None:
    several = replace(SOME, services=tuple(_service(name, seen=BAD) for name in ("api", "shop", "web")))
    text = verify_text(several, "Platform", Style(width=200), quiet=True)
    assert text.startswith("On Platform: shutdown failed for api, shop and web. ")


def test_where_there_is_nothing_to_tell() -> None:
    """It goes well, and that is all."""
    site = replace(GOOD_ONE, services=(_service("site", SITE),))
    said = "It goes well on Platform, and there is nothing more that could be told, in 21 s\n"
    assert verify_text(site, "Platform", Style(width=100), quiet=True) == said


def test_where_all_held() -> None:
    assert verify_text(GOOD_ONE, "Platform", Style(width=100)) == HELD


@pytest.mark.parametrize("document", [SOME, GOOD_ONE], ids=["some", "good"])
def test_quietly_it_is_the_answer_alone(document: Verification) -> None:
    whole = verify_text(document, "Platform", Style(width=200))
    assert verify_text(document, "Platform", Style(width=200), quiet=True) == whole.splitlines()[0] + "\n"


def test_colour_tells_nothing_that_words_do_not() -> None:
    """Without it the text is the same."""
    coloured = verify_text(SOME, "Platform", Style(width=100, colour=True))
    assert "\x1b[31;1mfailed\x1b[0m" in coloured
    plain = "".join(part.partition("m")[2] if at else part for at, part in enumerate(coloured.split("\x1b[")))
    assert plain == WIDE
