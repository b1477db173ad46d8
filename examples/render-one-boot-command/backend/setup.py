"""The folder this file lies in is the package `backend`, so the context holds all that pip needs."""

from setuptools import setup

setup(
    name="backend",
    version="1.0.0",
    python_requires=">=3.11",
    package_dir={"backend": "."},
    packages=["backend", "backend.infrastructure"],
)
