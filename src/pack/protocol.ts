/**
 * The messages between us and the process that runs code of a desk's folder, and the records of an action
 * that is done once.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepParameters } from '../contracts/routine.js';
import type { CodedPlaybook, OwnStrategy } from '../desk/own-code.js';
import type { PartKind } from './pack-folder.js';
import type { Trial } from './strategy/describe-strategy.js';
import type { ActionContext, CheckContext, CheckOutcome, ReportContext } from './v1.js';

export interface PackProblem {
  readonly file: string;
  readonly line: number | null;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

export interface DescribedPart {
  readonly kind: PartKind;
  readonly name: string;
  readonly title: string;
  /** JSON Schema. */
  readonly parameters: object;
}

export interface DescribedStrategy extends Omit<OwnStrategy, 'kind' | 'artefacts' | 'asked'> {
  readonly file: string;
  readonly trial: Trial;
}

export interface RunRequest {
  readonly context: CheckContext | ReportContext | ActionContext;
  readonly given: StepParameters;
  /** For an action: it is done once, even if other processes try. */
  readonly once?: DoneOnce;
}

export interface DoneOnce {
  /** Created only by the process that begins the action. */
  readonly begunFile: string;
  readonly endedFile: string;
  readonly limitMs: number;
}

export interface Begun {
  readonly pid: number;
  readonly begunMs: number;
  /** Name and time limit; absent if begun by an earlier version. */
  readonly action?: string;
  readonly limitMs?: number;
}

export type Ended = { readonly outcome: CheckOutcome } | { readonly failed: string };

export type Answer =
  /** From here on, this file's code runs. */
  | { readonly begun: string }
  | { readonly part: DescribedPart }
  | { readonly strategy: DescribedStrategy }
  | { readonly playbook: Omit<CodedPlaybook, 'name'> }
  | { readonly problem: PackProblem }
  | { readonly done: true }
  | Ended;

/** Skips an incomplete line. */
export function answersIn(text: string): readonly Answer[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Answer];
      } catch {
        return [];
      }
    });
}

/** Of an action that is done once, one file records its start, and one its result. */
const BEGUN = '.begun';
const ENDED = '.ended';

/** `name`: identifies the action within that folder. */
export function filesOf(folder: string, name: string): Pick<DoneOnce, 'begunFile' | 'endedFile'> {
  return { begunFile: join(folder, `${name}${BEGUN}`), endedFile: join(folder, `${name}${ENDED}`) };
}

/** Names of all actions begun there; none if the folder is missing. */
export function namesBegun(folder: string): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(BEGUN)).map((file) => file.slice(0, -BEGUN.length));
}

/** Null if it doesn't exist, or is incomplete. */
export function readKept<T extends Begun | Ended>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
