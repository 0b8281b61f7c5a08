import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startNatsCluster, type NatsCluster } from "@ai-orchestra/stack";
import { sendNatsRequest } from "../src/nats-request.js";
import { waitUntil } from "./wait-until.js";

const STREAM = { name: "WORDS", subjects: ["words"], storage: "file", retention: "limits", num_replicas: 3 };

let dataDir = "";
let cluster: NatsCluster;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stack-"));
  cluster = await startNatsCluster({ dataDir });
});

afterEach(async () => {
  await cluster.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("takes a replicated stream at once, and keeps what it holds while a node is killed and comes back", async () => {
  const [first, second, third] = cluster.nodes.map(({ port }) => port) as [number, number, number];
  expect(await sendNatsRequest(first, "$JS.API.STREAM.CREATE.WORDS", STREAM)).not.toHaveProperty("error");
  expect(await sendNatsRequest(second, "words", { colour: "blue" })).toMatchObject({ seq: 1 });
  const node = cluster.nodes[2]!;
  node.kill("SIGKILL");
  await node.waitExit();
  await waitUntil("two nodes store", async () => {
    const stored = await sendNatsRequest(first, "words", { colour: "red" }).catch(() => undefined);
    return typeof stored?.["seq"] === "number";
  });
  await node.restart();
  await waitUntil("the third node has caught up", async () => {
    const info = await sendNatsRequest(third, "$JS.API.STREAM.INFO.WORDS", {}).catch(() => undefined);
    const replicas = (info?.["cluster"] as { replicas?: { current: boolean }[] } | undefined)?.replicas;
    return replicas?.length === 2 && replicas.every(({ current }) => current);
  });
});
