"""What the scripts here share: processes that end with them, and a file in which these note what happened.

Lines are appended by one write each, so that those of several processes never mix.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
_file = None


def note(*words):
    """Adds a line; each process opens the file for itself."""
    global _file
    if _file is None or _file[0] != os.getpid():
        _file = (os.getpid(), os.open(os.environ["BENCH_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    os.write(_file[1], (" ".join(str(word) for word in words) + "\n").encode())


def await_go():
    """Says that this process is ready, and waits for the others to be."""
    note("ready")
    while not os.path.exists(os.environ["BENCH_GO"]):
        time.sleep(0.005)


class Scene:
    """A folder with the notes and the log, and the processes started in it."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="onebeat-peer-")
        self.folder = pathlib.Path(self._folder.name)
        self._notes = self.folder / "notes"
        self._notes.touch()
        self._counted, self._place = 0, 0
        self._processes = []
        os.environ.update(
            BENCH_NOTES=str(self._notes), BENCH_GO=str(self.folder / "go"), PYTHONDONTWRITEBYTECODE="1",
            PYTHONPATH=str(HERE), PYTHONWARNINGS="ignore")
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()

    def start(self, *words):
        """Starts a Python process in this folder."""
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *(str(word) for word in words)], cwd=HERE, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self._processes.append(process)
        return process

    def go(self, processes):
        """Lets the processes begin together, once all of them are ready."""
        self.await_notes(processes, 60)
        (self.folder / "go").touch()

    def await_notes(self, count, seconds):
        """Waits until there are so many lines, and fails with the end of the log."""
        self.until(lambda: self._count() >= count, seconds, lambda: f"{self._counted} of {count} lines were noted")

    def until(self, holds, seconds, what=lambda: "what was waited for did not come"):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                tail = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                sys.exit(f"{what()} in {seconds} s; {' '.join(tail)[-200:]}")
            time.sleep(0.02)

    def notes(self, kind):
        """The lines of a kind, without it."""
        lines = (line.split() for line in self._notes.read_text().splitlines())
        return [line[1:] for line in lines if line[0] == kind]

    def _count(self):
        with open(self._notes, "rb") as file:
            file.seek(self._place)
            new = file.read()
        self._place += len(new)
        self._counted += new.count(b"\n")
        return self._counted


def lateness(values):
    """Percentiles of seconds, in milliseconds."""
    if not values:
        sys.exit("nothing was started in the time that was measured")
    values = sorted(value * 1000 for value in values)
    return {"p50_ms": round(values[len(values) // 2], 3), "p99_ms": round(values[int(len(values) * 0.99)], 3),
            "max_ms": round(values[-1], 3)}


def report(**figures):
    print(json.dumps(figures))
