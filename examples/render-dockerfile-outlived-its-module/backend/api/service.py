"""The orders API, a WSGI application: /health and /orders."""

import json

ORDERS = [{"id": 1, "item": "apples", "kilograms": 3}, {"id": 2, "item": "pears", "kilograms": 1}]

ANSWERS = {"/health": {"status": "ok"}, "/orders": ORDERS}


def app(environ, start_response):
    answer = ANSWERS.get(environ["PATH_INFO"])
    status = "200 OK" if answer is not None else "404 Not Found"
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer if answer is not None else {"error": "not found"}).encode()]
