"""A PostgreSQL and a Redis of our own, on loopback ports of their own, for as long as this process lives."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from bench.measuring import Failed, shell

# Waits for the end of its input, which comes however we end, then stops the server and leaves nothing behind.
GUARD = 'folder=$1; shift; "$@" >"$folder/log" 2>&1 & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf "$folder"'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Starts when it is first needed."""

    _started = {}

    @classmethod
    def running(cls):
        if cls not in cls._started:
            cls._started[cls] = cls()
        return cls._started[cls]

    @staticmethod
    def stop_all():
        for server in Server._started.values():
            server.stop()

    def _start(self, folder, is_ready, *words):
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, "guard", str(folder), *(str(word) for word in words)], stdin=subprocess.PIPE,
            start_new_session=True, cwd="/")
        until = time.monotonic() + 30
        while not is_ready():
            if time.monotonic() > until:
                self.stop()
                raise Failed(f"{words[-1]} does not answer")
            time.sleep(0.05)

    def stop(self):
        self._guard.stdin.close()
        try:
            self._guard.wait(30)
        except subprocess.TimeoutExpired:
            pass


class Postgres(Server):
    """With its defaults, as another user where we are root, which PostgreSQL refuses to run as."""

    def __init__(self):
        bin = pathlib.Path(shell("pg_config", "--bindir").strip())
        self.port, self._count = free_port(), 0
        folder = pathlib.Path(tempfile.mkdtemp(prefix="onebeat-bench-"))
        words = []
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        data = folder / "data"
        shell(*words, bin / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "postgres", cwd=folder)
        ready = [bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self._start(
            folder, lambda: subprocess.run(ready).returncode == 0, *words, bin / "postgres", "-D", data, "-p", self.port,
            "-k", folder, "-c", "listen_addresses=127.0.0.1")

    def sql(self, text, database="postgres"):
        return shell("psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-d",
                     database, "-c", text, timeout=300)

    def create(self, template="template0"):
        """A new database, copied from another one."""
        self._count += 1
        name = f"bench{self._count}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name):
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name):
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    @classmethod
    @contextlib.contextmanager
    def database(cls, template="template0"):
        """The URL of a new database, which is dropped after it."""
        server = cls.running()
        name = server.create(template)
        try:
            yield server.url(name)
        finally:
            server.drop(name)


class Redis(Server):
    """Keeps nothing on disk, which suits those best whose queue it is."""

    def __init__(self):
        if not shutil.which("redis-server"):
            raise Failed("redis-server is not installed")
        folder = tempfile.mkdtemp(prefix="onebeat-bench-")
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        ping = ["redis-cli", "-h", "127.0.0.1", "-p", str(port), "ping"]
        self._start(
            folder, lambda: "PONG" in subprocess.run(ping, capture_output=True, text=True).stdout, "redis-server", "--port",
            port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no")
