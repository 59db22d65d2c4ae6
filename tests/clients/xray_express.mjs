// An Express application traced by the X-Ray SDK for Node.js, called over HTTP by a traced client. Prints as JSON what the client side
// saw. The SDK reads AWS_XRAY_DAEMON_ADDRESS itself.
import AWSXRay from "aws-xray-sdk-core";
import xrayExpress from "aws-xray-sdk-express";
import express from "express";
import http from "node:http";

const complaints = [];
const complain = (message) => complaints.push(String(message));
AWSXRay.setLogger({ error: complain, warn: complain, info() {}, debug() {} });
AWSXRay.middleware.disableCentralizedSampling();
AWSXRay.middleware.setSamplingRules({ version: 2, default: { fixed_target: 100, rate: 1 }, rules: [] });
AWSXRay.captureHTTPsGlobal(http);

const app = express();
app.use(xrayExpress.openSegment("shop.express"));
app.get("/cart", (request, response, next) => {
  AWSXRay.captureAsyncFunc("find cart", (subsegment) => {
    subsegment.addAnnotation("tier", "silver");
    subsegment.addMetadata("cart", { total: 7 });
    http.get(`${address}/price`, (answer) => {
      answer.resume();
      answer.on("end", () => {
        subsegment.close();
        response.send("cart");
      });
    });
  });
});
app.get("/price", (request, response) => response.send("price"));
app.get("/boom", () => {
  throw new Error("planted failure");
});
app.use(xrayExpress.closeSegment());
// Express's own handler would print the stack.
app.use((error, request, response, next) => response.status(500).send("failed"));

const server = app.listen(0, "127.0.0.1");
await new Promise((resolve) => server.on("listening", resolve));
const address = `http://127.0.0.1:${server.address().port}`;

const traces = [];
const get = (path) =>
  new Promise((resolve, reject) => {
    const root = `1-${Math.floor(Date.now() / 1000).toString(16)}-${"0".repeat(23)}${traces.length + 1}`;
    traces.push(root);
    const headers = { "X-Amzn-Trace-Id": `Root=${root};Sampled=1` };
    const request = http.request(`${address}${path}`, { headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    request.on("error", reject);
    request.end();
  });
const statuses = [];
for (const path of ["/cart", "/boom"]) {
  statuses.push(await get(path));
}
server.close();
// Datagrams leave the process at once; the socket of the SDK keeps it alive for a moment.
setTimeout(() => {
  console.log(JSON.stringify({ statuses, traces, complaints }));
  process.exit(0);
}, 500);
