"""A Celery application with one task, which notes when it was sent and when it started."""
import os
import time

from celery import Celery

from scene import note

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
# What is taken and not done survives a worker, as with the others that are measured.
app.conf.update(
    task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=True, task_default_queue="work",
    task_create_missing_queues=True)
if "BENCH_RESULTS" in os.environ:
    # What follows others is told of their ends by results.
    app.conf.update(result_backend=os.environ["BENCH_REDIS"], task_ignore_result=False)


@app.task(name="work")
def work(sent):
    note("start", time.time(), sent)


@app.task(name="step")
def step():
    start = time.time()
    note("step", start, time.time())


def worker(name, queue):
    """The words that start a worker of one child."""
    return ["-m", "celery", "-A", "celery_app", "worker", "-P", "prefork", "-c", "1", "-n", name, "-Q", queue, "-l", "ERROR"]


def await_workers(scene, count):
    """Waits until so many workers answer."""
    scene.until(lambda: len(app.control.ping(timeout=0.5)) >= count, 60)
