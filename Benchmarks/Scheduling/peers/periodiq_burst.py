"""N cron lines `* * * * *` of periodiq: how long after the minute their messages are in Redis. No worker runs them.

usage: periodiq_burst.py URL JOBS
"""
import sys
import time

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from periodiq import PeriodiqMiddleware, cron, main as periodiq, make_argument_parser

from scene import Scene, note, report


class Sent(dramatiq.Middleware):
    def after_enqueue(self, broker, message, delay):
        note("sent", time.time())


def schedule(url, jobs):
    broker = RedisBroker(url=url)
    broker.add_middleware(PeriodiqMiddleware(skip_delay=300))
    broker.add_middleware(Sent())
    dramatiq.set_broker(broker)
    for index in range(jobs):
        dramatiq.actor(lambda: None, actor_name=f"job-{index}", broker=broker, periodic=cron("* * * * *"))
    # It takes its broker from a module.
    sys.modules["bench_broker"] = module = type(sys)("bench_broker")
    module.broker = broker
    note("ready")
    sys.exit(periodiq(make_argument_parser().parse_args(["bench_broker:broker"])))


def main(url, jobs):
    redis.Redis.from_url(url).flushall()
    with Scene() as scene:
        scene.start(__file__, "schedule", url, jobs)
        scene.await_notes(1, 40)
        # At its start it sends what the running minute asks for; the next one begins when that is done.
        minute = (int(time.time() + 10) // 60 + 1) * 60

        def sent():
            return sorted(at - minute for at in (float(at) for at, in scene.notes("sent")) if at >= minute)

        time.sleep(max(0, minute + 1 - time.time()))
        scene.until(lambda: len(sent()) >= jobs or time.sleep(0.3), 50, lambda: f"{len(sent())} of {jobs} were sent")
        late = sent()
    report(started=len(late), first_ms=round(late[0] * 1000, 3), p50_ms=round(late[len(late) // 2] * 1000, 3),
           last_ms=round(late[jobs - 1] * 1000, 3))


if __name__ == "__main__":
    if sys.argv[1] == "schedule":
        schedule(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]))
