"""A Celery application as there are many: nothing in it knows of Onebeat."""
import os
import time

from celery import Celery

url = os.environ.get("SHOP_REDIS", "redis://127.0.0.1:6399")
app = Celery("shop", broker=f"{url}/0", backend=f"{url}/1")
app.conf.update(task_track_started=True, broker_connection_retry_on_startup=True)


@app.task(name="shop.newsletter")
def newsletter(issue, size=1):
    time.sleep(1)
    return {"issue": issue, "sent": size}


@app.task(name="shop.stock", bind=True)
def stock(self):
    # The same for all tries of one due instant, so that a task that is executed twice can be told.
    return self.request.get("onebeat_run_key")
