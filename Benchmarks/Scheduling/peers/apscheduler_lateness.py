"""How late APScheduler 3 starts jobs, N due each second, spread over it or together: from memory, or from a database.

usage: apscheduler_lateness.py JOBS WARM SECONDS spread|together [URL]
"""
import datetime
import logging
import sys
import time

from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scene import lateness, report

utc = datetime.timezone.utc


def work():
    pass


def main(jobs, warm, seconds, spread, url=None):
    # Whatever comes too late is missed and not started; the rate says so, and a line for each would cost time.
    logging.disable()
    starts = []

    def note(event):
        now = time.time()
        starts.append((now, now - event.scheduled_run_time.timestamp()))

    stores = {}
    if url:
        from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

        stores["default"] = SQLAlchemyJobStore(url="postgresql+psycopg" + url[url.index(":"):])
    scheduler = BackgroundScheduler(jobstores=stores, timezone=utc)
    scheduler.add_listener(note, EVENT_JOB_EXECUTED)
    base = datetime.datetime.now(utc).replace(microsecond=0) + datetime.timedelta(seconds=1)
    for index in range(jobs):
        begin = base + datetime.timedelta(seconds=index / jobs if spread else 0)
        scheduler.add_job(work, IntervalTrigger(seconds=1, start_date=begin, timezone=utc), id=f"job-{index}")
    scheduler.start()
    time.sleep(warm)
    begin = time.time()
    time.sleep(seconds)
    late = [value for at, value in starts if begin <= at < begin + seconds]
    scheduler.shutdown(wait=False)
    report(fires_per_s=round(len(late) / seconds, 1), **lateness(late))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "spread", *sys.argv[5:])
