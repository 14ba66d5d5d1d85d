/** A playbook in code: a file of the desk's own folder, which defines an incident kind of the same name. */
import type { z } from 'zod';
import type { ownIncidentSchema } from './own-incident-schema.js';
import type { StrategyFile } from './own-strategy.js';

/** A check, report or action that the code names in full. */
export interface NamedInCode {
  readonly kind: 'check' | 'report' | 'action';
  readonly name: string;
  readonly file: string;
  readonly line: number | null;
  /** The values of `with:` that stand in the code; null: which keys it has is known only when it runs. */
  readonly given: Readonly<Record<string, string | number | boolean>> | null;
  /** Its keys whose values are known only when it runs. */
  readonly later: readonly string[];
}

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
  readonly named: readonly NamedInCode[];
}
