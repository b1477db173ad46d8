"""The worker: writes one report after another."""

import time

PAUSE_SECONDS = 10


def work():
    number = 0
    while True:
        number += 1
        print(f"report {number} written", flush=True)
        time.sleep(PAUSE_SECONDS)
