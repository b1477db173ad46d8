"""Says that it is well, and whether the release line has run."""

from pathlib import Path

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/prepared")
def prepared():
    return {"prepared": Path("prepared.txt").exists()}
