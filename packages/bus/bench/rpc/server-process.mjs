import { RIVALS } from "./rivals.mjs";

const [, , name, url] = process.argv;
await RIVALS[name].serve(url);
process.send("ready");
process.on("disconnect", () => process.exit(0));
