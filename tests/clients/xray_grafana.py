"""What Grafana's X-Ray data source asks and takes for granted (spec/xray.md section 10), asked by boto3; prints what it saw as JSON."""

import concurrent.futures
import json
import os
import time

import boto3

import xray_held

client = boto3.client("xray", endpoint_url=os.environ["WAGGLE_ENDPOINT"], region_name="eu-x-1")
checked = xray_held.watch(client)
documents = json.load(open(os.environ["WAGGLE_DOCUMENTS"]))
START, END = 1778384880, 1778385060
RANGE = {"StartTime": START, "EndTime": END}
YEARS = 3 * 365 * 86_400

# Its health check, and the group it asks everything of.
assert [group["GroupName"] for group in client.get_groups()["Groups"]] == ["Default"]
assert client.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"] == []


def summaries(start, end, **more):
    asked = {"StartTime": start, "EndTime": end, "TimeRangeType": "Event", "Sampling": True,
             "SamplingStrategy": {"Name": "FixedRate", "Value": 1.0}, **more}
    pages = client.get_paginator("get_trace_summaries").paginate(**asked)
    return [summary for page in pages for summary in page["TraceSummaries"]]


deadline = time.time() + 20
while len(summaries(START, END)) < 3:
    assert time.time() < deadline
    time.sleep(0.05)


def quarters(start, end, **more):
    """A range in four parts, asked at once."""
    step = (end - start) / 4
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda part: summaries(start + part * step, start + (part + 1) * step, **more), range(4))
        return [sorted(summary["Id"] for summary in part) for part in parts]


seen = {"quarters": quarters(START, END), "years": quarters(END - YEARS, END), "faults": quarters(START, END, FilterExpression="fault")}
whole = summaries(START, END)
assert sorted(summary["Id"] for summary in whole) == sorted(set(sum(seen["quarters"], [])))
for summary in whole:
    assert isinstance(summary["Http"], dict), summary
    for kind in ("FaultRootCauses", "ErrorRootCauses", "ResponseTimeRootCauses"):
        for cause in summary[kind]:
            assert cause["Services"], summary
            for service in cause["Services"]:
                assert "Type" in service and service["EntityPath"], summary


def check_graph(services):
    """Every count is there, every edge leads somewhere, no time is empty."""
    numbers = {service["ReferenceId"] for service in services}
    assert len(numbers) == len(services)
    for service in services:
        assert service["EndTime"] > service["StartTime"], service
        assert isinstance(service["Edges"], list), service
        statistics = [edge["SummaryStatistics"] for edge in service["Edges"]]
        if service["Type"] != "client":
            statistics.append(service["SummaryStatistics"])
        for counts in statistics:
            assert counts["TotalCount"] == counts["OkCount"] + counts["ErrorStatistics"]["TotalCount"] + counts["FaultStatistics"]["TotalCount"]
            assert {"ThrottleCount", "OtherCount"} <= counts["ErrorStatistics"].keys() and "OtherCount" in counts["FaultStatistics"]
        for edge in service["Edges"]:
            assert edge["ReferenceId"] in numbers, edge
            assert edge["EndTime"] > edge["StartTime"] and edge["ResponseTimeHistogram"], edge


def graph(**asked):
    pages = client.get_paginator("get_service_graph").paginate(**asked)
    services = [service for page in pages for service in page["Services"]]
    check_graph(services)
    return sorted(service["Name"] for service in services)


default = {"GroupName": "Default"}
seen["graph"] = graph(**RANGE, **default)
assert graph(StartTime=END - YEARS, EndTime=END, **default) == seen["graph"]
assert graph(StartTime=END - 2 * YEARS, EndTime=END - YEARS) == []
trace_ids = [summary["Id"] for summary in whole]
check_graph(client.get_trace_graph(TraceIds=trace_ids)["Services"])

for period in (60, 300):
    points = client.get_time_series_service_statistics(**RANGE, **default, Period=period)["TimeSeriesServiceStatistics"]
    seen[f"every {period} s"] = [point["EdgeSummaryStatistics"]["TotalCount"] for point in points]
    for point in points:
        counts = point["EdgeSummaryStatistics"]
        assert "TotalCount" in counts["ErrorStatistics"] and "TotalCount" in counts["FaultStatistics"]
        assert point["ResponseTimeHistogram"], point

# One trace: every document names its service and when it began; of one that is not there, there is nothing.
[found] = client.batch_get_traces(TraceIds=trace_ids[:1])["Traces"]
for segment in found["Segments"]:
    document = json.loads(segment["Document"])
    assert document["name"] and document["start_time"] > 0, document
assert client.batch_get_traces(TraceIds=["1-6a000000-0000000000000000000000ff"])["Traces"] == []
# The first page of a data source without insights, and its annotations of a group.
assert client.get_insight_summaries(GroupName="Default", StartTime=time.time() - 3_600, EndTime=time.time())["InsightSummaries"] == []
seen["checked"] = sorted(checked)
print(json.dumps(seen, default=str))
