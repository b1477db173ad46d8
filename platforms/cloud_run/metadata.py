"""What the metadata server of an instance tells: whose it is, where it runs, and tokens (rule cloud-run/metadata-server
and those beside it).

A deploy knows its project, region and account; a repository rarely does. What no option, manifest or command says has a
value that is clearly made up, and so have the tokens.
"""

import json
import zlib
from typing import NamedTuple

from emulator.contract import Inputs, token
from emulator.model.choice import Trace
from emulator.model.metadata import Jwt, MetadataAnswer, MetadataFact, MetadataServer

from . import rules
from .manifest import ServiceSpec

ROOT = "/computeMetadata/v1/"
ACCOUNTS = ROOT + "instance/service-accounts/"
ACCOUNT = ACCOUNTS + "default/"
FAKE_PROJECT, FAKE_NUMBER, DEFAULT_REGION = "fake-project-of-emu", "123456789012", "us-central1"
FAKE_ACCESS_TOKEN = "fake-access-token-of-emu.no-api-accepts-it"
FAKE_SIGNATURE = "a fake of emu: nobody signed this token"
OWN_TOKEN = "gcloud access token"
OWN_TOKEN_COMMAND = ("gcloud", "auth", "print-access-token", "--quiet")

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_LIFETIME_S = 3600


class Identity(NamedTuple):
    """Whose an instance is, and where. made_up: what of it nobody said."""

    project: str
    number: str
    region: str
    account: str
    made_up: tuple[str, ...] = ()


def metadata_server(spec: ServiceSpec, inputs: Inputs, trace: Trace) -> MetadataServer:
    """The server of every instance or task of a service or job."""
    identity = identity_of(spec, inputs)
    own_token = bool(inputs.options.get("google_credentials"))
    tokens = "access tokens are gcloud's own" if own_token else "tokens are fakes"
    made_up = f"made up: {', '.join(identity.made_up)}" if identity.made_up else "all of it is given"
    trace.note(
        f"{spec.name}.metadata", "What does the metadata server tell?",
        f"project {identity.project} ({identity.number}), {identity.region}, {identity.account}; {tokens}", made_up,
        rule=rules.METADATA, origin=spec.origin,
    )  # fmt: skip
    return MetadataServer(
        address="169.254.169.254", port=80, names=("metadata.google.internal", "metadata"),
        required_header=("Metadata-Flavor", "Google"), headers={"Metadata-Flavor": "Google"},
        refusal=MetadataAnswer(status=403, body='Missing required header "Metadata-Flavor": "Google"\n'),
        missing=MetadataAnswer(status=404, body="Not Found\n"),
        facts=_facts(spec, identity, own_token=own_token), twins={f"{ACCOUNTS}{identity.account}/": ACCOUNT},
        recursive_parameter="recursive", format_parameter="alt",
        json_names={"numeric-project-id": "numericProjectId", "project-id": "projectId",
                    "service-accounts": "serviceAccounts"},
        instance_id=_instance_id(spec),
        commands={OWN_TOKEN: OWN_TOKEN_COMMAND} if own_token else {},
    )  # fmt: skip


def identity_of(spec: ServiceSpec, inputs: Inputs) -> Identity:
    """By the options, else by what the file or the command says, else made up."""
    options, made_up = inputs.options, []

    def said(what: str, default: str, *given: str | None) -> str:
        found = next((text for text in given if text), None)
        if found is None:
            made_up.append(what)
        return found or default

    written = spec.project.text if spec.project else ""
    is_number = written.isdecimal()
    project = said("project", FAKE_PROJECT, options.get("google_project"), None if is_number else written)
    number = said("its number", FAKE_NUMBER, options.get("google_project_number"), written if is_number else None)
    region = said("region", DEFAULT_REGION, options.get("google_region"), spec.region.text if spec.region else None)
    account = options.get("google_service_account") or (spec.service_account.text if spec.service_account else None)
    return Identity(project, number, region, account or f"{number}-compute@developer.gserviceaccount.com",
                    tuple(made_up))  # fmt: skip


def _facts(spec: ServiceSpec, identity: Identity, *, own_token: bool) -> tuple[MetadataFact, ...]:
    """In the order of their paths. What a virtual machine is told besides, its name and its attributes, is not."""
    instance, project = ROOT + "instance/", ROOT + "project/"
    where = f"projects/{identity.number}"
    return (
        MetadataFact(path=instance + "id", text=_instance_id(spec)),
        MetadataFact(path=instance + "region", text=f"{where}/regions/{identity.region}"),
        *_account(identity, own_token=own_token),
        MetadataFact(path=instance + "zone", text=f"{where}/zones/{identity.region}-1"),
        MetadataFact(path=project + "numeric-project-id", text=identity.number),
        MetadataFact(path=project + "project-id", text=identity.project),
    )


def _account(identity: Identity, *, own_token: bool) -> tuple[MetadataFact, ...]:
    access = {
        "access_token": token(OWN_TOKEN) if own_token else FAKE_ACCESS_TOKEN,
        # How long gcloud's is good for still is not told: soon it is asked for again.
        "expires_in": 300 if own_token else _LIFETIME_S - 1,
        "token_type": "Bearer",
    }
    return (
        MetadataFact(path=ACCOUNT + "aliases", items=("default",)),
        MetadataFact(path=ACCOUNT + "email", text=identity.account),
        MetadataFact(path=ACCOUNT + "identity", jwt=_identity_token(identity), is_listed_alone=True),
        MetadataFact(path=ACCOUNT + "scopes", items=(_SCOPE,)),
        MetadataFact(path=ACCOUNT + "token", content_type="application/json", is_listed_alone=True,
                     text=json.dumps(access, separators=(",", ":"), ensure_ascii=False)),
    )  # fmt: skip


def _identity_token(identity: Identity) -> Jwt:
    number = _digits(identity.account, 21)
    return Jwt(
        header={"alg": "RS256", "kid": "fake-of-emu", "typ": "JWT"},
        claims={"azp": number, "email": identity.account, "email_verified": True,
                "iss": "https://accounts.google.com", "sub": number},
        signature=FAKE_SIGNATURE, lifetime_s=_LIFETIME_S, audience_parameter="audience",
        no_audience=MetadataAnswer(status=400, body="non-empty audience parameter required\n"),
    )  # fmt: skip


def _digits(text: str, count: int) -> str:
    """A number that belongs to a text, like an account's own."""
    return "1" + "".join(f"{zlib.crc32(f'{text}/{part}'.encode()):010}" for part in range(3))[: count - 1]


def _instance_id(spec: ServiceSpec) -> str:
    """As long as those that were seen, and of the same letters; each instance has another."""
    return "".join(f"{zlib.crc32(f'{spec.name}/instance/{part}'.encode()):08x}" for part in range(14))
