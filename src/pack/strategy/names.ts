/** What a strategy has of the language: all that gives the same on every machine, every time. */

/** Name of the script in what an error says of its place. */
export const SCRIPT = 'fermata-strategy.js';
/** The global in which the script leaves what its file exports. */
export const EXPORTS = 'fermataStrategy';
/** The function that each loop and each function of it calls. */
export const STEP = 'fermataStep';
/** In one call of a strategy; a bar's decision takes a few thousand, and so many some hundredths of a second. */
export const STEPS_MAX = 10_000_000;

/** Globals that it may use, beside `Math`. Everything else is taken away where it runs. */
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
  ...['BigInt64Array', 'BigUint64Array'],
]);

/** Exact or correctly rounded by the standard; the others may differ from engine to engine in the last place. */
export const MATH: ReadonlySet<string> = new Set([
  ...['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'],
  ...['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'],
]);

/** Members that depend on locale, engine or the way to one. */
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

/** Why, for what people reach for, whatever it is (`what`: a strategy …). */
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

/** What code of a desk's folder may say that has to come to the same every time. */
export interface CodeRules {
  /** For people: a strategy, a playbook. */
  readonly what: string;
  readonly globals: ReadonlySet<string>;
  /** Why, by what is refused even as a name of its own. */
  readonly reasons: Readonly<Record<string, string>>;
  /** To the last place of each number, on every machine. */
  readonly exact: boolean;
  /** It may wait. */
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
  },
  exact: true,
  waits: false,
};
