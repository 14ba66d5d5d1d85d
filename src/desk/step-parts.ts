/**
 * What steps of routines can name, and the `with:` values that each accepts. Higher layers declare them, next
 * to the code.
 */
import { z } from 'zod';
import type { StepParameters } from '../contracts/routine.js';
import { TRADING_ACTIONS, type TradingAction } from '../domain/mode.js';
import { stepLists } from './own-steps.js';
import { keyText } from './problem.js';
import type { Desk } from './schema.js';
import { type SchemaProblem, schemaProblems } from './schema-problems.js';
import { name as ownName } from './schema-values.js';
import { closestName } from './typed-names.js';

/** Something that a step can name, called with the values from the desk file. */
export type StepPart<C, R> = ((context: C, given: StepParameters) => Promise<R>) & DeclaredPart;

export interface DeclaredPart {
  /** What it checks, reports or does, for people who choose one. */
  readonly title: string;
  readonly parameters: z.ZodObject;
}

/** `run` gets the parameters as parsed by `parameters`, with its defaults; it isn't called if they don't fit. */
export function stepPart<C, R, P extends z.ZodObject>(
  title: string,
  parameters: P,
  run: (context: C, parameters: z.output<P>) => Promise<R>,
): StepPart<C, R> {
  const judged = async (context: C, given: StepParameters): Promise<R> => {
    const read = parameters.safeParse(given);
    // A desk file that loads has no others, but a schedule keeps the values of an earlier file.
    if (!read.success) {
      const wrong = read.error.issues.map(
        ({ path, message }) => `"${['with', ...path].join('.')}": ${message}`,
      );
      throw new Error(`the desk file's ${wrong.join('; ')}`);
    }
    return run(context, read.data);
  };
  return Object.assign(judged, { title, parameters });
}

type Declared = ReadonlyMap<string, DeclaredPart>;

export interface StepParts {
  readonly checks: Declared;
  readonly reports: Declared;
  readonly actions: Declared;
}

/** For declarations in a pack's code. What JSON Schema can't express is checked where the code runs. */
export function schemaFrom(parameters: object): z.ZodObject {
  try {
    const schema = z.fromJSONSchema(parameters as Parameters<typeof z.fromJSONSchema>[0]);
    return schema instanceof z.ZodObject ? schema : z.looseObject({});
  } catch {
    return z.looseObject({});
  }
}

/** For parts without parameters: actions, tasks for people, some checks. */
export const NO_PARAMETERS = z.strictObject({});

const TRADING_TITLES: Readonly<Record<TradingAction, string>> = {
  halt: 'Lets nothing be entered',
  stop: 'Stops trading; positions keep their stops',
  'close-all': 'Closes everything, once a person agrees',
  'restart-trader': 'Starts the trader again; it comes back HALTED',
  'restore-database': 'Puts the newest good backup of the database in place, once a person agrees',
};
const TRADING_PARTS = TRADING_ACTIONS.map(
  (name) => [name, { title: TRADING_TITLES[name], parameters: NO_PARAMETERS }] as const,
);

/** An incident's steps may also act on trading. */
export const inPlaybooks = (parts: StepParts): StepParts => ({
  ...parts,
  actions: new Map([...parts.actions, ...TRADING_PARTS]),
});

/** For every step: a part that doesn't exist, and each `with:` value that its part doesn't accept. */
export function stepProblems(desk: Desk, parts: StepParts): readonly SchemaProblem[] {
  const partsOfPlaybooks = inPlaybooks(parts);
  return stepLists(desk).flatMap(({ path: list, of, steps }) =>
    steps.flatMap((step, at) => {
      const path = [...list, at];
      for (const kind of ['check', 'report', 'action'] as const) {
        const named = step[kind];
        if (named === undefined) continue;
        const declared = of === 'playbook' ? partsOfPlaybooks : parts;
        const part = declared[`${kind}s`].get(named);
        if (part === undefined) return [unknownPart(kind, named, declared, path)];
        return parameterProblems(part.parameters, step.with, [...path, 'with']);
      }
      // Checked with the files in playbooks/ (`codedProblems`).
      if (step.playbook !== undefined) return [];
      return parameterProblems(NO_PARAMETERS, step.with, [...path, 'with']);
    }),
  );
}

function unknownPart(
  kind: PartKind,
  found: string,
  declared: StepParts,
  step: readonly PropertyKey[],
): SchemaProblem {
  const path = [...step, kind];
  const { doThis, ...problem } = partProblem(kind, found, declared, (of, name) => `${of}: ${name}`);
  return { path, key: keyText(path), ...problem, doThis };
}

const PART_KINDS = ['check', 'report', 'action'] as const;
type PartKind = (typeof PART_KINDS)[number];

/** `written`: the notation for a part in the place where this one was named. */
export function partProblem(
  kind: PartKind,
  found: string,
  declared: StepParts,
  written: (kind: PartKind, name: string) => string,
): Pick<SchemaProblem, 'expected' | 'found' | 'doThis'> {
  const known = [...declared[`${kind}s`].keys()];
  const expected = `one of the ${kind}s ${known.join(', ')}`;
  const other = PART_KINDS.find((one) => declared[`${one}s`].has(found));
  if (other !== undefined)
    return {
      expected,
      found: `${found}, ${A[other]}`,
      doThis: `${found} is ${A[other]}: write ${written(other, found)}`,
    };
  const near = closestName(found, known);
  const first = near === null ? 'write one of these' : `write ${written(kind, near)}`;
  return { expected, found, doThis: isOwnName(found) ? `${first}, or write ${kind}s/${found}.ts` : first };
}

const A = { check: 'a check', report: 'a report', action: 'an action' } as const;

const isOwnName = (text: string): boolean => ownName.safeParse(text).success;

export function parameterProblems(
  schema: z.ZodObject,
  given: StepParameters,
  path: readonly PropertyKey[],
): readonly SchemaProblem[] {
  const read = schema.safeParse(given);
  if (read.success) return [];
  return schemaProblems(read.error.issues, given, Object.keys(schema.shape)).map((problem) => {
    const whole = [...path, ...problem.path];
    return { ...problem, path: whole, key: keyText(whole) };
  });
}
