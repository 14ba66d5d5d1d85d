import { emergencyQueue, operationsQueue } from '../contracts/queues.js';

/**
 * A filter for lists of runs. A run that a person starts in Temporal by hand has no desk attribute, so its queue
 * counts, too.
 */
export const runsOfDesk = (desk: string): string =>
  `(FermataDesk = "${desk}" OR TaskQueue = "${operationsQueue(desk)}" OR TaskQueue = "${emergencyQueue(desk)}")`;
