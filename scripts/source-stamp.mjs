import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A file that remembers what a step was last done for. The step is up to date while the fingerprint is the same.
 * @param {string} path
 */
export function openStamp(path) {
  return {
    /** @param {string} fingerprint */
    matches: (fingerprint) => existsSync(path) && readFileSync(path, "utf8") === fingerprint,
    /** @param {string} fingerprint */
    write(fingerprint) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, fingerprint);
    },
  };
}

/**
 * The folders of every package and service.
 * @param {string} root
 */
export function listProjects(root) {
  return ["packages", "services"]
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((project) => existsSync(join(project, "package.json")));
}

/**
 * What an installation depends on: the lockfile, every manifest, and the Node that native modules are chosen for.
 * @param {string} root
 */
export function fingerprintDependencies(root) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const manifests = listProjects(root).map((project) => join(project, "package.json"));
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]
    .map((name) => join(root, name))
    .concat(manifests)) {
    hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}

/**
 * What a build depends on, by size and time of change only, so that it costs milliseconds.
 * @param {string} root
 */
export function fingerprintSources(root) {
  const hash = createHash("sha256").update(readFileSync(join(root, "tsconfig.base.json")));
  for (const project of listProjects(root)) {
    for (const file of [
      join(project, "package.json"),
      join(project, "tsconfig.json"),
      ...listSources(join(project, "src")),
    ]) {
      if (!existsSync(file)) continue;
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

/** @param {string} dir @returns {string[]} */
function listSources(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => join(dir, file))
    .sort();
}
