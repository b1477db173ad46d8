"""`emu compare`: one repository as several platforms would deploy it, over every example."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulator.cli import run
from emulator.commands.comparing import compared
from emulator.model.comparison import Comparison
from emulator.model.diagnostic import UsageError
from emulator.model.plan import Plan, ServiceType
from emulator.model.record import replace
from platforms import PLATFORMS
from tests.emulator.show.test_plan_text import PLAN, SERVICE
from tests.example_files import copy_example, example_folders
from tests.running_emu import published, run_emu
from tests.test_examples_plan import Page

every_example = pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)
BOTH = [word for name in PLATFORMS for word in ("--platform", name)]


def compare(root: Path, *options: str, width: int = 100) -> tuple[str, int]:
    """What `emu compare` prints, and its exit code."""
    page = Page()
    page.width = width
    code = run(["compare", "--root", str(root), *options], page)
    return page.text, code


def document(root: Path, *options: str) -> tuple[Any, int]:
    text, code = compare(root, "--format", "json", *options)
    return json.loads(text), code


@pytest.mark.thorough
@every_example
def test_every_example_on_every_platform(folder: Path, tmp_path: Path) -> None:
    """The document obeys its schema, loads back, and ends by what breaks; each plan is that of `emu check`; the text
    fits the screen and has no colour where none is shown."""
    root = copy_example(folder, tmp_path, git=False)
    text, code = compare(root, "--format", "json", *BOTH)
    found = json.loads(text)
    published("compare").validate(found)
    comparison = msgspec.json.decode(text, type=Comparison, strict=True)
    assert comparison.platforms == tuple(PLATFORMS)
    assert code == (1 if any(plan.with_errors() for plan in comparison.plans) else 0)
    for name, plan in zip(PLATFORMS, found["plans"], strict=True):
        page = Page()
        run(["check", "--root", str(root), "--platform", name, "--format", "json"], page)
        assert plan == json.loads(page.text)
    for width in (80, 140):
        printed, again = compare(root, *BOTH, width=width)
        assert again == code
        assert max(map(len, printed.splitlines())) <= width
        assert "\x1b" not in printed
        for plan in comparison.plans:
            for service in plan.services:
                assert service.name in re.sub(r"\s+", "", printed) or len(service.name) > 33


@every_example
def test_every_service_stands_in_it_once(folder: Path, tmp_path: Path) -> None:
    found, _ = document(copy_example(folder, tmp_path, git=False), *BOTH)
    for number, plan in enumerate(found["plans"]):
        named = [service["names"][number]["name"] for service in found["services"]]
        assert sorted(name for name in named if name) == sorted(service["name"] for service in plan["services"])


@pytest.fixture
def two_ways(tmp_path: Path) -> Path:
    """A repository that Render runs by its render.yaml's Dockerfile, and Cloud Run by its Procfile."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "Dockerfile").write_text('FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n')
    (tmp_path / "backend" / "app.py").write_text("import os\n")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "main.py").write_text("print()\n")
    (tmp_path / "Procfile").write_text("web: python main.py\n")
    (tmp_path / "render.yaml").write_text(
        "services:\n- {type: web, name: shop, runtime: docker, dockerfilePath: backend/Dockerfile, "
        "dockerContext: backend, plan: starter, healthCheckPath: /up}\n"
    )
    return tmp_path


def rows(root: Path) -> dict[str, list[str | None]]:
    found, _ = document(root, *BOTH)
    [service] = found["services"]
    return {row["aspect"]: [cell["text"] for cell in row["cells"]] for row in service["rows"]}


def test_what_wins_where(two_ways: Path) -> None:
    """Build, command, its place, port, probes and grace, each platform's."""
    found = rows(two_ways)
    assert found["builds"][0] == "backend/Dockerfile with context backend, from python:3.11-slim"
    assert found["builds"][1].startswith("buildpacks: python")
    assert found["runs"] == ["python app.py", "python main.py"]
    assert found["says"] == ["backend/Dockerfile:3", "Procfile:1"]
    assert found["port"] == ["10000 (default)", "8080 (default)"]
    assert found["health"][0].startswith("GET /up")
    assert found["health"][1] is None
    assert found["grace"] == ["SIGTERM, then 30 s", "SIGTERM, then 10 s"]


def test_what_they_agree_on_stands_once(two_ways: Path) -> None:
    """The rows that differ are marked; the others go over all columns."""
    text, _ = compare(two_ways, *BOTH)
    assert re.search(r"^≠ port +10000 \(default\) +8080 \(default\)$", text, re.MULTILINE)
    assert re.search(r"^  type +web$", text, re.MULTILINE)


def test_quiet_leaves_what_they_agree_on_away(two_ways: Path) -> None:
    text, _ = compare(two_ways, *BOTH, "--quiet")
    assert "  type" not in text
    assert "≠ port" in text


def test_verbose_names_every_variable(two_ways: Path) -> None:
    assert "RENDER_SERVICE_NAME" not in compare(two_ways, *BOTH)[0]
    assert "RENDER_SERVICE_NAME" in compare(two_ways, *BOTH, "--verbose")[0]


def test_without_a_platform_all_are_compared(two_ways: Path) -> None:
    assert document(two_ways)[0] == document(two_ways, *BOTH)[0]


def test_options_of_a_platform_reach_it(two_ways: Path) -> None:
    """Render's way of coming about, and Cloud Run's image."""
    found, _ = document(two_ways, "--created-from", "blueprint", "--image", "registry.test/shop:1")
    assert found["plans"][0]["created_from"] == "blueprint"
    assert found["plans"][1]["services"][0]["build"]["image"] == "registry.test/shop:1"


def test_what_breaks_on_one_platform_ends_with_1(two_ways: Path) -> None:
    """And is told under that platform."""
    (two_ways / "Procfile").write_text("worker: python main.py\n")
    text, code = compare(two_ways, *BOTH)
    assert code == 1
    render, cloud_run = text.split("\nrender  ")[1].split("\ncloud-run  ")
    assert "error[" not in render
    assert "error[cloud-run/" in cloud_run


def test_markdown_is_a_table_for_a_pull_request(two_ways: Path) -> None:
    text, _ = compare(two_ways, *BOTH, "--format", "markdown")
    assert text.startswith("| | render: shop | cloud-run: ")
    assert "| port ≠ | 10000 (default) | 8080 (default) |" in text


def test_html_is_one_page_that_tells_the_same(two_ways: Path) -> None:
    """Every row of the document, each finding with its line, and why what wins does."""
    (two_ways / "backend" / "app.py").unlink()
    text, code = compare(two_ways, *BOTH, "--format", "html")
    assert code == 1
    root = ET.fromstring(text)
    for aspect, cells in rows(two_ways).items():
        (row,) = (tr for tr in root.findall(".//tbody/tr") if "".join(tr.find("th").itertext()).endswith(aspect))
        assert all(cell in "".join(row.itertext()) for cell in cells if cell)
    (broken,) = root.findall(".//article[@class='error']")
    assert "backend/Dockerfile:3" in "".join(broken.itertext())
    assert [mark.text for mark in broken.iter("mark")] == ['CMD ["python", "app.py"]']
    assert "no dockerCommand is set" in " ".join(root.find(".//dl").itertext())


def test_a_platform_nobody_knows_is_wrong_usage(two_ways: Path) -> None:
    with pytest.raises(UsageError, match="there is no platform 'heroku'"):
        compare(two_ways, "--platform", "heroku")


def test_a_service_that_one_of_them_has(two_ways: Path) -> None:
    """--service names it for whoever has it; a name that nobody has is a wrong call."""
    found, _ = document(two_ways, *BOTH, "--service", "shop")
    assert [[service["name"] for service in plan["services"]] for plan in found["plans"]] == [["shop"], []]
    ran = run_emu("compare", "--root", str(two_ways), *BOTH, "--service", "shop", "--service", "shopp")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no service 'shopp'" in ran.err


# ---- which services belong together -------------------------------------------------------------------


def named(name: str, type_: ServiceType = ServiceType.WEB):
    return replace(SERVICE, name=name, type=type_)


def of(platform: str, *services) -> Plan:
    return replace(PLAN, platform=platform, services=services)


def pairs(*plans: Plan) -> list[tuple[str | None, ...]]:
    return [tuple(name.name for name in service.names) for service in compared(plans)]


def test_services_of_the_same_name_belong_together() -> None:
    a, b = named("a"), named("b")
    assert pairs(of("one", a, b), of("two", b, a)) == [("a", "a"), ("b", "b")]


def test_else_the_first_of_a_type() -> None:
    """A worker is no counterpart of a web service where there is one."""
    worker, web = named("w", ServiceType.WORKER), named("shop")
    assert pairs(of("one", worker, web), of("two", named("api"))) == [("w", None), ("shop", "api")]


def test_else_those_that_are_left_alone() -> None:
    assert pairs(of("one", named("a", ServiceType.CRON)), of("two", named("b"))) == [("a", "b")]


def test_a_service_without_its_like_stands_alone() -> None:
    assert pairs(of("one", named("a")), of("two")) == [("a", None)]
