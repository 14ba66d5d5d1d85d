/** The parts of the language that a strategy may use: they yield the same on every machine, every time. */

/** File name of the script in error positions. */
export const SCRIPT = 'fermata-strategy.js';
/** The global in which the script leaves its exports. */
export const EXPORTS = 'fermataStrategy';
/** The function that each of its loops and functions calls. */
export const STEP = 'fermataStep';
/** The function that each of its `throw` statements calls: only an error has a stack that says where. */
export const THROW = 'fermataThrow';
/** Turns a thrown value into an error, with the place of the `throw` statement that ran last. */
export const PLACED = 'fermataPlaced';
/** Per call of a strategy. A bar's decision takes a few thousand; this many take hundredths of a second. */
export const STEPS_MAX = 10_000_000;

/** The numbers of an instrument in `desk.of`. */
export const WATCHED_NUMBERS = [
  ...(['bid', 'ask', 'openMs', 'openTicks', 'highTicks', 'lowTicks', 'closeTicks', 'volumeLots'] as const),
] as const;
/** A leg's additional numbers: its lots, and 1 if an entry is not final yet, otherwise 0. */
export type LegNumber = 'lots' | 'entryResting';

export type WatchedNumber = (typeof WATCHED_NUMBERS)[number];

/** Globals that it may use. All others are removed where it runs. */
export const GLOBALS: ReadonlySet<string> = new Set([
  ...['undefined', 'NaN', 'Infinity', 'isNaN', 'isFinite', 'parseInt', 'parseFloat', 'arguments'],
  ...[
    'Number',
    'Boolean',
    'String',
    'Symbol',
    'BigInt',
    'Object',
    'Array',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
  ],
  ...['JSON', 'RegExp', 'Error', 'TypeError', 'RangeError', 'Math'],
  ...['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float64Array'],
  ...['BigInt64Array', 'BigUint64Array', 'Float32Array', 'DataView'],
]);

/** Exact or correctly rounded by the standard; the others may differ between engines in the last digit. */
export const MATH: ReadonlySet<string> = new Set([
  ...['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'],
  ...['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'],
]);

/** Members that depend on the locale or the engine, or lead to code that nobody has read. */
export const MEMBERS: Readonly<Record<string, string>> = {
  localeCompare: 'it depends on the locale: compare with < and >',
  toLocaleString: 'it depends on the locale: use toFixed or String',
  toLocaleUpperCase: 'it depends on the locale: use toUpperCase',
  toLocaleLowerCase: 'it depends on the locale: use toLowerCase',
  normalize: 'it depends on the version of Unicode',
  stack: 'it depends on the engine: use message',
  constructor: 'it leads to code that nobody has read',
  __proto__: 'it leads to code that nobody has read: use Object.getPrototypeOf',
};

const CLOCK = 'a strategy has no clock: the time comes with the bar (bar.openMs)';
const LATER = 'a strategy decides at once: nothing of it runs later';

/** The reasons for names that people try to use (`what`: "a strategy" …). */
export function refusedToAll(what: string): Readonly<Record<string, string>> {
  const outside = `${what} reaches nothing outside of itself`;
  const unread = 'it runs code that nobody has read';
  const engine = 'what it gives depends on the machine';
  return {
    fetch: outside,
    XMLHttpRequest: outside,
    WebSocket: outside,
    process: outside,
    require: outside,
    module: outside,
    globalThis: outside,
    global: outside,
    window: outside,
    crypto: `${what} has no randomness`,
    eval: unread,
    Function: unread,
    WebAssembly: unread,
    Intl: 'it depends on the locale',
    WeakRef: engine,
    FinalizationRegistry: engine,
    Atomics: engine,
    SharedArrayBuffer: engine,
  };
}

/** The rules for code of a desk's folder that must be deterministic. */
export interface CodeRules {
  /** In messages: "a strategy", "a playbook". */
  readonly what: string;
  readonly globals: ReadonlySet<string>;
  /** The reason by name, for names that are refused even if the code declares them itself. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Numbers must be equal to the last digit on every machine. */
  readonly exact: boolean;
  /** The code may wait. */
  readonly waits: boolean;
}

export const STRATEGY_RULES: CodeRules = {
  what: 'a strategy',
  globals: GLOBALS,
  reasons: {
    ...refusedToAll('a strategy'),
    Date: CLOCK,
    performance: CLOCK,
    Temporal: CLOCK,
    setTimeout: LATER,
    setInterval: LATER,
    setImmediate: LATER,
    queueMicrotask: LATER,
    Promise: LATER,
    console: 'a strategy says what it does with desk.note',
    [STEP]: 'Fermata counts by it what a strategy does',
    [THROW]: 'Fermata finds by it where a strategy throws',
    [PLACED]: 'Fermata finds by it where a strategy throws',
  },
  exact: true,
  waits: false,
};
