// pnpm verify: the one gate, which is what npm test runs.
import "./test.mjs";
