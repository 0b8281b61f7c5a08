/** The services of the mesh with the ops port each listens on unless configured otherwise. */
export const SERVICES = {
  gateway: { opsPort: 9100 },
  orchestrator: { opsPort: 9101 },
  memory: { opsPort: 9102 },
  flags: { opsPort: 9103 },
  health: { opsPort: 9104 },
} as const;

export type ServiceName = keyof typeof SERVICES;
