"""What a metadata server answers, as the table by which `edge/metadata_server` looks it up. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from emulator.contract import token
from emulator.model.metadata import MetadataAnswer, MetadataFact, MetadataServer
from emulator.model.record import replace, to_json

TABLE_VARIABLE = "EMU_METADATA"
"""The variable of the server's own process that holds its table: no list of processes shows it."""
READY = "ready"
"""What the server prints when connections are taken."""

_JSON = "application/json"
_WRONG_METHOD = MetadataAnswer(status=405, body="Method Not Allowed\n")


def table_text(server: MetadataServer, hidden: Mapping[str, str], instance: str) -> str:
    """The table of one instance as JSON, secret values in their places. instance: what tells it from others."""
    text = json.dumps(table(server))
    own = hashlib.sha512(instance.encode(errors="surrogateescape")).hexdigest() * (len(server.instance_id) // 128 + 1)
    text = text.replace(server.instance_id, own[: len(server.instance_id)])
    for name in server.commands:
        text = text.replace(json.dumps(token(name))[1:-1], json.dumps(hidden.get(name, ""))[1:-1])
    return text


def table(server: MetadataServer) -> dict[str, Any]:
    """What the server is handed: how to listen, what every answer carries, and a row for each question. The first row
    counts whose path is asked for and whose parameters are there: with a value, or, where that is null, with any."""
    facts = _all_facts(server)
    return {
        "address": server.address,
        "port": server.port,
        "required_header": list(server.required_header),
        "headers": server.headers,
        "refusal": _answer(server.refusal),
        "missing": _answer(server.missing),
        "wrong_method": _answer(_WRONG_METHOD),
        "rows": [row for fact in facts for row in _rows(server, fact)] + _folders(server, facts),
    }


def _all_facts(server: MetadataServer) -> list[MetadataFact]:
    """Those of the plan, and the same once more for each twin."""
    again = [
        replace(fact, path=twin + fact.path.removeprefix(path))
        for twin, path in server.twins.items()
        for fact in server.facts
        if fact.path.startswith(path)
    ]
    return [*server.facts, *again]


def _rows(server: MetadataServer, fact: MetadataFact) -> list[dict[str, Any]]:
    """One fact, in each form in which it can be asked for."""
    if fact.jwt is not None:
        made = {
            "header": fact.jwt.header,
            "claims": fact.jwt.claims,
            "signature": fact.jwt.signature,
            "lifetime_s": fact.jwt.lifetime_s,
            "audience_parameter": fact.jwt.audience_parameter,
        }
        asked: dict[str, str | None] = {fact.jwt.audience_parameter: None}
        token = {"status": 200, "content_type": fact.content_type, "body": "", "jwt": made}
        return [_row(fact.path, asked, token), _row(fact.path, {}, _answer(fact.jwt.no_audience))]
    text = "".join(f"{item}\n" for item in fact.items) if fact.items is not None else fact.text
    plain = _row(fact.path, {}, _told(text, fact.content_type))
    if fact.content_type == _JSON:
        return [plain]
    as_json = json.dumps(_value(fact), separators=(",", ":"))
    return [_row(fact.path, {server.format_parameter: "json"}, _told(as_json, _JSON)), plain]


def _folders(server: MetadataServer, facts: list[MetadataFact]) -> list[dict[str, Any]]:
    """What is under each path that leads to a fact: all of it as JSON, or its names alone."""
    paths = [fact.path for fact in facts]
    folders = {path[: at + 1] for path in paths for at, letter in enumerate(path) if letter == "/"}
    rows = []
    for folder in sorted(folders):
        names = sorted({name + slash for path in paths if path.startswith(folder)
                        for name, slash, _ in (path[len(folder) :].partition("/"),)})  # fmt: skip
        whole = json.dumps(_below(server, facts, folder), separators=(",", ":"))
        listed = "".join(f"{name}\n" for name in names)
        rows.append(_row(folder, {server.recursive_parameter: "true"}, _told(whole, _JSON)))
        rows.append(_row(folder, {}, _told(listed, "text/plain")))
    return rows


def _below(server: MetadataServer, facts: list[MetadataFact], folder: str) -> dict[str, Any]:
    """All that is under a folder, as nested mappings."""
    found: dict[str, Any] = {}
    for fact in facts:
        if fact.path.startswith(folder) and not fact.is_listed_alone:
            *folders, last = (server.json_names.get(part, part) for part in fact.path[len(folder) :].split("/"))
            into = found
            for part in folders:
                into = into.setdefault(part, {})
            into[last] = _value(fact)
    return found


def _value(fact: MetadataFact) -> str | list[str]:
    return list(fact.items) if fact.items is not None else fact.text


def _row(path: str, query: dict[str, str | None], answer: dict[str, Any]) -> dict[str, Any]:
    return {"path": path, "query": query, "answer": answer}


def _told(body: str, content_type: str) -> dict[str, Any]:
    return _answer(MetadataAnswer(status=200, body=body, content_type=content_type))


def _answer(answer: MetadataAnswer) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(to_json(answer))
    return {**told, "jwt": None}
