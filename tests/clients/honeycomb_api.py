"""Drives the management API with honeycomb-api, a client that was written for Honeycomb, and prints what it read as JSON."""

import json
import sys

from honeycomb import HoneycombClient
from honeycomb.models import ColumnCreate, DatasetCreate, QuerySpec

url, key = sys.argv[1:3]
with HoneycombClient(api_key=key, base_url=url, sync=True) as client:
    environment = client.auth.get().environment.slug
    made = client.datasets.create(DatasetCreate(name="shop", description="d"))
    column = client.columns.create("shop", ColumnCreate(key_name="ms", type="float"))
    columns = [it.key_name for it in client.columns.list("shop")]
    client.columns.delete("shop", column.id)
    query = client.queries.create(
        QuerySpec(calculations=[{"op": "COUNT"}], time_range=3600), dataset="shop"
    )
    client.query_results.run("shop", query_id=query.id)
    same = client.queries.get("shop", query.id).id == query.id
    lists = [len(getattr(client, it).list()) for it in ("boards", "recipients")]
    lists += [len(getattr(client, it).list("shop")) for it in ("markers", "triggers", "slos")]
print(
    json.dumps(
        {"environment": environment, "dataset": made.slug, "columns": columns, "same": same, "lists": lists}
    )
)
