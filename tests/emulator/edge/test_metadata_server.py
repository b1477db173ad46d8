"""The metadata server as a program: real requests over real sockets, and Google's own library as its client."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import google.auth.transport.requests
import pytest
from google.auth import compute_engine, jwt
from google.auth.compute_engine import _metadata

from emulator.edge import metadata_server, own_address
from emulator.engine import metadata
from tests.platforms.cloud_run.planning import of, service

FLAVOR = {"Metadata-Flavor": "Google"}
V1 = "/computeMetadata/v1/"
ACCOUNT = V1 + "instance/service-accounts/default/"
AUDIENCE = "https://orders-1.a.run.app"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that answers as an instance of a service called shop hears it, on a port of this machine."""
    plan = service(of(), google_project="shop-prod", google_project_number="42", google_region="europe-west1").metadata
    assert plan is not None
    table = json.loads(metadata.table_text(plan, {}, "shop/1/1"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=metadata_server.serve, args=(listening, table), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def ask(
    port: int, path: str, headers: dict[str, str] = FLAVOR, method: str = "GET", body: str | None = None
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, body=body, headers=headers)
    with connection.getresponse() as answer:
        told = answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
    connection.close()
    return told


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("project/project-id", "shop-prod"),
        ("project/numeric-project-id", "42"),
        ("instance/region", "projects/42/regions/europe-west1"),
        ("instance/zone", "projects/42/zones/europe-west1-1"),
        ("instance/service-accounts/default/email", "42-compute@developer.gserviceaccount.com"),
        ("instance/service-accounts/42-compute@developer.gserviceaccount.com/email",
         "42-compute@developer.gserviceaccount.com"),
        ("instance/service-accounts/default/aliases", "default\n"),
        ("instance/service-accounts/default/scopes", "https://www.googleapis.com/auth/cloud-platform\n"),
        ("instance/service-accounts/", "42-compute@developer.gserviceaccount.com/\ndefault/\n"),
        ("instance/", "id\nregion\nservice-accounts/\nzone\n"),
        ("", "instance/\nproject/\n"),
    ],
)  # fmt: skip
def test_paths_and_their_texts(port: int, path: str, body: str) -> None:
    """What Cloud Run tells is told as plain text, under the header that clients look for."""
    status, told, headers = ask(port, V1 + path)
    assert (status, told, headers["content-type"]) == (200, body, "text/plain")
    assert headers["metadata-flavor"] == "Google"


def test_an_instance_id_is_long_and_its_own(port: int) -> None:
    """Hexadecimal, more than a hundred letters; another instance has another one, the same instance the same."""
    _, told, _ = ask(port, V1 + "instance/id")
    assert len(told) >= 100
    assert set(told) <= set("0123456789abcdef")
    plan = service(of()).metadata
    assert plan is not None
    assert [told in metadata.table_text(plan, {}, one) for one in ("shop/1/1", "shop/1/2")] == [True, False]


@pytest.mark.parametrize("headers", [{}, {"Metadata-Flavor": "Amazon"}, {"X-Google-Metadata-Request": "True"}])
def test_without_the_header_it_is_403(port: int, headers: dict[str, str]) -> None:
    """A request that says nothing of Metadata-Flavor: Google is refused at every path, known or not."""
    for path in ("/", V1 + "project/project-id", V1 + "instance/name"):
        status, told, answered = ask(port, path, headers)
        assert status == 403
        assert "Missing required header" in told
        assert answered["metadata-flavor"] == "Google"


def test_the_headers_name_has_no_case(port: int) -> None:
    assert ask(port, V1 + "project/project-id", {"METADATA-flavor": "Google"})[0] == 200


@pytest.mark.parametrize(
    "path",
    ["instance/name", "project/attributes/", "project/attributes/x", "instance/network-interfaces/0/ip",
     "instance/service-accounts/other@x.iam.gserviceaccount.com/token", "universe/universe-domain"],
)  # fmt: skip
def test_what_is_not_defined_is_404(port: int, path: str) -> None:
    """What only virtual machines are told is missing, with the header that says who answers."""
    status, _, headers = ask(port, V1 + path)
    assert status == 404
    assert headers["metadata-flavor"] == "Google"


def test_a_folder_without_its_slash_is_moved(port: int) -> None:
    """The question goes along."""
    status, _, headers = ask(port, V1 + "instance/service-accounts?recursive=true")
    assert (status, headers["location"]) == (301, V1 + "instance/service-accounts/?recursive=true")


def test_recursive_is_json(port: int) -> None:
    """All that is under a path, in the names that JSON has for it; tokens are not in it."""
    status, told, headers = ask(port, V1 + "?recursive=true")
    assert (status, headers["content-type"]) == (200, "application/json")
    found = json.loads(told)
    assert found["project"] == {"numericProjectId": "42", "projectId": "shop-prod"}
    assert found["instance"]["zone"] == "projects/42/zones/europe-west1-1"
    account = {"aliases": ["default"], "email": "42-compute@developer.gserviceaccount.com",
               "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}  # fmt: skip
    assert found["instance"]["serviceAccounts"] == {account["email"]: account, "default": account}


def test_a_text_as_json(port: int) -> None:
    status, told, headers = ask(port, V1 + "project/project-id?alt=json")
    assert (status, told, headers["content-type"]) == (200, '"shop-prod"', "application/json")
    assert ask(port, V1 + "project/project-id?alt=text")[1] == "shop-prod"


def test_an_access_token_says_that_it_is_a_fake(port: int) -> None:
    """Of the usual form, whatever scopes are asked for."""
    _, told, headers = ask(port, ACCOUNT + "token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage")
    found = json.loads(told)
    assert headers["content-type"] == "application/json"
    assert "fake" in found.pop("access_token")
    assert found == {"expires_in": 3599, "token_type": "Bearer"}


def test_an_identity_token(port: int) -> None:
    """For the audience that is asked for, an hour long; its header and its signature say that it is a fake."""
    status, told, _ = ask(port, f"{ACCOUNT}identity?audience={AUDIENCE}&format=full")
    assert status == 200
    head, claims, signature = (_decoded(part) for part in told.split("."))
    found = json.loads(claims)
    assert (found["aud"], found["iss"], found["email_verified"]) == (AUDIENCE, "https://accounts.google.com", True)
    assert found["email"] == "42-compute@developer.gserviceaccount.com"
    assert found["sub"] == found["azp"]
    assert found["sub"].isdecimal()
    assert abs(found["iat"] - time.time()) < 60
    assert found["exp"] - found["iat"] == 3600
    assert "fake" in json.loads(head)["kid"]
    assert b"fake" in signature


def test_an_identity_token_needs_an_audience(port: int) -> None:
    assert ask(port, ACCOUNT + "identity")[0] == 400
    assert ask(port, ACCOUNT + "identity?audience=")[0] == 400


def test_only_questions_are_answered(port: int) -> None:
    """HEAD is one; what is sent along with another method does not turn its answer into a reset."""
    status, told, headers = ask(port, V1 + "project/project-id", method="HEAD")
    assert (status, told, headers["content-length"]) == (200, "", "9")
    assert ask(port, V1 + "project/project-id", method="POST", body="x" * 200_000)[0] == 405


@pytest.mark.parametrize(
    "said", [b"", b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"G" * 100_000, b"GET / HTTP/1.1\r\n"]
)
def test_nonsense_ends_nothing(port: int, said: bytes) -> None:
    """Whatever one connection says, the next one is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
        except ConnectionError:
            pass
    assert ask(port, "/")[0] == 200


def test_google_auth_is_content(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's library detects the server, and gets project, account, access token and identity token from it."""
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", f"127.0.0.1:{port}")
    monkeypatch.setenv("GCE_METADATA_IP", f"127.0.0.1:{port}")
    request = google.auth.transport.requests.Request()
    try:
        assert _metadata.is_on_gce(request)
        assert _metadata.get_project_id(request) == "shop-prod"
        assert _metadata.get_universe_domain(request) == "googleapis.com"
        credentials = compute_engine.Credentials(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        credentials.refresh(request)
        assert credentials.valid
        assert "fake" in credentials.token
        assert credentials.service_account_email == "42-compute@developer.gserviceaccount.com"
        identity = compute_engine.IDTokenCredentials(request, AUDIENCE, use_metadata_identity_endpoint=True)
        identity.refresh(request)
        assert identity.valid
        assert jwt.decode(identity.token, verify=False)["aud"] == AUDIENCE
    finally:
        request.session.close()


def test_it_starts_without_anything_of_ours() -> None:
    """Its text, and that of its address, run where there is nothing but a Python."""
    for module in (own_address, metadata_server):
        names = {name.partition(".")[0] for name in vars(module)}
        assert "emulator" not in names


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
