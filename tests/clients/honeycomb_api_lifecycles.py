"""Makes, reads, changes and deletes every resource that honeycomb-api knows, a client that was written for Honeycomb.

Whatever is sent must come back from the answers to creating, reading, listing and changing; what was deleted must be gone. Prints
what went all the way, as JSON.
"""

import json
import sys
import time

from honeycomb import HoneycombClient, models
from honeycomb import _generated_models as generated
from honeycomb.exceptions import HoneycombNotFoundError

done = []


def sent_members(value):
    return value.model_dump(mode="json", exclude_none=True, by_alias=True, exclude_unset=True)


def check(sent, got, place):
    """What was sent is in what came back; whatever else is there is the server's."""
    if isinstance(sent, dict):
        assert isinstance(got, dict), f"{place}: {got!r} instead of {sent!r}"
        for name, value in sent.items():
            check(value, got.get(name), f"{place}.{name}")
    elif isinstance(sent, list):
        assert isinstance(got, list) and len(sent) == len(got), f"{place}: {got!r} instead of {sent!r}"
        for index, value in enumerate(sent):
            check(value, got[index], f"{place}[{index}]")
    else:
        assert sent == got, f"{place}: {got!r} instead of {sent!r}"


def lifecycle(name, door, before, first, second, get=None, ident="id", verb="", stays=False):
    """One thing from its making to its end. `door` is the resource of the client, `before` the arguments that say where."""
    call = lambda what: getattr(door, f"{what}{verb}")
    dump = lambda value: value.model_dump(mode="json", by_alias=True)
    everything = {"": "list"}.get(verb, f"list{verb}s")
    listed = lambda: {dump(it)[ident]: dump(it) for it in getattr(door, everything)(*before)}

    made = dump(call("create")(*before, first))
    key = made[ident]
    assert key, f"{name} has no {ident}: {made}"
    check(sent_members(first), made, f"{name} made")
    check(sent_members(first), listed()[key], f"{name} listed")
    if get is not False:
        check(sent_members(first), dump(getattr(door, f"get{verb}")(*before, key)), f"{name} read")
    changed = dump(call("update")(*before, key, second))
    check(sent_members(second), changed, f"{name} changed")
    check(sent_members(second), listed()[key], f"{name} listed once changed")
    done.append(name)
    return key if stays else remove(name, door, before, key, listed, get, verb)


def remove(name, door, before, key, listed, get, verb):
    getattr(door, f"delete{verb}")(*before, key)
    assert key not in listed(), f"{name} is listed after its end"
    if get is not False:
        try:
            getattr(door, f"get{verb}")(*before, key)
        except HoneycombNotFoundError:
            return None
        raise AssertionError(f"{name} is read after its end")
    return None


def datasets(client):
    first = models.DatasetCreate(name="shop", description="d", expand_json_depth=2)
    second = models.DatasetUpdate(description="e", expand_json_depth=3)
    lifecycle("dataset", client.datasets, (), first, second, ident="slug", stays=True)
    client.datasets.create(models.DatasetCreate(name="gone"))
    # Its set_delete_protected sends neither a description nor a depth, nor does it send empty ones: the API requires both.
    open_ = models.DatasetUpdate(description="e", expand_json_depth=1, settings={"delete_protected": False})
    assert not client.datasets.update("gone", open_).settings.delete_protected
    client.datasets.delete("gone")
    assert [it.slug for it in client.datasets.list()] == ["shop"]


def columns(client):
    first = models.ColumnCreate(key_name="ms", type="float", description="d", hidden=False)
    second = models.ColumnCreate(key_name="ms", type="integer", description="e", hidden=True)
    lifecycle("column", client.columns, ("shop",), first, second)
    events = [models.BatchEvent(data={"ms": 5.0, "status": 200, "path": "/"}, samplerate=2)] * 3
    assert [it.status for it in client.events.send_batch("shop", events)] == [202] * 3
    client.events.send("shop", {"ms": 7.0, "status": 500, "path": "/"})


def derived_columns(client):
    for place, alias in [("shop", "is_good"), ("__all__", "is_far")]:
        first = models.DerivedColumnCreate(alias=alias, expression="LT($status, 400)", description="d")
        second = models.DerivedColumnCreate(alias=f"{alias}_now", expression="LT($status, 500)")
        lifecycle("derived column", client.derived_columns, (place,), first, second)
    kept = client.derived_columns.create(
        "shop", models.DerivedColumnCreate(alias="sli", expression="LT($status, 400)")
    )
    assert [it.id for it in client.derived_columns.list("shop", alias="sli")] == [kept.id]


def queries(client):
    spec = models.QuerySpec.builder().dataset("shop").last_1_hour().count().group_by("path").build()
    query = client.queries.create(spec, dataset="shop")
    assert client.queries.get("shop", query.id).id == query.id
    first = models.QueryAnnotationCreate(name="n", description="d", query_id=query.id)
    second = models.QueryAnnotationCreate(name="o", description="e", query_id=query.id)
    door = client.query_annotations
    return query.id, lifecycle("query annotation", door, ("shop",), first, second, stays=True)


def markers(client):
    now = int(time.time())
    for place in ("shop", "__all__"):
        first = models.MarkerCreate(
            message="m", type="deploy", url="https://example.com/1", start_time=now, end_time=now + 5
        )
        second = models.MarkerCreate(message="n", type="deploy", url="https://example.com/2", start_time=now)
        lifecycle("marker", client.markers, (place,), first, second, get=False)
    first = models.MarkerSettingCreate(type="deploy", color="#aabbcc")
    second = models.MarkerSettingCreate(type="deploy", color="#ccbbaa")
    # The API has no route that reads one of them.
    lifecycle("marker setting", client.markers, ("shop",), first, second, get=False, verb="_setting")


def recipients(client):
    hook = {"webhook_name": "n", "webhook_url": "https://example.com/a"}
    moved = {"webhook_name": "o", "webhook_url": "https://example.com/b"}
    headers = [{"header": "x-bee", "value": "1"}]
    kinds = [
        (generated.EmailRecipient, "email", {"email_address": "a@example.com"}, {"email_address": "b@example.com"}),
        (generated.SlackRecipient, "slack", {"slack_channel": "#a"}, {"slack_channel": "#b"}),
        (
            generated.PagerDutyRecipient,
            "pagerduty",
            {"pagerduty_integration_name": "n", "pagerduty_integration_key": "a" * 32},
            {"pagerduty_integration_name": "o", "pagerduty_integration_key": "b" * 32},
        ),
        (generated.WebhookRecipient, "webhook", {**hook, "webhook_headers": headers}, moved),
        (generated.MSTeamsWorkflowRecipient, "msteams_workflow", hook, moved),
    ]
    for kind, name, details, others in kinds:
        first, second = (kind(type=name, details=it) for it in (details, others))
        lifecycle(f"{name} recipient", client.recipients, (), first, second)
    kept = generated.EmailRecipient(type="email", details={"email_address": "c@example.com"})
    return client.recipients.create(kept).id


def triggers(client, recipient):
    def trigger(name, value, **more):
        query = {"calculations": [{"op": "COUNT"}], "time_range": 900}
        return models.TriggerWithInlineQuery(
            name=name,
            description="d",
            query=query,
            threshold={"op": ">", "value": value, "exceeded_limit": 2},
            frequency=900,
            alert_type="on_change",
            disabled=True,
            recipients=[{"id": recipient}],
            tags=[{"key": "team", "value": "bees"}],
            **more,
        )

    key = lifecycle("trigger", client.triggers, ("shop",), trigger("a", 10), trigger("b", 20.5), stays=True)
    assert [it["id"] for it in client.recipients.get_triggers(recipient)] == [key]
    client.triggers.delete("shop", key)
    days = {"days_of_week": ["monday", "friday"], "start_time": "09:00", "end_time": "17:00"}
    windowed = trigger("c", 1, evaluation_schedule_type="window", evaluation_schedule={"window": days})
    compared = trigger("d", 1, baseline_details={"offset_minutes": 1440, "type": "value"})
    lifecycle("trigger", client.triggers, ("shop",), windowed, compared)


def slos(client, recipient):
    def slo(name, target):
        return models.SLOCreate(
            name=name,
            description="d",
            sli="sli",
            time_period_days=30,
            target_per_million=target,
            tags=[{"key": "team", "value": "bees"}],
        )

    key = lifecycle("slo", client.slos, ("shop",), slo("a", 999_000), slo("b", 990_000), stays=True)
    told = [{"id": recipient}]
    of_slo = {"slo": {"id": key}, "recipients": told, "description": "d"}
    exhaustion = {"alert_type": "exhaustion_time"}
    rate = {"alert_type": "budget_rate", "budget_rate_window_minutes": 60}
    threshold = "budget_rate_decrease_threshold_per_million"
    kinds = [
        ({**exhaustion, "exhaustion_minutes": 60}, {**exhaustion, "exhaustion_minutes": 90}),
        ({**rate, threshold: 1_000}, {**rate, threshold: 2_000}),
    ]
    for made, changed in kinds:
        first = generated.CreateBurnAlertRequest.model_validate({**made, **of_slo})
        second = generated.UpdateBurnAlertRequest.model_validate({**changed, "recipients": told, "description": "e"})
        burn_alert(client.burn_alerts, key, first, second)
    return key


def burn_alert(door, slo, first, second):
    """As [`lifecycle`], but a list is that of an SLO and has no recipients."""
    dump = lambda value: value.model_dump(mode="json")
    made = dump(door.create("shop", first))
    check(sent_members(first), made, "burn alert made")
    check(sent_members(first), dump(door.get("shop", made["id"])), "burn alert read")
    assert [it.id for it in door.list("shop", slo)] == [made["id"]]
    check(sent_members(second), dump(door.update("shop", made["id"], second)), "burn alert changed")
    door.delete("shop", made["id"])
    assert door.list("shop", slo) == []
    done.append(f"{made['alert_type']} burn alert")


def boards(client, query, annotation, slo):
    place = {"x_coordinate": 0, "y_coordinate": 0, "height": 4, "width": 6}
    panels = [
        {
            "type": "query",
            "position": place,
            "query_panel": {"query_id": query, "query_annotation_id": annotation, "query_style": "graph"},
        },
        {"type": "text", "position": {**place, "x_coordinate": 6}, "text_panel": {"content": "# t"}},
        {"type": "slo", "position": {**place, "y_coordinate": 4}, "slo_panel": {"slo_id": slo}},
    ]
    first = models.BoardCreate(
        name="a",
        description="d",
        type="flexible",
        panels=panels,
        layout_generation="manual",
        tags=[{"key": "team", "value": "bees"}],
        preset_filters=[{"column": "path", "alias": "Path"}],
    )
    second = models.BoardCreate(name="b", type="flexible", panels=panels[1:2], layout_generation="manual")
    key = lifecycle("board", client.boards, (), first, second, stays=True)
    filters = [{"column": "path", "operation": "=", "value": "/"}]
    view = models.BoardViewCreate(name="v", filters=filters)
    other = models.BoardViewCreate(name="w", filters=[{"column": "path", "operation": "exists"}])
    lifecycle("board view", client.boards, (key,), view, other, verb="_view")
    client.boards.delete(key)
    assert client.boards.list() == []


def main(url, key):
    with HoneycombClient(api_key=key, base_url=url, sync=True) as client:
        datasets(client)
        columns(client)
        derived_columns(client)
        query, annotation = queries(client)
        markers(client)
        recipient = recipients(client)
        triggers(client, recipient)
        slo = slos(client, recipient)
        boards(client, query, annotation, slo)
        client.slos.delete("shop", slo)
        client.recipients.delete(recipient)
        client.query_annotations.delete("shop", annotation)
        lists = [client.slos.list("shop"), client.recipients.list(), client.query_annotations.list("shop")]
        assert lists == [[], [], []], lists
    print(json.dumps(done))


main(*sys.argv[1:3])
