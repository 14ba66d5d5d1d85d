/** A playbook in code: a file of the desk's own folder, which defines an incident kind of the same name. */
import type { z } from 'zod';
import type { ownIncidentSchema } from './own-incident-schema.js';
import type { StrategyFile } from './own-strategy.js';

/** What its file declares in addition to the code. */
export interface CodedPlaybook
  extends Pick<z.output<typeof ownIncidentSchema>, 'severity' | 'trigger' | 'approvalMinutes'> {
  /** The file's name: the incident kind. */
  readonly name: string;
  readonly title: string;
  /** JSON Schema of the values allowed in `playbooks.NAME`. */
  readonly parameters: object;
  /** SHA-256 in hex over all of its source files. */
  readonly hash: string;
  /** Body of a function of `module`, `exports` and `require`. */
  readonly code: string;
  /** All of its source files, as read. */
  readonly files: readonly StrategyFile[];
}
