/** Code in the desk's own folder: a strategy, or a playbook. */
import type { z } from 'zod';
import type { EntryTerm } from '../domain/order.js';
import type { DeclaredStrategy } from '../engine/strategies/strategy.js';
import type { Artefact, ArtefactForm } from './artefacts.js';
import type { ownIncidentSchema } from './incident-schema.js';

/** `kind` of such a strategy: a path below the desk file's folder. */
export const OWN_STRATEGY = /^\.\/strategies\/[a-zA-Z0-9][a-zA-Z0-9_-]{0,59}\.(ts|js|mjs)$/;

/** A strategy that is a file in the desk's own folder. */
export interface OwnStrategy extends DeclaredStrategy {
  /** SHA-256 in hex over all of its source files and artefacts; part of the configuration hash. */
  readonly hash: string;
  readonly module: StrategyModule;
  /** All of its source files, as read: a copy of the desk file needs them next to it. */
  readonly files: readonly StrategyFile[];
  /** The names of the artefacts that it is given, with the form of each. */
  readonly forms: Readonly<Record<string, ArtefactForm>>;
  readonly artefacts: readonly Artefact[];
  /** Terms of limit entries that it asked for on made-up prices. If it declares none, nothing else tells of them. */
  readonly asked: readonly EntryTerm[];
}

/** One script, with a source map to the lines that a person wrote. */
export interface StrategyModule {
  readonly code: string;
  readonly map: string;
}

export interface StrategyFile {
  /** Relative to the desk's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

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

/** A playbook in code, with what its file declares: the file defines an incident kind of the same name. */
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
