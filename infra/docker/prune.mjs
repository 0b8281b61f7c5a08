// Removes from a deployed service what it does not need to run: `node prune.mjs <folder>`, on the platform it will run on.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const { arch, argv, platform, versions } = process;
const NATIVE_MODULE = `uws_${platform}_${arch}_${versions.modules}.node`;

/** Files of the package manager, which name the time and the machine of the installation. */
const INSTALLATION_RECORDS = new Set([".modules.yaml", ".package-map.json", ".pnpm-workspace-state-v1.json"]);

const [folder] = argv.slice(2);
if (folder === undefined) throw new Error("usage: node prune.mjs <folder>");

let hasNativeModule = false;
prune(folder);
const usesNativeModule = readdirSync(join(folder, "node_modules")).includes("uWebSockets.js");
if (usesNativeModule && !hasNativeModule) throw new Error(`uWebSockets.js has no ${NATIVE_MODULE}`);

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
  if (name.endsWith(".map")) return !/[/\\]dist([/\\]|$)/.test(parentPath) || !parentPath.includes("@ai-orchestra");
  return INSTALLATION_RECORDS.has(name);
}
