/** A playbook in code: a file in the desk's folder that defines an incident kind of the same name. */
import type { z } from 'zod';
import type { ownIncidentSchema } from './own-incident-schema.js';
import type { StrategyFile } from './own-strategy.js';

/** A check, report or action that the code names in full. */
export interface NamedInCode {
  readonly kind: 'check' | 'report' | 'action';
  readonly name: string;
  readonly file: string;
  readonly line: number | null;
  /** The values of `with:` written in the code; null: its keys are known only at run time. */
  readonly given: Readonly<Record<string, string | number | boolean>> | null;
  /** Keys of `with:` whose values are known only at run time. */
  readonly later: readonly string[];
}

/** A playbook's code, with what its file declares. */
export interface CodedPlaybook
  extends Pick<z.output<typeof ownIncidentSchema>, 'severity' | 'trigger' | 'approvalMinutes'> {
  /** The file's name: the incident kind. */
  readonly name: string;
  readonly title: string;
  /** JSON Schema of the values allowed in `playbooks.NAME`. */
  readonly parameters: object;
  /** SHA-256 in hex over all of its source files. */
  readonly hash: string;
  /** Body of a function with the parameters `module`, `exports` and `require`. */
  readonly code: string;
  /** All of its source files, as read. */
  readonly files: readonly StrategyFile[];
  readonly named: readonly NamedInCode[];
}
