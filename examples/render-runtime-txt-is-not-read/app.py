"""Says which file of a form was sent, as the library of its time reads it."""

import cgi

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "ok", "form": cgi.parse_header("form-data; name=file")[1]["name"]}
