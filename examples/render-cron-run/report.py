"""Writes the day's report and ends."""

import os

print(f"report of {os.environ['RENDER_SERVICE_NAME']}: 3 orders, 1 return", flush=True)
