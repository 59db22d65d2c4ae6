"""boto3 and the AWS CLI against X-Ray's API: every operation that manages something, every answer held against botocore's own model,
signatures of botocore over random requests, and the samplers of AWS's SDK for Python through the daemon's port."""

import datetime
import hashlib
import http.client
import json
import os
import random
import string
import subprocess
import sys
from urllib.parse import urlsplit

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

import xray_held

origin, access_key, secret_key, daemon = sys.argv[1:]
REGION = "eu-central-1"

session = boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=REGION)
client = session.client("xray", endpoint_url=origin, config=botocore.config.Config(retries={"total_max_attempts": 1}))
checked = xray_held.watch(client)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        assert error.response["Error"]["Message"], error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        return error
    raise AssertionError(f"not refused: {code}")


def rule(name, **members):
    return {
        "RuleName": name, "Priority": 100, "FixedRate": 0.1, "ReservoirSize": 5, "ServiceName": "shop", "ServiceType": "*",
        "Host": "*", "HTTPMethod": "*", "URLPath": "/cart/*", "ResourceARN": "*", "Version": 1, **members,
    }


def sampling():
    boost = {"MaxRate": 0.5, "CooldownWindowMinutes": 10}
    made = client.create_sampling_rule(
        SamplingRule=rule("carts", Attributes={"tier": "g*"}, SamplingRateBoost=boost), Tags=[{"Key": "team", "Value": "bees"}]
    )["SamplingRuleRecord"]
    assert made["SamplingRule"]["RuleARN"] == f"arn:aws:xray:{REGION}:000000000000:sampling-rule/carts"
    assert made["SamplingRule"]["SamplingRateBoost"] == boost
    age = datetime.datetime.now(datetime.timezone.utc) - made["CreatedAt"]
    assert abs(age.total_seconds()) < 60, made
    client.create_sampling_rule(SamplingRule=rule("first", Priority=1))
    refused("InvalidRequestException", client.create_sampling_rule, SamplingRule=rule("carts"))
    refused("InvalidRequestException", client.create_sampling_rule, SamplingRule=rule("a", HTTPMethod="x" * 11))
    changed = client.update_sampling_rule(SamplingRuleUpdate={"RuleName": "carts", "FixedRate": 0.25})["SamplingRuleRecord"]
    assert changed["SamplingRule"]["FixedRate"] == 0.25
    pages = client.get_paginator("get_sampling_rules").paginate()
    names = [record["SamplingRule"]["RuleName"] for page in pages for record in page["SamplingRuleRecords"]]
    assert names == ["first", "carts", "Default"], names
    arn = made["SamplingRule"]["RuleARN"]
    client.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}])
    client.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    error = refused("ResourceNotFoundException", client.list_tags_for_resource, ResourceARN=arn + "x")
    assert isinstance(error, client.exceptions.ResourceNotFoundException)
    now = datetime.datetime.now(datetime.timezone.utc)
    document = {
        "RuleName": "carts", "ClientID": "a" * 24, "Timestamp": now, "RequestCount": 100, "SampledCount": 10, "BorrowCount": 1,
    }
    targets = client.get_sampling_targets(SamplingStatisticsDocuments=[document, {**document, "RuleName": "nobodys"}])
    target = targets["SamplingTargetDocuments"][0]
    assert (target["ReservoirQuota"], target["FixedRate"], target["Interval"]) == (5, 0.25, 10), target
    assert targets["UnprocessedStatistics"][0]["ErrorCode"] == "RuleNotFound"
    assert targets["LastRuleModification"] >= changed["ModifiedAt"]
    pages = client.get_paginator("get_sampling_statistic_summaries").paginate()
    sums = [sum for page in pages for sum in page["SamplingStatisticSummaries"]]
    assert [(it["RuleName"], it["RequestCount"], it["SampledCount"]) for it in sums] == [("carts", 100, 10)], sums
    deleted = client.delete_sampling_rule(RuleARN=arn)["SamplingRuleRecord"]
    assert deleted["SamplingRule"]["FixedRate"] == 0.25


def groups():
    made = client.create_group(
        GroupName="slow", FilterExpression="responsetime > 2", InsightsConfiguration={"InsightsEnabled": True}, Tags=[]
    )["Group"]
    assert client.get_group(GroupName="slow")["Group"] == made
    changed = client.update_group(GroupARN=made["GroupARN"], FilterExpression="fault")["Group"]
    assert changed["FilterExpression"] == "fault"
    names = [group["GroupName"] for page in client.get_paginator("get_groups").paginate() for group in page["Groups"]]
    assert names == ["Default", "slow"], names
    refused("InvalidRequestException", client.create_group, GroupName="Default")
    client.delete_group(GroupName="slow")


def policies():
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    put = client.put_resource_policy(PolicyName="p", PolicyDocument=document)
    assert "not enforced" in put["ResponseMetadata"]["HTTPHeaders"]["x-waggle-warning"]
    revision = put["ResourcePolicy"]["PolicyRevisionId"]
    client.put_resource_policy(PolicyName="p", PolicyDocument=document, PolicyRevisionId=revision)
    again = {"PolicyName": "p", "PolicyDocument": document, "PolicyRevisionId": revision}
    refused("InvalidPolicyRevisionIdException", client.put_resource_policy, **again)
    refused("MalformedPolicyDocumentException", client.put_resource_policy, PolicyName="q", PolicyDocument="{")
    pages = client.get_paginator("list_resource_policies").paginate()
    assert [policy["PolicyName"] for page in pages for policy in page["ResourcePolicies"]] == ["p"]
    client.delete_resource_policy(PolicyName="p")


def settings():
    assert client.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    client.put_encryption_config(Type="NONE")
    refused("InvalidRequestException", client.put_encryption_config, Type="KMS", KeyId="alias/a")
    assert client.get_indexing_rules()["IndexingRules"][0]["Name"] == "Default"
    whole = {"Probabilistic": {"DesiredSamplingPercentage": 100}}
    client.update_indexing_rule(Name="Default", Rule=whole)
    refused("ResourceNotFoundException", client.update_indexing_rule, Name="Other", Rule=whole)
    assert client.get_trace_segment_destination()["Destination"] == "XRay"
    client.update_trace_segment_destination(Destination="XRay")
    refused("InvalidRequestException", client.update_trace_segment_destination, Destination="CloudWatchLogs")


def strangers():
    """Whoever is not known or signs with another secret is told so in the words that botocore has an exception for."""

    def other(key, secret):
        keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
        return boto3.client("xray", endpoint_url=origin, region_name=REGION, **keys)

    refused("UnrecognizedClientException", other("AKIANOBODY", secret_key).get_groups)
    refused("InvalidSignatureException", other(access_key, secret_key + "x").get_groups)


def send(method, path, headers, body):
    connection = http.client.HTTPConnection(urlsplit(origin).netloc)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.getheader("x-amzn-ErrorType"), text


def signatures():
    """Botocore's signer agrees on random requests, and one changed byte of anything signed is refused."""
    seed = random.randrange(1 << 32)
    print("seed", seed, file=sys.stderr)
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits + "-_.~ /+=;:,%é"
    credentials = botocore.credentials.Credentials(access_key, secret_key)

    def text(most):
        return "".join(chance.choice(letters) for _ in range(chance.randrange(most)))

    counts = {"right": 0, "wrong": 0}
    for _ in range(150):
        members = {text(20): text(200) for _ in range(chance.randrange(4))}
        body = json.dumps(members, ensure_ascii=False).encode()
        query = "&".join(
            f"{chance.choice('abcz')}{chance.randrange(3)}={chance.choice(['', '1', '%20', 'a%2Fb', '~'])}"
            for _ in range(chance.randrange(4))
        )
        path = "/EncryptionConfig" + (f"?{query}" if query else "")
        request = botocore.awsrequest.AWSRequest("POST", origin + path, data=body)
        for _ in range(chance.randrange(4)):
            value = "".join(chance.choice(string.ascii_letters + "  ;=") for _ in range(20))
            request.headers[f"X-{chance.choice('ABC')}{chance.randrange(5)}"] = value
        if chance.random() < 0.5:
            request.headers["Content-Type"] = "application/x-amz-json-1.1"
        if chance.random() < 0.5:
            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        region = chance.choice(["us-east-1", REGION, "anywhere"])
        botocore.auth.SigV4Auth(credentials, "xray", region).add_auth(request)
        headers = [(name, value) for name, value in request.headers.items()]
        headers.append(("Host", urlsplit(origin).netloc))
        status, error, answer = send("POST", path, headers, body)
        assert status == 200, (status, answer, headers, path, body)
        counts["right"] += 1

        signed = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        parts = ["body", "path", "signature"] + signed
        part = chance.choice(parts)
        if part == "body":
            body += b" "
        elif part == "path":
            path += ("&" if query else "?") + "q=1"
        elif part == "signature":
            at = chance.randrange(64)
            headers = [
                (name, value[: -64 + at] + ("1" if value[-64 + at] == "0" else "0") + value[len(value) - 63 + at :])
                if name == "Authorization"
                else (name, value)
                for name, value in headers
            ]
        else:
            headers = [(name, value + "x" if name.lower() == part else value) for name, value in headers]
        status, error, answer = send("POST", path, headers, body)
        wrong = "IncompleteSignatureException" if part == "x-amz-date" else "InvalidSignatureException"
        assert (status, error) == (403, wrong), (part, status, error, answer, headers)
        counts["wrong"] += 1

    class Late(botocore.auth.SigV4Auth):
        """Signs as if it were another time."""

        def __init__(self, minutes):
            super().__init__(credentials, "xray", REGION)
            self.minutes = minutes

        def _modify_request_before_signing(self, request):
            now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=self.minutes)
            request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
            super()._modify_request_before_signing(request)

    for minutes, begins in [(-10, b"Signature expired"), (10, b"Signature not yet current")]:
        request = botocore.awsrequest.AWSRequest("POST", origin + "/EncryptionConfig", data=b"{}")
        Late(minutes).add_auth(request)
        headers = list(request.headers.items()) + [("Host", urlsplit(origin).netloc)]
        status, error, answer = send("POST", "/EncryptionConfig", headers, b"{}")
        assert (status, error) == (403, "InvalidSignatureException") and begins in answer, answer
    return counts


def aws_cli():
    settings = {
        **os.environ, "AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key, "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_XRAY": origin, "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", "xray", *arguments, "--output", "json"]
        done = subprocess.run(command, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    aws("create-sampling-rule", "--sampling-rule", json.dumps(rule("from-cli")))
    rules = aws("get-sampling-rules")["SamplingRuleRecords"]
    assert "from-cli" in [record["SamplingRule"]["RuleName"] for record in rules]
    aws("create-group", "--group-name", "from-cli", "--filter-expression", "error")
    listed = aws("get-groups")["Groups"]
    assert [group["GroupName"] for group in listed] == ["Default", "from-cli"], listed
    aws("delete-group", "--group-name", "from-cli")
    aws("delete-sampling-rule", "--rule-name", "from-cli")


def sdk_sampler():
    """The sampler of AWS's SDK for Python fetches rules and reports to the daemon's TCP port, and gets its share."""
    from aws_xray_sdk.core.sampling.connector import ServiceConnector

    host, port = daemon.rsplit(":", 1)

    connector = ServiceConnector()
    connector.setup_xray_client(host, port, None)
    rules = connector.fetch_sampling_rules()
    assert [rule.name for rule in rules] == ["first", "Default"], [rule.name for rule in rules]
    for one in rules:
        one.increment_request_count()
        one.increment_borrow_count()
    targets, last_change = connector.fetch_sampling_target(rules)
    assert set(targets) == {"first", "Default"}, targets
    for target in targets.values():
        assert target["quota"] > 0 and target["TTL"] and target["interval"] == 10, target
    assert targets["first"]["rate"] == 0.1
    assert last_change
    return sorted(targets)


if __name__ == "__main__":
    sampling()
    groups()
    policies()
    settings()
    strangers()
    counts = signatures()
    aws_cli()
    targets = sdk_sampler()
    print(json.dumps({"checked": checked, "signatures": counts, "targets": targets}))
