"""The other process: reads lines of JSON, imports the bundle of each into its database, says so."""

import asyncio
import json
import sys

from portal import db
from portal.interchange import loading
from portal.scope import SYSTEM


async def load(url: str, packed: bytes) -> None:
    await db.open(url)
    try:
        outcome = await loading.load(SYSTEM, packed, dry_run=False)
        assert not outcome.refused, outcome.problems
    finally:
        await db.close()


for line in sys.stdin:
    order = json.loads(line)
    asyncio.run(load(order["url"], bytes.fromhex(order["bundle"])))
    print("done", flush=True)
