/** Where a service is in its life. It only ever goes down this list. */
export type ServiceState =
  | { readonly status: "starting" }
  | { readonly status: "ready" }
  | { readonly status: "draining"; readonly deadlineAt: number }
  | { readonly status: "stopped" }
  | { readonly status: "failed"; readonly error: unknown };

export type ServiceStatus = ServiceState["status"];
