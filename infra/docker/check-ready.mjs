// The container's health check: exits with 0 when the service says on its ops port that it is ready.
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { SERVICES } from "./node_modules/@ai-orchestra/contracts/dist/services.js";

const TIMEOUT_MS = 2_500;

const { name } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const port = process.env.OPS_PORT || SERVICES[name.split("/").at(-1)].opsPort;

const request = get({ host: "127.0.0.1", port, path: "/readyz", timeout: TIMEOUT_MS }, (response) => {
  response.pipe(process.stdout);
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
request.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
