// Writes the table of environment variables into the README of each service, from the schema that the service exports as
// `envSchema` from its built `dist/config.js`. With --check it changes nothing and fails when a table is out of date;
// --root names another workspace.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SERVICE_KIT = fileURLToPath(new URL("../packages/service-kit/dist/index.js", import.meta.url));
const START = "<!-- env:start -->";
const END = "<!-- env:end -->";

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    root: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
  },
});
process.exitCode = await main(options);

async function main({ root, check }) {
  if (!existsSync(SERVICE_KIT)) {
    console.error("Nothing is built yet: run `pnpm build` first.");
    return 1;
  }
  const { describeEnv } = await import(pathToFileURL(SERVICE_KIT).href);
  let exitCode = 0;
  for (const name of listServices(root)) {
    const { message, isProblem } = await documentService({ root, name, check, describeEnv });
    if (isProblem) exitCode = 1;
    console[isProblem ? "error" : "log"](message);
  }
  return exitCode;
}

/** Folders of services/ that have a configuration: a service that is still to come is no problem. */
function listServices(root) {
  const services = join(root, "services");
  if (!existsSync(services)) return [];
  return readdirSync(services, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(services, entry.name, "src", "config.ts")))
    .map(({ name }) => name)
    .sort();
}

async function documentService({ root, name, check, describeEnv }) {
  const folder = join(root, "services", name);
  const readme = join(folder, "README.md");
  const shownReadme = relative(root, readme);
  const config = join(folder, "dist", "config.js");
  if (!existsSync(config)) return problem(`services/${name} is not built: run \`pnpm build\` first.`);
  if (!existsSync(readme))
    return problem(`${shownReadme} is missing: write it, with ${START} and ${END} where the table belongs.`);
  const { envSchema } = await import(pathToFileURL(config).href);
  if (envSchema === undefined) return problem(`services/${name}/src/config.ts does not export \`envSchema\`.`);

  const variables = describeEnv({ name, env: envSchema });
  const undescribed = variables.filter(({ description }) => description === "").map((variable) => variable.name);
  if (undescribed.length > 0) {
    return problem(`services/${name}/src/config.ts: add .describe() to ${undescribed.join(", ")}.`);
  }
  const before = readFileSync(readme, "utf8");
  const after = replaceTable(before, renderTables(variables));
  if (after === undefined) return problem(`${shownReadme} has no ${START} … ${END} for the table.`);
  if (after === before) return { isProblem: false, message: `${shownReadme} is up to date` };
  if (check) return problem(`${shownReadme} is out of date: run \`pnpm docs:config\` and commit the result.`);
  writeFileSync(readme, after);
  return { isProblem: false, message: `${shownReadme} updated` };
}

function problem(message) {
  return { isProblem: true, message };
}

/** The text with what stands between the markers replaced; undefined when they are not there, in this order. */
function replaceTable(text, table) {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) return undefined;
  return `${text.slice(0, start + START.length)}\n${table}\n${text.slice(end)}`;
}

function renderTables(variables) {
  const own = variables.filter(({ isBase }) => !isBase);
  const base = variables.filter(({ isBase }) => isBase);
  const baseTable = `Every service has these as well:\n\n${renderTable(base)}`;
  return own.length === 0 ? baseTable : `${renderTable(own)}\n\n${baseTable}`;
}

function renderTable(variables) {
  const rows = variables.map((variable) => {
    const meaning = `${variable.description}${variable.values.length === 0 ? "" : ` One of ${variable.values.map(code).join(", ")}.`}`;
    return `| ${code(variable.name)} | ${showDefault(variable)} | ${escapeCell(meaning)} |`;
  });
  return ["| variable | default | meaning |", "|---|---|---|", ...rows].join("\n");
}

function showDefault({ default: value, isRequired }) {
  if (value !== undefined) return escapeCell(code(value));
  return isRequired ? "required" : "-";
}

function code(text) {
  return `\`${text}\``;
}

function escapeCell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
