// AWS's SDK for JavaScript, version 3, as a second signer, which signs more headers than botocore does.
import { XRayClient, CreateGroupCommand, GetGroupsCommand, GetSamplingRulesCommand, GetSamplingTargetsCommand, GetGroupCommand } from "@aws-sdk/client-xray";

const [endpoint, accessKeyId, secretAccessKey] = process.argv.slice(2);
const client = (secret) =>
  new XRayClient({ endpoint, region: "eu-central-1", maxAttempts: 1, credentials: { accessKeyId, secretAccessKey: secret } });
const xray = client(secretAccessKey);
await xray.send(new CreateGroupCommand({ GroupName: "from-js", FilterExpression: "error" }));
const { Groups } = await xray.send(new GetGroupsCommand({}));
const rules = await xray.send(new GetSamplingRulesCommand({}));
const targets = await xray.send(
  new GetSamplingTargetsCommand({
    SamplingStatisticsDocuments: [
      { RuleName: "Default", ClientID: "b".repeat(24), Timestamp: new Date(), RequestCount: 1, SampledCount: 0, BorrowCount: 1 },
    ],
  }),
);
const refusal = async (call) => {
  try {
    await call();
  } catch (error) {
    return { name: error.name, message: error.message, status: error.$metadata.httpStatusCode };
  }
  throw new Error("not refused");
};
const unknown = await refusal(() => xray.send(new GetGroupCommand({ GroupName: "nobodys" })));
const forged = await refusal(() => client(`${secretAccessKey}x`).send(new GetGroupsCommand({})));
console.log(
  JSON.stringify({
    groups: Groups.map((group) => group.GroupName),
    rules: rules.SamplingRuleRecords.map((record) => record.SamplingRule.RuleName),
    createdAt: rules.SamplingRuleRecords.at(-1).CreatedAt.getTime(),
    quota: targets.SamplingTargetDocuments[0].ReservoirQuota,
    unknown,
    forged: forged.name,
  }),
);
