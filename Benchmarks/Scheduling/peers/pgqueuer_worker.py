"""A worker of pgqueuer whose job notes when it was sent and when it started.

usage: pgqueuer_worker.py URL BATCH
"""
import asyncio
import sys
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver

from scene import await_go, note


async def main(url, batch):
    worker = PgQueuer(AsyncpgDriver(await asyncpg.connect(url)))

    @worker.entrypoint("work")
    async def work(job):
        note("start", time.time(), job.payload.decode())

    await_go()
    await worker.run(batch_size=batch)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
