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
const OUTSIDE = 'a strategy reaches nothing outside of itself';
const LATER = 'a strategy decides at once: nothing of it runs later';
const UNREAD = 'it runs code that nobody has read';
const COUNTED = 'Fermata counts by it what a strategy does';
const ENGINE = 'what it gives depends on the machine';

/** Why, for what people reach for. */
const REASONS: Readonly<Record<string, string>> = {
  Date: CLOCK,
  performance: CLOCK,
  Temporal: CLOCK,
  setTimeout: LATER,
  setInterval: LATER,
  setImmediate: LATER,
  queueMicrotask: LATER,
  Promise: LATER,
  fetch: OUTSIDE,
  XMLHttpRequest: OUTSIDE,
  WebSocket: OUTSIDE,
  process: OUTSIDE,
  require: OUTSIDE,
  module: OUTSIDE,
  globalThis: OUTSIDE,
  global: OUTSIDE,
  window: OUTSIDE,
  console: 'a strategy says what it does with desk.note',
  crypto: 'a strategy has no randomness',
  eval: UNREAD,
  Function: UNREAD,
  WebAssembly: UNREAD,
  Intl: 'it depends on the locale',
  WeakRef: ENGINE,
  FinalizationRegistry: ENGINE,
  Atomics: ENGINE,
  SharedArrayBuffer: ENGINE,
  [STEP]: COUNTED,
};

export const isRefused = (name: string): boolean => Object.hasOwn(REASONS, name);

export const reasonFor = (name: string): string =>
  isRefused(name) ? (REASONS[name] as string) : 'a strategy has no such name';
