"""Which modules well-known Python distributions bring, with all that they depend on.

From their own metadata (PyPI, read 2026-11-27), over the versions that are in use: a name too many here keeps the
check silent, one too few would let it tell what is not so. A distribution that is not here may bring anything.
"""

import re
from collections.abc import Iterable
from functools import cache

_TABLE = """
aiofiles: aiofiles
aiohttp: aiohttp multidict yarl frozenlist aiosignal attr attrs async_timeout aiohappyeyeballs propcache idna
 charset_normalizer typing_extensions
aiosqlite: aiosqlite typing_extensions
alembic: alembic mako markupsafe importlib_resources tomli @sqlalchemy
annotated-types: annotated_types
anyio: anyio sniffio idna exceptiongroup typing_extensions
asgiref: asgiref typing_extensions
asyncpg: asyncpg async_timeout
bcrypt: bcrypt cffi pycparser six
beautifulsoup4: bs4 soupsieve typing_extensions
blinker: blinker
boto3: boto3 botocore s3transfer jmespath dateutil urllib3 six
certifi: certifi
click: click importlib_metadata zipp
cryptography: cryptography cffi pycparser typing_extensions
dj-database-url: dj_database_url @django
django: django asgiref sqlparse tzdata pytz backports typing_extensions
django-cors-headers: corsheaders @django
djangorestframework: rest_framework @django
email-validator: email_validator dns idna
fastapi: fastapi annotated_doc opentelemetry @pydantic @starlette
flask: flask asgiref importlib_metadata zipp typing_extensions @werkzeug @jinja2 itsdangerous click blinker
flask-cors: flask_cors six @flask
flask-login: flask_login @flask
flask-migrate: flask_migrate @flask-sqlalchemy @alembic
flask-sqlalchemy: flask_sqlalchemy @flask @sqlalchemy
flask-wtf: flask_wtf wtforms @flask
greenlet: greenlet
gunicorn: gunicorn packaging
h11: h11 typing_extensions
httptools: httptools
httpx: httpx httpcore h11 certifi @anyio
idna: idna
itsdangerous: itsdangerous
jinja2: jinja2 markupsafe
joblib: joblib cloudpickle
lxml: lxml bs4 cssselect html5lib
markupsafe: markupsafe
numpy: numpy
openpyxl: openpyxl et_xmlfile
orjson: orjson
packaging: packaging pyparsing six
pandas: pandas numpy dateutil pytz tzdata six
passlib: passlib
pillow: PIL
pip: pip
psutil: psutil
psycopg: psycopg typing_extensions tzdata backports
psycopg[binary]: psycopg_binary @psycopg
psycopg[binary,pool]: psycopg_binary psycopg_pool @psycopg
psycopg-binary: psycopg_binary
psycopg2: psycopg2
psycopg2-binary: psycopg2
pydantic: pydantic pydantic_core annotated_types typing_extensions typing_inspection
pydantic[email]: @pydantic @email-validator
pydantic-core: pydantic_core typing_extensions
pydantic-settings: pydantic_settings dotenv @pydantic
pyjwt: jwt typing_extensions
pymongo: pymongo bson gridfs dns
pymysql: pymysql
python-dateutil: dateutil six
python-dotenv: dotenv
python-multipart: multipart python_multipart
pytz: pytz
pyyaml: yaml
redis: redis async_timeout jwt deprecated wrapt packaging importlib_metadata typing_extensions
requests: requests urllib3 idna certifi charset_normalizer chardet
setuptools: setuptools pkg_resources _distutils_hack distutils
six: six
sniffio: sniffio
sqlalchemy: sqlalchemy greenlet typing_extensions importlib_metadata zipp
sqlalchemy[asyncio]: @sqlalchemy
sqlmodel: sqlmodel @pydantic @sqlalchemy
sqlparse: sqlparse
starlette: starlette @anyio
tenacity: tenacity six
typing-extensions: typing_extensions
tzdata: tzdata
urllib3: urllib3 six
uvicorn: uvicorn click h11 typing_extensions asgiref colorama
uvicorn[standard]: httptools uvloop watchfiles websockets dotenv yaml @uvicorn @anyio
uvloop: uvloop
waitress: waitress
watchfiles: watchfiles @anyio
websockets: websockets
werkzeug: werkzeug markupsafe
wheel: wheel packaging
whitenoise: whitenoise brotli
"""
"""`DISTRIBUTION: MODULE…`; `@NAME` stands for all that another brings."""
_NAMED_OTHERWISE = {
    "attr": "attrs", "bs4": "beautifulsoup4", "bson": "pymongo", "corsheaders": "django-cors-headers",
    "Crypto": "pycryptodome", "cv2": "opencv-python-headless", "dateutil": "python-dateutil",
    "decouple": "python-decouple", "django_filters": "django-filter", "docx": "python-docx",
    "dotenv": "python-dotenv", "jose": "python-jose",
    "jwt": "pyjwt", "multipart": "python-multipart", "MySQLdb": "mysqlclient", "PIL": "pillow",
    "psycopg2": "psycopg2-binary", "rest_framework": "djangorestframework", "sklearn": "scikit-learn",
    "slugify": "python-slugify", "storages": "django-storages", "yaml": "pyyaml",
}  # fmt: skip
"""Distributions whose name is another than their module's."""
_REQUIREMENT = r"""(?x)\s* (?P<name>[\w.-]+) \s* (?:\[(?P<extras>[^]]*)\])? \s*
    (?:[<>=!~]{1,3} [\w.*+!,<>=~\s-]*)? (?:;.*)?"""


def distribution_of(module: str) -> str:
    """What to require for a module, as far as its name tells."""
    return _NAMED_OTHERWISE.get(module, module.replace("_", "-"))


def surely_bring_no(module: str, requirements: Iterable[str]) -> bool:
    """Whether none of these requirements, each known here, brings a top-level module."""
    return all(module not in (_brought(one) or (module,)) for one in requirements)


@cache
def _table() -> dict[str, tuple[str, ...]]:
    rows = re.findall(r"(?m)^(\S+): (.*(?:\n .*)*)", _TABLE)
    return {name: tuple(modules.split()) for name, modules in rows}


def _brought(requirement: str) -> frozenset[str] | None:
    """None where it may be anything."""
    found = re.fullmatch(_REQUIREMENT, requirement)
    if found is None:
        return None
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    extras = ",".join(sorted(part.strip().lower() for part in (found["extras"] or "").split(",") if part.strip()))
    row = f"{name}[{extras}]" if extras else name
    return frozenset(_modules(row)) if row in _table() else None


def _modules(row: str) -> Iterable[str]:
    for word in _table()[row]:
        yield from _modules(word[1:]) if word.startswith("@") else (word,)
