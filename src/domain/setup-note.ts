/**
 * Strategies' notes about a setup: `Setup Detected - <id>: <plan>` once it is traded, `Setup <id>: <what>`
 * for other steps.
 */

const NOTE = /^Setup (Detected - )?([0-9A-Za-z_-]{1,40}): (.*)$/s;
/** The pattern for the database. Its groups: detected or not, the id, the text. */
export const SETUP_NOTE = NOTE.source;
/** `EXPIRED, its day is over`: the state that it ended in, and why. */
const END = /^([A-Z][A-Z_]*), (.*)$/s;
const PLAN = /@ (?<entry>[\d.]+), stop (?<stop>[\d.]+), target (?<target>[\d.]+)/;

interface SetupNote {
  readonly id: string;
  /** The setup was detected and its entry is on its way. False: a step before or after. */
  readonly detected: boolean;
  /** The text after the id. */
  readonly text: string;
  /** The state that the setup ended in. Null: it goes on. */
  readonly endedAs: string | null;
}

/** Null: the note is not about a setup. */
export function setupNote({
  text,
  strategy,
}: {
  readonly text: string;
  readonly strategy: string | null;
}): SetupNote | null {
  const [, detected, id, said = ''] = (strategy !== null && NOTE.exec(text)) || [];
  if (id === undefined) return null;
  return { id, detected: detected !== undefined, text: said, endedAs: setupEnd(said) };
}

/** The final state that the newest note names. Null: the setup goes on. */
export const setupEnd = (text: string): string | null => END.exec(text)?.[1] ?? null;

export interface SetupPrices {
  readonly entry: string;
  readonly stop: string;
  readonly target: string;
}

/** The prices that the plan names. Null: it names none. */
export function pricesOf(plan: string): SetupPrices | null {
  const { entry, stop, target } = PLAN.exec(plan)?.groups ?? {};
  return entry === undefined || stop === undefined || target === undefined ? null : { entry, stop, target };
}

/** Possible gain ÷ possible loss of the plan, to two places. Null: it risks nothing. */
export function rewardToRisk({ entry, stop, target }: SetupPrices): number | null {
  const risk = Math.abs(Number(entry) - Number(stop));
  return risk === 0 ? null : Number((Math.abs(Number(target) - Number(entry)) / risk).toFixed(2));
}

/** A strategy's state while it follows a setup: `setup <id> <STATE>: <plan>`. Null: it follows none. */
export function setupFollowed(state: string): { readonly id: string; readonly state: string } | null {
  const [, id, name] = /^setup ([0-9A-Za-z_-]{1,40}) ([A-Z][A-Z_]*): /.exec(state) ?? [];
  return id === undefined || name === undefined ? null : { id, state: name };
}
