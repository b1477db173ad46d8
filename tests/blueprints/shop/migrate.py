"""Runs before the web service starts: makes the table."""

import os

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, item text, cents int)")
print("the table is there", flush=True)
