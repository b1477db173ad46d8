"""The catalogue, a WSGI application: /health and /books."""

import json

BOOKS = [{"title": "Walden", "year": 1854}, {"title": "Middlemarch", "year": 1871}]

ANSWERS = {"/health": {"status": "ok"}, "/books": BOOKS}


def app(environ, start_response):
    answer = ANSWERS.get(environ["PATH_INFO"])
    status = "200 OK" if answer is not None else "404 Not Found"
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer if answer is not None else {"error": "not found"}).encode()]
