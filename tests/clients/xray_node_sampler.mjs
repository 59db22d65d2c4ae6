// The centralised sampler of the X-Ray SDK for Node.js, as an Express application has it: rules made by CreateSamplingRule decide, and what
// was decided is reported. Prints as JSON how many of the requests of each path were sampled, and what the server was told of the rules.
import AWSXRay from "aws-xray-sdk-core";
import xrayExpress from "aws-xray-sdk-express";
import express from "express";
import http from "node:http";

const complaints = [];
const complain = (message) => complaints.push(String(message));
AWSXRay.setLogger({ error: complain, warn: complain, info() {}, debug() {} });

const [host, port] = process.env.AWS_XRAY_DAEMON_ADDRESS.split(":");
const call = (path, body) =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
    const request = http.request({ host, port, path, method: "POST", headers }, (answer) => {
      let received = "";
      answer.on("data", (part) => (received += part));
      answer.on("end", () => (answer.statusCode === 200 ? resolve(JSON.parse(received)) : reject(new Error(received))));
    });
    request.on("error", reject);
    request.end(text);
  });
const rule = (RuleName, Priority, URLPath, FixedRate) =>
  call("/CreateSamplingRule", {
    SamplingRule: {
      RuleName, Priority, FixedRate, URLPath, ReservoirSize: 0, ServiceName: "shop.*", ServiceType: "*", Host: "*", HTTPMethod: "GET",
      ResourceARN: "*", Version: 1,
    },
  });
await rule("never", 1, "/health", 0);
await rule("always", 2, "/pay*", 1);

const app = express();
app.use(xrayExpress.openSegment("shop.node"));
app.use((request, response) => response.send("done"));
app.use(xrayExpress.closeSegment());
const server = app.listen(0, "127.0.0.1");
await new Promise((resolve) => server.on("listening", resolve));
const address = `http://127.0.0.1:${server.address().port}`;

let sent = 0;
/** Asks for the decision of the application. */
const isSampled = (path) =>
  new Promise((resolve, reject) => {
    sent += 1;
    const root = `1-${Math.floor(Date.now() / 1000).toString(16)}-${sent.toString(16).padStart(24, "0")}`;
    const headers = { "X-Amzn-Trace-Id": `Root=${root};Sampled=?` };
    const request = http.request(`${address}${path}`, { headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(/Sampled=1/.test(answer.headers["x-amzn-trace-id"])));
    });
    request.on("error", reject);
    request.end();
  });
const sampledOf = async (path, count) => {
  let sampled = 0;
  for (let number = 0; number < count; number += 1) {
    sampled += (await isSampled(path)) ? 1 : 0;
  }
  return sampled;
};
// Until the rules are there, the SDK's own apply: one a second and 5 percent.
const deadline = Date.now() + 30_000;
while ((await sampledOf("/pay/early", 20)) < 20 && Date.now() < deadline);
const sampled = { "/health": await sampledOf("/health", 40), "/pay/now": await sampledOf("/pay/now", 40) };

const reported = {};
while (!("always" in reported && "never" in reported) && Date.now() < deadline) {
  const { SamplingStatisticSummaries } = await call("/SamplingStatisticSummaries", {});
  for (const { RuleName, RequestCount, SampledCount, BorrowCount } of SamplingStatisticSummaries) {
    reported[RuleName] = { RequestCount, SampledCount, BorrowCount };
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(JSON.stringify({ sampled, reported, complaints }));
process.exit(0);
