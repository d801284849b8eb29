"""One figure at a time: a command that prints a line of JSON, bounded in time, and the table its figures end in."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
BUILD = HERE / ".build"
OURS = BUILD / "release" / "onebeat-bench"
NODE = HERE / "../../.build/release/onebeat"


class Failed(Exception):
    """A measurement that gave no figure: its row says why, and the others go on."""


def shell(*words, timeout=120, **options):
    """What a command prints, which must end well and in time."""
    try:
        return subprocess.run(
            [str(word) for word in words], check=True, text=True, stdout=subprocess.PIPE, timeout=timeout, **options).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(str(error)) from error


def launch(*words, **options):
    """Starts a process in a group of its own, for `end`."""
    return subprocess.Popen([str(word) for word in words], start_new_session=True, stdin=subprocess.DEVNULL, **options)


def end(process, politely=0):
    """Ends a process and all it started. The group is ended before its leader is reaped, so that it is still ours."""
    if process.returncode is not None:
        return
    if politely:
        process.send_signal(signal.SIGTERM)
        has_ended(process, politely)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def has_ended(process, seconds):
    """Whether it ends in time; it is not reaped."""
    until = time.monotonic() + seconds
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class Measurement:
    """A command that is at work, and whose last line is its figures."""

    def __init__(self, *words, **options):
        self._output, self._complaints = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        try:
            self._process = launch(*words, stdout=self._output, stderr=self._complaints, **options)
        except OSError as error:
            raise Failed(str(error)) from error

    def figures(self, seconds):
        """What it found, waiting no longer than that."""
        try:
            in_time = has_ended(self._process, seconds)
        finally:
            self.end()
        if not in_time:
            raise Failed(f"no figure in {seconds} s")
        lines = self._read(self._output)
        if self._process.returncode != 0 or not lines:
            lines = self._read(self._complaints) or [f"exit code {self._process.returncode}"]
            # Programs say what was wrong last, or in a line of its own before their usage.
            raise Failed(next((line for line in lines if line.startswith("Error:")), lines[-1]).strip()[:300])
        return json.loads(lines[-1])

    def end(self):
        end(self._process)

    @staticmethod
    def _read(file):
        file.seek(0)
        return file.read().strip().splitlines()


def figures(*words, seconds=120, **options):
    return Measurement(*words, **options).figures(seconds)


def in_turn(title, rounds, asks):
    """Asks one after the other, again and again, and prints a table with a row for each answer.

    `asks` has who is asked and how. An answer may bring a `who` of its own.
    """
    rows = []
    for _ in range(rounds):
        for who, ask in asks.items():
            load = os.getloadavg()[0]
            try:
                found = ask()
            except Failed as failure:
                found = {"failed": str(failure).replace("|", "/")}
            rows.append({"who": who, **found, "load before": round(load, 2)})
            # A long run shows how it goes.
            print(f"{time.strftime('%H:%M:%S')} {json.dumps(rows[-1])}", file=sys.stderr, flush=True)
    table(title, rows)
    return rows


def table(title, rows):
    print(f"\n### {title}\n")
    keys = list(dict.fromkeys(key for row in rows for key in row))
    print("| " + " | ".join(keys) + " |\n|" + " --- |" * len(keys))
    for row in rows:
        print("| " + " | ".join(str(row.get(key, "–")) for key in keys) + " |", flush=True)
