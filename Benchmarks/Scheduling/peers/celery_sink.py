"""A Celery application that others send to: a task that notes which occurrence it was, and one that does nothing."""
import os
import time

from celery import Celery

from scene import note

app = Celery("sink", broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
app.conf.update(worker_prefetch_multiplier=1, task_ignore_result=False)


@app.task(name="occurrence", bind=True, ignore_result=True)
def occurrence(self):
    note("occurrence", time.time(), self.request.get("onebeat_scheduled_at") or "?")


@app.task(name="nothing")
def nothing():
    return 1


def worker(name):
    """The words that start a worker of two children."""
    return ["-m", "celery", "-A", "celery_sink", "worker", "-P", "prefork", "-c", "2", "-n", name, "-l", "ERROR"]


def await_workers(scene, count):
    """Waits until so many workers answer."""
    scene.until(lambda: len(app.control.ping(timeout=0.5)) >= count, 60)
