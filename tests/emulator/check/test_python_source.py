"""What a module's text says of the names it has."""

import pytest

from emulator.check.python_source import Defined, bound_names, defines, has_call


@pytest.mark.parametrize(
    "text",
    [
        "app = 1",
        "a, (app, b) = x",
        "app: object = 1",
        "(app := 1)",
        "def app(): ...",
        "async def app(): ...",
        "class app: ...",
        "import app",
        "import app.part",
        "import x as app",
        "from x import app",
        "from .x import y as app",
        "with open('x') as app: pass",
        "with x:\n    app = 1",
        "if x:\n    app = 1\nelse:\n    from y import app",
        "app = None\nif x:\n    app = 2",
        "from x import *\napp = 1",
        "try:\n    a = 1\nfinally:\n    app = 1",
        "del app\napp = 1",
    ],
)
def test_name_that_is_there(text: str) -> None:
    """A statement that always runs binds it."""
    assert defines(text, "app") is Defined.YES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "application = 1",
        "def f():\n    app = 1",
        "class A:\n    app = 1",
        "import x.app",
        "app: object",
        "x.app = 1",
        "x = app",
        "app = 1\ndel app",
        "def create_app():\n    app = 1\n    return app",
        "if __name__ == '__main__':\n    run()",
        "print([app for app in x])",
    ],
)
def test_name_that_is_not_there(text: str) -> None:
    """Nothing binds it at the top level."""
    assert defines(text, "app") is Defined.NO


@pytest.mark.parametrize(
    "text",
    [
        "if x:\n    app = 1",
        "try:\n    from x import app\nexcept ImportError:\n    pass",
        "for app in x: pass",
        "while x:\n    app = 1",
        "from x import *",
        "def __getattr__(name): ...",
        "globals()['app'] = 1",
        "exec('app = 1')",
        "def f():\n    global app\n    app = 1\nf()",
        "import sys\nsetattr(sys.modules[__name__], 'app', 1)",
        "if x:\n    app = 1\nelse:\n    del app",
        "not python (",
        "app = 1\nif x:\n    del app",
        "\0",
        "x = " + "(" * 5000,
        "match x:\n    case app: pass",
    ],
)
def test_name_that_cannot_be_told(text: str) -> None:
    """Only running it would tell."""
    assert defines(text, "app") is Defined.UNKNOWN


def test_names_for_a_suggestion() -> None:
    """Every name bound at the top, also under conditions."""
    text = "import os\nif x:\n    app = 1\nfrom y import *\ndef create(): ..."
    assert bound_names(text) == ("app", "create", "os")


def test_factory_is_a_function_or_a_class() -> None:
    """What a server can call."""
    assert has_call("def create_app(): ...", "create_app")
    assert has_call("class App: ...", "App")
    assert not has_call("create_app = 1", "create_app")
