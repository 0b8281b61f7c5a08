// Reduces a deployed service to what it needs to run, the same for the same sources: `node prune.mjs <folder>`, on the
// platform it will run on. SOURCE_DATE_EPOCH, in seconds, becomes the time of its bill of materials.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const { arch, argv, env, platform, versions } = process;
const NATIVE_MODULE = `uws_${platform}_${arch}_${versions.modules}.node`;
const BILL_OF_MATERIALS = "sbom.cdx.json";
const PARTS = new Set(["dist", "node_modules", "package.json", BILL_OF_MATERIALS]);

/** Files of the package manager, which name the time and the machine of the installation. */
const INSTALLATION_RECORDS = new Set([".modules.yaml", ".package-map.json", ".pnpm-workspace-state-v1.json"]);

const [folder] = argv.slice(2);
if (folder === undefined) throw new Error("usage: node prune.mjs <folder>");

for (const name of readdirSync(folder)) {
  if (!PARTS.has(name)) rmSync(join(folder, name), { recursive: true });
}
let hasNativeModule = false;
prune(folder);
const usesNativeModule = readdirSync(join(folder, "node_modules")).includes("uWebSockets.js");
if (usesNativeModule && !hasNativeModule) throw new Error(`uWebSockets.js has no ${NATIVE_MODULE}`);
settleBillOfMaterials(join(folder, BILL_OF_MATERIALS));

/** Links are left alone: the packages that they lead to are below the same folder. */
function prune(parentPath) {
  for (const entry of readdirSync(parentPath, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isDirectory()) prune(join(parentPath, name));
    else if (!entry.isFile()) continue;
    else if (name === NATIVE_MODULE) hasNativeModule = true;
    else if (isForOthers(name, parentPath)) rmSync(join(parentPath, name));
  }
}

/** Native modules of other platforms, types, source maps of other people's code, records of the installation. */
function isForOthers(name, parentPath) {
  if (/^uws_.*\.node$/.test(name)) return true;
  if (/\.d\.[cm]?ts(\.map)?$/.test(name)) return true;
  if (name.endsWith(".map")) return !isOwnCode(parentPath);
  return INSTALLATION_RECORDS.has(name);
}

function isOwnCode(path) {
  const [, packageFolder] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return packageFolder === undefined || packageFolder.startsWith("@ai-orchestra/");
}

/** Its time, its number and the order of its entries change from build to build. */
function settleBillOfMaterials(path) {
  const bill = JSON.parse(readFileSync(path, "utf8"));
  bill.metadata.timestamp = new Date(Number(env.SOURCE_DATE_EPOCH ?? 0) * 1_000).toISOString();
  delete bill.serialNumber;
  bill.components.sort(compareBy("bom-ref"));
  bill.dependencies.sort(compareBy("ref"));
  for (const { dependsOn } of bill.dependencies) dependsOn?.sort();
  const hash = createHash("sha256").update(JSON.stringify(bill)).digest("hex");
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  writeFileSync(path, `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${uuid}` }, undefined, 1)}\n`);
}

function compareBy(name) {
  return (left, right) => (left[name] < right[name] ? -1 : 1);
}
