/**
 * What the environment says that a desk file can hold. Secrets are recognised by name and left where they are: their
 * values are neither returned nor quoted in any message.
 */
import { parseEnv } from 'node:util';
import { ENVIRONMENT, type EnvironmentVariable } from './environment-variables.js';
import type { NewDesk } from './new-desk.js';

export interface TakenEnvironment {
  readonly values: Partial<NewDesk>;
  /** What was not taken over, and where it goes instead. */
  readonly notes: readonly string[];
  /** Values that can't be used: nothing is done with any of them then. */
  readonly problems: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

const SECRET_STAYS: Readonly<Record<string, string>> = {
  DASHBOARD_PASSWORD: 'stays in the environment: `fermata up` takes it from there at the first start',
  TELEGRAM_BOT_TOKEN: 'stays in the environment: no desk file holds a token',
};
const QUOTED_LENGTH_MAX = 60;

const known: ReadonlyMap<string, EnvironmentVariable> = new Map(
  ENVIRONMENT.flatMap(({ variables }) => variables).map((variable) => [variable.name, variable]),
);

/** Of the variables that Fermata knows and that have a value; an empty one counts as not given. */
export function readEnvironment(
  environment: Variables,
  only: (variable: EnvironmentVariable) => boolean = () => true,
): Pick<TakenEnvironment, 'values' | 'problems'> {
  let values: Partial<NewDesk> = {};
  const problems: string[] = [];
  for (const [name, variable] of known) {
    const given = environment[name]?.trim() ?? '';
    if (given === '' || !only(variable)) continue;
    const read = variable.form.safeParse(given);
    if (!read.success)
      problems.push(problemOf(variable, given, read.error.issues[0]?.message ?? 'something else'));
    else values = { ...values, ...variable.sets?.(read.data as never) };
  }
  return { values, problems };
}

/** `text` is the content of a `.env` file: one NAME=VALUE a line. A new desk begins on paper, whatever it says. */
export function takeEnvironment(text: string): TakenEnvironment {
  const environment = parseEnv(text);
  const { values, problems } = readEnvironment(environment, ({ sets }) => sets !== undefined);
  const { mode, ...taken } = values;
  const notes = Object.keys(environment).flatMap((name) => {
    const variable = known.get(name);
    if (variable?.sets) return [];
    return [`${name}: ${SECRET_STAYS[name] ?? whereItGoes(name, variable)}`];
  });
  if (mode === 'live') notes.push('TRADING_MODE: live was not taken over; every desk begins on paper');
  return { values: taken, notes, problems };
}

function whereItGoes(name: string, variable: EnvironmentVariable | undefined): string {
  if (name.startsWith('BINANCE_') && variable?.secret)
    return 'stays in the environment: a paper desk reads no key';
  return variable ? 'stays in the environment' : 'has no place in a desk file and was left out';
}

function problemOf({ name, secret }: EnvironmentVariable, given: string, expected: string): string {
  const found = secret ? 'something else (not shown)' : `"${given.slice(0, QUOTED_LENGTH_MAX)}"`;
  return `${name}: expected ${expected}; found ${found}`;
}
