"""A server inside an instance's own network that tells an app where it runs and who it is."""

from .record import Record


class MetadataAnswer(Record, frozen=True, kw_only=True):
    """An answer that is always the same."""

    status: int
    body: str
    content_type: str = "text/plain"


class Jwt(Record, frozen=True, kw_only=True):
    """A JSON Web Token that is made when it is asked for, for the audience that is asked for: `aud`, `iat` and `exp`
    are added to the claims. Nobody signs it."""

    header: dict[str, str]
    claims: dict[str, str | bool]
    signature: str
    """The text that stands where the signature would."""
    lifetime_s: int
    audience_parameter: str
    no_audience: MetadataAnswer
    """What is answered where none is asked for."""


class MetadataFact(Record, frozen=True, kw_only=True):
    """What is told at a path. A list is its items, one a line, and a list in JSON."""

    path: str
    text: str = ""
    items: tuple[str, ...] | None = None
    content_type: str = "text/plain"
    jwt: Jwt | None = None
    is_listed_alone: bool = False
    """Whether it is left out where all that is under a path is told at once."""


class MetadataServer(Record, frozen=True, kw_only=True):
    """What the server tells, and how it is asked.

    What is under a path that ends in / is listed there, one name a line. Texts may hold the token of a secret value.
    """

    address: str
    port: int
    names: tuple[str, ...]
    """The names under which an app finds the address."""
    required_header: tuple[str, str]
    headers: dict[str, str]
    """What every answer carries."""
    refusal: MetadataAnswer
    """For a request without the required header."""
    missing: MetadataAnswer
    """For a path where nothing is told."""
    facts: tuple[MetadataFact, ...]
    twins: dict[str, str] = {}
    """Paths under which the same is told as under another one."""
    recursive_parameter: str
    """With "true" all that is under a path is told at once, as JSON."""
    format_parameter: str
    """With "json" a text is told as JSON."""
    json_names: dict[str, str]
    """What JSON calls the parts of paths, where it calls them otherwise."""
    instance_id: str
    """What stands for each instance's own id, which has as many letters."""
    commands: dict[str, tuple[str, ...]] = {}
    """By the name of a secret value: the command of this machine that prints it."""
