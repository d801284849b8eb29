"""From an enqueue in another process to the start of the job, one at a time on an idle worker of pgqueuer.

usage: pgqueuer_trigger.py URL COUNT
"""
import asyncio
import sys
import time

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from scene import HERE, Scene, lateness, report


async def main(url, count):
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    with Scene() as scene:
        scene.start(HERE / "pgqueuer_worker.py", url, 10)
        scene.go(1)
        await asyncio.sleep(2)
        for _ in range(5 + count):
            # The first ones open connections.
            await queries.enqueue("work", str(time.time()).encode())
            await asyncio.sleep(0.03)
        scene.await_notes(1 + 5 + count, 30)
        waits = [float(at) - float(sent) for at, sent in scene.notes("start")][5:]
    await connection.close()
    report(triggers=len(waits), **lateness(waits))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
