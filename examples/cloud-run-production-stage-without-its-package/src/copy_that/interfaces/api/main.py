"""The API: says that it is healthy."""

import json

ANSWERS = {"/health": {"status": "healthy"}}


def app(environ, start_response):
    """A WSGI application."""
    answer = ANSWERS.get(environ["PATH_INFO"])
    start_response("200 OK" if answer else "404 Not Found", [("Content-Type", "application/json")])
    return [json.dumps(answer or {"error": "not found"}).encode()]
