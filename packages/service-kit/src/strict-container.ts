import { createContainer, InjectionMode, type AwilixContainer } from "awilix";

/**
 * The container every service composes itself with: strict (a singleton cannot depend on something shorter-lived) and
 * with injection by name through one typed object. It is never asked to dispose anything: awilix would do it in
 * parallel, and the order in which things stop is the order of the components.
 */
export function createStrictContainer<Cradle extends object>(): AwilixContainer<Cradle> {
  return createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true });
}
