"""The peers, from their package registry into a virtual environment of ours. All of them get on in one."""
import functools
import json
import sys

from bench.measuring import BUILD, HERE, Failed, figures, shell
from bench.servers import Postgres, Redis

PACKAGES = [
    "APScheduler<4", "SQLAlchemy", "psycopg[binary,pool]", "procrastinate", "pgqueuer", "asyncpg", "celery[redis]",
    "celery-redbeat", "dramatiq", "periodiq", "cronsim", "croniter", "tzdata",
]
FOLDER = BUILD / "peers"
PYTHON = FOLDER / "bin" / "python"


def prepare():
    """Installs them once. Where that fails, Onebeat is still measured, and their rows say that they failed."""
    note = FOLDER / "packages"
    wanted = "\n".join(PACKAGES)
    if note.exists() and note.read_text() == wanted:
        return
    try:
        shell(sys.executable, "-m", "venv", FOLDER)
        shell(PYTHON, "-m", "pip", "install", "-q", *PACKAGES, timeout=600)
        note.write_text(wanted)
    except Failed as failure:
        print(f"the peers are not installed: {failure}", file=sys.stderr)


@functools.cache
def versions():
    listing = "import importlib.metadata as m, json; print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
    try:
        return json.loads(shell(PYTHON, "-c", listing))
    except Failed:
        return {}


def named(name):
    """The name of a package with its version."""
    return f"{name} {versions().get(name.lower(), '(not installed)')}"


def peer(script, *words, seconds=120):
    return figures(PYTHON, HERE / "peers" / f"{script}.py", *words, seconds=seconds)


def on_postgres(script, *words, seconds=120):
    with Postgres.database() as url:
        return peer(script, url, *words, seconds=seconds)


def on_redis(script, *words, seconds=120):
    return peer(script, Redis.running().url, *words, seconds=seconds)
