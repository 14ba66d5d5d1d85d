/** What the product can record, halt for or deny, and what no seed of a run came to. */
import { readdirSync, readFileSync } from 'node:fs';
import { HALT_CAUSES } from '../../src/domain/mode.js';
import { RECORD_TYPES } from '../../src/trader/journal/v2/codec.js';

const LIMITS = new URL('../../src/limits/', import.meta.url);
/** A report counts these apart, under words of their own, and all of them always occur. */
const APART = new Set(['order.intended', 'order.state', 'order.denied', 'command', 'halt', 'stop.gap']);

export interface NeverReached {
  readonly records: readonly string[];
  readonly halts: readonly string[];
  readonly denials: readonly string[];
}

export function neverReached(reached: ReadonlySet<string>): NeverReached {
  const types = Object.keys(RECORD_TYPES).filter((type) => !APART.has(type));
  return {
    records: types.filter((type) => !reached.has(type)).sort(),
    halts: HALT_CAUSES.filter((cause) => !reached.has(`halt: ${cause}`)).sort(),
    denials: deniedBy().filter((limit) => !reached.has(`order denied: ${limit}`)),
  };
}

/** No list in the product has them all: a rule names itself where it denies. */
function deniedBy(): string[] {
  const files = readdirSync(LIMITS).filter((name) => name.endsWith('.ts'));
  const named = files.flatMap((name) => [
    ...readFileSync(new URL(name, LIMITS), 'utf8').matchAll(/\b(?:limit: |NAME = )'([a-z-]+)'/g),
  ]);
  return [...new Set(named.map(([, limit = '']) => limit))].sort();
}
