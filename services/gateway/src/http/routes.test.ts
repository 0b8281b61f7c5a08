import { API_CHANNELS, API_ROUTES } from "@ai-orchestra/api-docs";
import { expect, test } from "vitest";
import { createV1Route, type V1RouteOptions } from "../websocket/v1/v1-route.js";
import { createV2Route, type V2RouteOptions } from "../websocket/v2-route.js";
import { createRoutes, type RouteDependencies } from "./routes.js";

/** Routes are only listed here, never called. */
const nothing = { deprecation: {} } as unknown as RouteDependencies;
const noOptions = { limits: {} };

test("every route is documented, with who may call it, and nothing else is", () => {
  const line = (route: { method: string; path: string; access: string; scope?: string }) =>
    `${route.method} ${route.path} ${route.access} ${route.scope ?? ""}`;
  const routes = createRoutes(nothing).map((route) => line(route));
  expect(routes.sort()).toEqual(API_ROUTES.map((route) => line(route)).sort());
});

test("every WebSocket route is documented", () => {
  const routes = [
    createV2Route(noOptions as unknown as V2RouteOptions),
    createV1Route(noOptions as unknown as V1RouteOptions),
  ];
  expect(routes.map(({ pattern }) => pattern)).toEqual(API_CHANNELS.map(({ path }) => path));
});
