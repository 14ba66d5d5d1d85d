import { emergencyQueue, operationsQueue } from '../contracts/queues.js';

/** For lists of runs. What a person starts in Temporal by hand carries no name of a desk: its queue says it. */
export const runsOfDesk = (desk: string): string =>
  `(FermataDesk = "${desk}" OR TaskQueue = "${operationsQueue(desk)}" OR TaskQueue = "${emergencyQueue(desk)}")`;
