import type { HealthOverview } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { HealthBoard } from "../components/health-board.js";
import type { DegradationController } from "../degradation/degradation-controller.js";
import type { Leadership } from "../degradation/leadership.js";
import type { SystemRecord } from "../degradation/system-record.js";

export interface DescribeHealthOptions {
  healthBoard: HealthBoard;
  controller: DegradationController;
  record: SystemRecord;
  leadership: Leadership;
  clock: Clock;
  instance: string;
}

export type DescribeHealth = () => HealthOverview;

/** Everything this instance knows, with the state that is in force. */
export function createDescribeHealth(options: DescribeHealthOptions): DescribeHealth {
  const { healthBoard, controller, record, leadership, clock, instance } = options;
  return () => {
    const { leader } = leadership;
    return {
      state: record.state ?? controller.state,
      components: healthBoard.components(),
      instances: healthBoard.instances(),
      breakers: healthBoard.breakers(),
      reportedBy: instance,
      ...(leader === undefined ? {} : { leader }),
      at: clock.now(),
    };
  };
}
