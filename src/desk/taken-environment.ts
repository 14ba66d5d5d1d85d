import { parseEnv } from 'node:util';
import { isWithin, rangeText } from '../domain/declared-value.js';
import type { EnvironmentSection, EnvironmentVariable } from './environment-variable.js';
import type { NewDesk, ParameterValue } from './new-desk.js';
import type { OwnStrategy } from './own-code.js';

/**
 * Reads environment variables that a desk file can hold. Secrets are recognised by name and left in place: their values
 * are neither returned nor quoted in any message.
 */

interface TakenEnvironment {
  readonly values: Partial<NewDesk>;
  /** What was not taken over, and where it belongs instead. */
  readonly notes: readonly string[];
  /** Unusable values: if there are any, none of the values is used. */
  readonly problems: readonly string[];
}

interface DeclaringStrategy {
  readonly own?: Pick<OwnStrategy, 'parameters'> | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

const QUOTED_LENGTH_MAX = 60;
const NUMBER = /^-?\d{1,12}(\.\d{1,8})?$/;

/** The known variables that have a value; an empty one counts as absent. */
export function readEnvironment(
  known: readonly EnvironmentSection[],
  environment: Variables,
  only: (variable: EnvironmentVariable) => boolean = () => true,
): Pick<TakenEnvironment, 'values' | 'problems'> {
  let values: Partial<NewDesk> = {};
  const problems: string[] = [];
  for (const variable of known.flatMap(({ variables }) => variables)) {
    const given = environment[variable.name]?.trim() ?? '';
    if (given === '' || !only(variable)) continue;
    const read = variable.form.safeParse(given);
    if (!read.success)
      problems.push(problemOf(variable, given, read.error.issues[0]?.message ?? 'something else'));
    else values = { ...values, ...variable.sets?.(read.data as never) };
  }
  return { values, problems };
}

/**
 * The strategy parameters whose variable is set. Values are never quoted. A variable in `known` sets
 * something else or is a secret, so no strategy may use it.
 */
export function readParameterVariables(
  known: readonly EnvironmentSection[],
  strategies: readonly DeclaringStrategy[],
  environment: Variables,
): { readonly parameters: readonly ParameterValue[]; readonly problems: readonly string[] } {
  const taken = new Set(known.flatMap(({ variables }) => variables.map(({ name }) => name)));
  const parameters: ParameterValue[] = [];
  const problems: string[] = [];
  for (const [strategy, { own }] of strategies.entries())
    for (const spec of own?.parameters ?? []) {
      const { environment: variable = '' } = spec;
      const given = environment[variable]?.trim() ?? '';
      if (given === '') continue;
      if (taken.has(variable)) {
        problems.push(
          `${variable}: expected for what Fermata itself reads, found as the parameter ${spec.name} of a strategy: name another one in the strategy’s file`,
        );
        continue;
      }
      const value = NUMBER.test(given) ? Number(given) : Number.NaN;
      if (isWithin(spec, value)) parameters.push({ strategy, name: spec.name, value });
      else problems.push(`${variable}: expected ${rangeText(spec)}`);
    }
  return { parameters, problems };
}

/**
 * `text` is the content of a `.env` file: one NAME=VALUE per line. A new desk begins on paper, whatever the file says.
 */
export function takeEnvironment(known: readonly EnvironmentSection[], text: string): TakenEnvironment {
  const environment = parseEnv(text);
  const { values, problems } = readEnvironment(known, environment, ({ sets }) => sets !== undefined);
  const { mode, ...taken } = values;
  const variables = known.flatMap((section) => section.variables);
  const notes = Object.keys(environment).flatMap((name) => {
    const variable = variables.find((one) => one.name === name);
    return variable?.sets ? [] : [`${name}: ${whereItGoes(variable)}`];
  });
  if (mode === 'live') notes.push('TRADING_MODE: live was not taken over; every desk begins on paper');
  return { values: taken, notes, problems };
}

function whereItGoes(variable: EnvironmentVariable | undefined): string {
  if (variable === undefined) return 'has no place in a desk file and was left out';
  return variable.stays ?? 'stays in the environment';
}

function problemOf({ name, secret }: EnvironmentVariable, given: string, expected: string): string {
  const found = secret ? 'something else (not shown)' : `"${given.slice(0, QUOTED_LENGTH_MAX)}"`;
  return `${name}: expected ${expected}; found ${found}`;
}
