"""Says that it is well, and where it runs."""

import os
import sys

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/where")
def where():
    return {"directory": os.getcwd(), "prefix": sys.prefix}
