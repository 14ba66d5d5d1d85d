/** What the steps of routines can name, and what `with:` may say to each: declared beside its code, above this layer. */
import { z } from 'zod';
import { closestName } from './closest-name.js';
import { stepLists } from './desk-steps.js';
import { keyText } from './problem.js';
import type { Desk } from './schema.js';
import { type SchemaProblem, schemaProblems } from './schema-problems.js';
import { TRADING_ACTIONS } from './trading-action.js';

/** What a step of a routine was given with `with:`. */
export type StepParameters = Readonly<Record<string, string | number | boolean>>;

/** Something that a step can name, called with what the desk file gave it. */
export type StepPart<C, R> = ((context: C, given: StepParameters) => Promise<R>) & {
  readonly parameters: z.ZodObject;
};

/** `run` gets the parameters as `parameters` has read them, with its defaults; it is not called where they don't fit. */
export function stepPart<C, R, P extends z.ZodObject>(
  parameters: P,
  run: (context: C, parameters: z.output<P>) => Promise<R>,
): StepPart<C, R> {
  const judged = async (context: C, given: StepParameters): Promise<R> => {
    const read = parameters.safeParse(given);
    // No desk file gets here with others, but a schedule keeps what an earlier one gave it.
    if (!read.success) {
      const wrong = read.error.issues.map(
        ({ path, message }) => `"${['with', ...path].join('.')}": ${message}`,
      );
      throw new Error(`the desk file's ${wrong.join('; ')}`);
    }
    return run(context, read.data);
  };
  return Object.assign(judged, { parameters });
}

type Declared = ReadonlyMap<string, { readonly parameters: z.ZodObject }>;

export interface StepParts {
  readonly checks: Declared;
  readonly reports: Declared;
  readonly actions: Declared;
}

/** Of what code of the desk's folder declares. What JSON Schema can't say is judged where it runs. */
export function schemaFrom(parameters: object): z.ZodObject {
  try {
    const schema = z.fromJSONSchema(parameters as Parameters<typeof z.fromJSONSchema>[0]);
    return schema instanceof z.ZodObject ? schema : z.looseObject({});
  } catch {
    return z.looseObject({});
  }
}

/** For what takes none: actions, what people are asked, some checks. */
export const NO_PARAMETERS = z.strictObject({});

const TRADING_PARTS = TRADING_ACTIONS.map((name) => [name, { parameters: NO_PARAMETERS }] as const);

/** Of every step: a part that there is not, and each value of `with:` that its part does not take. */
export function stepProblems(desk: Desk, parts: StepParts): readonly SchemaProblem[] {
  const inPlaybooks = { ...parts, actions: new Map([...parts.actions, ...TRADING_PARTS]) };
  return stepLists(desk).flatMap(({ path: list, of, steps }) =>
    steps.flatMap((step, at) => {
      const path = [...list, at];
      for (const kind of ['check', 'report', 'action'] as const) {
        const named = step[kind];
        if (named === undefined) continue;
        const declared = (of === 'playbook' ? inPlaybooks : parts)[`${kind}s`];
        const part = declared.get(named);
        if (part === undefined) return [unknownPart(kind, named, [...declared.keys()], path)];
        return parameterProblems(part.parameters, step.with, [...path, 'with']);
      }
      return parameterProblems(NO_PARAMETERS, step.with, [...path, 'with']);
    }),
  );
}

function unknownPart(
  kind: string,
  found: string,
  known: readonly string[],
  step: readonly PropertyKey[],
): SchemaProblem {
  const near = closestName(found, known);
  const path = [...step, kind];
  return {
    path,
    key: keyText(path),
    expected: `one of the ${kind}s ${known.join(', ')}`,
    found,
    doThis: near === null ? 'write one of these, or take the step out' : `write ${kind}: ${near}`,
  };
}

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
