export { API_CHANNELS } from "./api-channels.js";
export { API_ROUTES } from "./api-routes.js";
export type { ApiChannel } from "./api-channel.js";
export type { ApiRoute } from "./api-route.js";
export { createAsyncApiDocument, type AsyncApiDocument } from "./asyncapi-document.js";
export { createOpenApiDocument, type OpenApiDocument } from "./openapi-document.js";
export { createDocsPage, type DocsPage } from "./page/docs-page.js";
