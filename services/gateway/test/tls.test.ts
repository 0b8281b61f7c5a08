import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { spawnGateway } from "./support/gateway-process.js";
import { answerHello, startTestBed, type TestBed } from "./support/test-bed.js";
import { readTurn, V2Client } from "./support/v2-client.js";

let directory: string;
let ca: Buffer;
let files: { GATEWAY_TLS_CERT_FILE: string; GATEWAY_TLS_KEY_FILE: string };
let bed: TestBed;

/** A certificate for localhost that signs itself. */
async function createCertificate(name: string): Promise<{ certFile: string; keyFile: string }> {
  const [certFile, keyFile] = [join(directory, `${name}.pem`), join(directory, `${name}-key.pem`)];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(
    " ",
  );
  const subject = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", certFile, "-keyout", keyFile];
  await promisify(execFile)("openssl", [...request, ...subject]);
  return { certFile, keyFile };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tls-"));
  const { certFile, keyFile } = await createCertificate("gateway");
  files = { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile };
  ca = await readFile(certFile);
  bed = await startTestBed(answerHello, files);
});

afterAll(async () => {
  await bed.stop();
  await rm(directory, { recursive: true, force: true });
});

test("a turn streams over wss:// without a proxy", async () => {
  const client = await V2Client.connect(bed.gateway.url.replace("http", "https"), { ca });
  client.send({ type: "turn.start", turnId: "tls-1", input: { text: "hello" } });
  await client.receive("turn.completed");
  expect(readTurn(client.ofTurn("tls-1")).text).toBe("Hello you");
  client.close();
});

test("HTTP is served over TLS on the same port", async () => {
  const sent = request(`${bed.gateway.url.replace("http", "https")}/livez`, { ca });
  sent.end();
  const [response] = (await once(sent, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(200);
});

test("a key that is not the certificate's is found before anything listens", async () => {
  const other = await createCertificate("other");
  const child = spawnGateway({
    NATS_URL: bed.nats.url,
    GATEWAY_PORT: "0",
    OPS_PORT: "0",
    ...files,
    GATEWAY_TLS_KEY_FILE: other.keyFile,
  });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(78);
  expect(output).toContain("GATEWAY_TLS_KEY_FILE");
  expect(output).toContain("is not the key of");
});
