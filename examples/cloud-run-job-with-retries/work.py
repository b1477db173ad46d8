"""Copies its share of the orders: which share, the platform says by the task's number."""

import os
import sys

index = int(os.environ["CLOUD_RUN_TASK_INDEX"])
attempt = int(os.environ["CLOUD_RUN_TASK_ATTEMPT"])
count = int(os.environ["CLOUD_RUN_TASK_COUNT"])

if index == 1 and attempt == 0:
    print(f"task {index}, attempt {attempt}: the table is locked by another task", flush=True)
    sys.exit(1)
print(f"task {index} of {count}, attempt {attempt}: 500 orders copied", flush=True)
