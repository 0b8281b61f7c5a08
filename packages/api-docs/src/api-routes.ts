import type { ApiRoute } from "./api-route.js";
import { ADMIN_ROUTES } from "./routes/admin-routes.js";
import { DEGRADATION_ROUTES } from "./routes/degradation-routes.js";
import { CHAT_ROUTES } from "./routes/chat-routes.js";
import { FLAG_ROUTES } from "./routes/flag-routes.js";
import { OFREP_ROUTES } from "./routes/ofrep-routes.js";
import { OPENAI_ROUTES } from "./routes/openai-routes.js";
import { SESSION_ROUTES } from "./routes/session-routes.js";
import { SYSTEM_ROUTES } from "./routes/system-routes.js";
import { TURN_ROUTES } from "./routes/turn-routes.js";
import { V1_ROUTES } from "./routes/v1-routes.js";

/** Every HTTP route there is. A gateway with a route that is not in here fails its tests. */
export const API_ROUTES: readonly ApiRoute[] = [
  ...CHAT_ROUTES,
  ...TURN_ROUTES,
  ...SESSION_ROUTES,
  ...OPENAI_ROUTES,
  ...V1_ROUTES,
  ...ADMIN_ROUTES,
  ...DEGRADATION_ROUTES,
  ...FLAG_ROUTES,
  ...OFREP_ROUTES,
  ...SYSTEM_ROUTES,
];
