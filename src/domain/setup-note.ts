/** What strategies note of a setup: `Setup Detected - <id>: <plan>` once it is traded, `Setup <id>: <what>` of its other steps. */

const NOTE = /^Setup (Detected - )?([0-9A-Za-z_-]{1,40}): (.*)$/s;
/** The same for the database: whether it was detected, its id, the text. */
export const SETUP_NOTE = NOTE.source;
/** `EXPIRED, its day is over`: the state that it ended in, and why. */
const END = /^([A-Z][A-Z_]*), (.*)$/s;
const PLAN = /@ (?<entry>[\d.]+), stop (?<stop>[\d.]+), target (?<target>[\d.]+)/;

export interface SetupNote {
  readonly id: string;
  /** It was found, and its entry is on its way; false for the steps before and after. */
  readonly detected: boolean;
  /** What comes behind the id. */
  readonly text: string;
  /** The state that it ended in; null: it goes on. */
  readonly endedAs: string | null;
}

/** Null for a note that is about no setup. */
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

/** The state that what was noted last says it ended in; null: it goes on. */
export const setupEnd = (text: string): string | null => END.exec(text)?.[1] ?? null;

export interface SetupPrices {
  readonly entry: string;
  readonly stop: string;
  readonly target: string;
}

/** As the plan says them; null where it says none. */
export function pricesOf(plan: string): SetupPrices | null {
  const { entry, stop, target } = PLAN.exec(plan)?.groups ?? {};
  return entry === undefined || stop === undefined || target === undefined ? null : { entry, stop, target };
}

/** What the plan may win over what it may lose, two places; null where it risks nothing. */
export function rewardToRisk({ entry, stop, target }: SetupPrices): number | null {
  const risk = Math.abs(Number(entry) - Number(stop));
  return risk === 0 ? null : Number((Math.abs(Number(target) - Number(entry)) / risk).toFixed(2));
}

/** What a strategy says of itself while it follows a setup: `setup <id> <STATE>: <plan>`. Null: it follows none. */
export function setupFollowed(state: string): { readonly id: string; readonly state: string } | null {
  const [, id, name] = /^setup ([0-9A-Za-z_-]{1,40}) ([A-Z][A-Z_]*): /.exec(state) ?? [];
  return id === undefined || name === undefined ? null : { id, state: name };
}
