/** Version of the gateway, as the service directory and the documents show it. */
export const VERSION = "0.1.0";
