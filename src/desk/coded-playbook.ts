/** A playbook in code: a file of the desk's own folder, and a kind of incident by its name. */
import type { z } from 'zod';
import type { ownIncidentSchema } from './own-incident-schema.js';
import type { StrategyFile } from './own-strategy.js';

/** What its file says of itself, beside the code. */
export interface CodedPlaybook
  extends Pick<z.output<typeof ownIncidentSchema>, 'severity' | 'trigger' | 'approvalMinutes'> {
  /** After its file: the kind of incident. */
  readonly name: string;
  readonly title: string;
  /** JSON Schema of what `playbooks.NAME` may say. */
  readonly parameters: object;
  /** SHA-256 in hex over every file that it is made of. */
  readonly hash: string;
  /** Body of a function of `module`, `exports` and `require`. */
  readonly code: string;
  /** Every file that it is made of, as it was read. */
  readonly files: readonly StrategyFile[];
}
