"""Uses the builders of honeycomb-api, each of which makes several resources by a chain of requests, and prints as JSON what came of it."""

import asyncio
import json
import sys
import time

from honeycomb import HoneycombClient, models


async def send(client, now):
    """Six spans, two of which fail: a web server that calls a shop."""
    events = []
    for trace in range(3):
        for service, parent in [("web", None), ("shop", f"{trace}web")]:
            data = {
                "service.name": service,
                "trace.trace_id": f"t{trace}",
                "trace.span_id": f"{trace}{service}",
                "duration_ms": 10.0 * (trace + 1),
                "status": 500 if trace == 2 else 200,
            }
            if parent:
                data["trace.parent_id"] = parent
            events.append(models.BatchEvent(data=data, time=str(now - 60)))
    answer = await client.events.send_batch_async("shop", events)
    assert [it.status for it in answer] == [202] * len(events)


def query(name):
    return models.QueryBuilder(name).dataset("shop").last_1_hour().count().max("duration_ms")


async def rows(client):
    """Events can be asked for a moment after they are taken in."""
    spec = query("Requests").group_by("service.name").where("status", "<", 500).order_by("COUNT", "descending")
    for _ in range(100):
        _, result = await client.query_results.create_and_run_async(spec, poll_interval=0.05)
        if sum(row["COUNT"] for row in result.data.rows) == 4:
            break
    return sorted([row["service.name"], row["COUNT"], row["MAX(duration_ms)"]] for row in result.data.rows)


async def calls(client):
    request = models.ServiceMapDependencyRequestCreate(time_range=7200)
    result = await client.service_map_dependencies.get_async(request, poll_interval=0.05)
    return [[it.parent_node.name, it.child_node.name, it.call_count] for it in result.dependencies]


async def slo(client):
    alert, kinds = models.BurnAlertBuilder, models.BurnAlertType
    exhaustion = alert(kinds.EXHAUSTION_TIME).exhaustion_minutes(60).email("bee@example.com")
    rate = alert(kinds.BUDGET_RATE).window_minutes(60).threshold_percent(2).email("bee@example.com")
    builder = models.SLOBuilder("Good").dataset("shop").target_percentage(99.5).time_period_weeks(4)
    builder.sli(alias="is_good", expression="LT($status, 500)", description="d").tag("team", "bees")
    made = await client.slos.create_from_bundle_async(
        builder.exhaustion_alert(exhaustion).budget_rate_alert(rate).build()
    )
    slo = made["shop"]
    burns = await client.burn_alerts.list_async("shop", slo.id)
    return slo, [slo.sli.alias, slo.target_per_million, sorted(it.alert_type for it in burns)]


async def trigger(client):
    builder = models.TriggerBuilder("Many").last_30_minutes().count().threshold_gt(100).every_15_minutes()
    builder = builder.dataset("shop").where("status", ">=", 500).email("bee@example.com").slack("#bees").disabled()
    made = await client.triggers.create_from_bundle_async(builder.build())
    return [made.dataset_slug, made.threshold.value, sorted(it.type.value for it in made.recipients)]


async def board(client, slo):
    builder = models.BoardBuilder("All").description("d").auto_layout().preset_filter("service.name", "Service")
    builder.query(query("Panel")).text("# Notes").slo(slo.id)
    builder.add_view("Shop", [{"column": "service.name", "operation": "=", "value": "shop"}])
    made = await client.boards.create_from_bundle_async(builder.build())
    exported = await client.boards.export_with_views_async(made.id)
    return [[panel["type"] for panel in exported["panels"]], [view["name"] for view in exported["views"]]]


async def main(url, key):
    async with HoneycombClient(api_key=key, base_url=url) as client:
        await client.datasets.create_async(models.DatasetCreate(name="shop"))
        await send(client, int(time.time()))
        found = {"rows": await rows(client), "calls": await calls(client)}
        made, found["slo"] = await slo(client)
        found["trigger"] = await trigger(client)
        found["board"] = await board(client, made)
        # The builders look for a recipient before they make one.
        found["recipients"] = sorted(it.type for it in await client.recipients.list_async())
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:3]))
