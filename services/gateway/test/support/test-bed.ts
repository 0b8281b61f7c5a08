import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway, type GatewayProcess } from "./gateway-process.js";
import {
  startScriptedOrchestrator,
  type ScriptedOrchestrator,
  type ScriptedTurn,
  type TurnScript,
} from "./scripted-orchestrator.js";

export interface TestBed {
  readonly nats: NatsServer;
  readonly orchestrator: ScriptedOrchestrator;
  readonly gateway: GatewayProcess;
  /** Starts one more gateway on the same bus; it is stopped with the others. */
  addGateway(env?: Record<string, string>): Promise<GatewayProcess>;
  stop(): Promise<void>;
}

/** A NATS server, a scripted orchestrator and a gateway process. */
export async function startTestBed(script: TurnScript = answerHello, env?: Record<string, string>): Promise<TestBed> {
  const dataDir = await mkdtemp(join(tmpdir(), "gateway-"));
  const nats = await startNatsServer({ dataDir });
  const orchestrator = await startScriptedOrchestrator(nats.url, script);
  const gateways: GatewayProcess[] = [];
  const addGateway = async (env?: Record<string, string>) => {
    const gateway = await startGateway(nats.url, env);
    gateways.push(gateway);
    return gateway;
  };
  const gateway = await addGateway(env);
  return {
    nats,
    orchestrator,
    gateway,
    addGateway,
    stop: async () => {
      await Promise.all(gateways.map((started) => started.stop()));
      await orchestrator.stop();
      await nats.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The shortest turn with everything in it. */
export const answerHello = (turn: ScriptedTurn): void => {
  turn.started();
  for (const token of ["Hel", "lo ", "you"]) turn.delta(token);
};

/** A promise and the function that fulfils it, for scripts that wait for the test. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
