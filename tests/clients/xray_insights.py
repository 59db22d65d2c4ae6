"""boto3 asks for insights of a shop whose bank fails for some minutes; prints what it saw as JSON."""

import json
import os
import time

import boto3
import botocore.exceptions

import xray_held

client = boto3.client("xray", endpoint_url=os.environ["WAGGLE_ENDPOINT"], region_name="eu-x-1")
checked = xray_held.watch(client)
MINUTE = 60
MINUTES = 95
BURST = range(70, 77)
# The history begins two hours ago, so that the trouble is over.
began = int(time.time()) // MINUTE * MINUTE - 120 * MINUTE


def documents(minute, request):
    """A request to the shop, which asks the bank; one in fifty fails in the shop, and half of them at the bank during the burst."""
    number = minute * 10 + request
    by_bank = minute in BURST and request % 2 == 0
    fault = by_bank or number % 50 == 7
    start = began + minute * MINUTE + request
    trace_id = f"1-{start:08x}-{number:024x}"
    shop, bank, call = f"{1:016x}", f"{2:016x}", f"{3:016x}"
    times = {"start_time": start, "end_time": start + 0.5}
    http = {"http": {"request": {"method": "GET", "url": "http://shop/pay"}, "response": {"status": 500 if fault else 200}}}
    yield {
        "trace_id": trace_id, "id": shop, "name": "shop", **times, "fault": fault, **http,
        "subsegments": [{"id": call, "name": "bank", "namespace": "remote", **times, "fault": by_bank}],
    }
    yield {"trace_id": trace_id, "id": bank, "parent_id": call, "name": "bank", **times, "fault": by_bank}


def refused(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    raise AssertionError("not refused")


everything = [json.dumps(document) for minute in range(MINUTES) for request in range(10) for document in documents(minute, request)]
for at in range(0, len(everything), 500):
    assert client.put_trace_segments(TraceSegmentDocuments=everything[at : at + 500])["UnprocessedTraceSegments"] == []
whole = {"StartTime": began, "EndTime": began + MINUTES * MINUTE}
deadline = time.time() + 20
while True:
    graph = {node["Name"]: node for node in client.get_service_graph(**whole)["Services"] if node["Type"] != "client"}
    if set(graph) == {"shop", "bank"} and all(node["SummaryStatistics"]["TotalCount"] == MINUTES * 10 for node in graph.values()):
        break
    assert time.time() < deadline, graph
    time.sleep(0.05)

watched = {"InsightsEnabled": True, "NotificationsEnabled": False}
client.create_group(GroupName="all", InsightsConfiguration=watched)
client.create_group(GroupName="shops", FilterExpression='service("shop")', InsightsConfiguration=watched)
client.create_group(GroupName="nobody", FilterExpression='service("nobody")', InsightsConfiguration=watched)
client.create_group(GroupName="unwatched")


def summaries(group, **more):
    return client.get_insight_summaries(GroupName=group, **{**whole, **more})["InsightSummaries"]


def plain(insight):
    """Without what differs from run to run."""
    minutes = {name: (insight[name].timestamp() - began) / MINUTE for name in ("StartTime", "EndTime")}
    rest = {name: value for name, value in insight.items() if name not in ("InsightId", "GroupARN", "LastUpdateTime")}
    return {**rest, **minutes}


seen = {"summaries": {group: [plain(one) for one in summaries(group)] for group in ("all", "shops", "nobody", "unwatched", "Default")}}
[found] = summaries("all")
assert found["LastUpdateTime"] == found["EndTime"]
# Any range that touches it names the same one; one that does not, none. In half an hour of it alone too.
for start, end in [(72, 73), (60, 71), (76, 95)]:
    [again] = summaries("all", StartTime=began + start * MINUTE, EndTime=began + end * MINUTE)
    assert again == found, (again, found)
assert summaries("all", StartTime=began, EndTime=began + 70 * MINUTE) == []
assert summaries("all", StartTime=began + 77 * MINUTE) == []
assert summaries("all", States=["ACTIVE"]) == []
assert summaries("all", States=["CLOSED"]) == [found]
assert client.get_insight_summaries(GroupARN=found["GroupARN"], **whole)["InsightSummaries"] == [found]

identified = {"InsightId": found["InsightId"]}
insight = client.get_insight(**identified)["Insight"]
assert insight == {name: value for name, value in found.items() if name != "LastUpdateTime"}, insight
first = client.get_insight_events(**identified, MaxResults=1)
second = client.get_insight_events(**identified, MaxResults=1, NextToken=first["NextToken"])
assert "NextToken" not in second
events = first["InsightEvents"] + second["InsightEvents"]
assert events == client.get_insight_events(**identified)["InsightEvents"]
seen["events"] = [
    [(event["EventTime"].timestamp() - began) / MINUTE, event["RootCauseServiceRequestImpactStatistics"]] for event in events
]
graph = client.get_insight_impact_graph(**identified, **whole)
names = {service["ReferenceId"]: f"{service['Name']}/{service['Type']}" for service in graph["Services"]}
seen["graph"] = {
    "services": {names[service["ReferenceId"]]: [names[edge["ReferenceId"]] for edge in service["Edges"]] for service in graph["Services"]},
    "time": [(graph[name].timestamp() - began) / MINUTE for name in ("ServiceGraphStartTime", "ServiceGraphEndTime")],
}

# Faults that go on now: the insight is active and has no end.
for request in range(10):
    for minute in range(90):
        start = time.time() - 90 * MINUTE + minute * MINUTE + request
        document = {
            "trace_id": f"1-{int(start):08x}-{minute * 10 + request:023x}f", "id": f"{1:016x}", "name": "late", "start_time": start,
            "end_time": start + 0.1, "fault": minute >= 85,
        }
        everything.append(json.dumps(document))
late = everything[-900:]
assert client.put_trace_segments(TraceSegmentDocuments=late)["UnprocessedTraceSegments"] == []
client.create_group(GroupName="late", FilterExpression='service("late")', InsightsConfiguration=watched)
now = {"StartTime": time.time() - 600, "EndTime": time.time()}
deadline = time.time() + 20
while not (active := summaries("late", States=["ACTIVE"], **now)):
    assert time.time() < deadline, client.get_service_graph(**now)
    time.sleep(0.1)
seen["active"] = [active[0]["State"], active[0]["RootCauseServiceId"]["Name"], "EndTime" in active[0]]

# Without a group those of all groups; the group of all traces has the same as another that has all.
client.update_group(GroupName="Default", InsightsConfiguration=watched)
every = client.get_insight_summaries(**whole)["InsightSummaries"]
seen["every"] = sorted({insight["GroupName"] for insight in every if insight["RootCauseServiceId"] == found["RootCauseServiceId"]})
of_default = next(insight for insight in every if insight["GroupName"] == "Default")
assert client.get_insight(InsightId=of_default["InsightId"])["Insight"]["GroupARN"].endswith(":group/Default")
assert found in every

stranger = found["InsightId"][:-1] + ("0" if found["InsightId"][-1] != "0" else "1")
seen["refused"] = [
    refused(client.get_insight, InsightId=stranger),
    refused(client.get_insight, InsightId="x"),
    refused(client.get_insight_summaries, GroupName="nobodys", **whole),
    refused(client.get_insight_summaries, GroupName="all", StartTime=time.time() - 31 * 86_400, EndTime=time.time()),
    refused(client.get_insight_impact_graph, **identified, StartTime=time.time() - 7 * 3_600, EndTime=time.time()),
]
seen["refused"][0][1] = seen["refused"][0][1].replace(stranger, "...")
client.update_group(GroupName="all", InsightsConfiguration={"InsightsEnabled": False, "NotificationsEnabled": False})
assert refused(client.get_insight, **identified)[0] == "InvalidRequestException"
seen["checked"] = checked
print(json.dumps(seen, default=str))
