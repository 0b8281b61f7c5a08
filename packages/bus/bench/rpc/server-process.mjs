import { RIVALS } from "./rivals.mjs";

const [, , name, url] = process.argv;
await RIVALS[name].serve(url);
process.on("message", () => process.send(process.cpuUsage()));
process.on("disconnect", () => process.exit(0));
process.send("ready");
