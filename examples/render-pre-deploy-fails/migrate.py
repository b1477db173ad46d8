"""Brings the database up to date."""

import sys

print("applying 0045 add the plan 'basic'", flush=True)
print("0045 failed: there is no type subscription_plan", file=sys.stderr, flush=True)
sys.exit(2)
