/** How far each simulated or recorded market had come, so that the next start continues there. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface MarketPositionStore {
  /** Everything up to and including this market time was delivered. Null: nothing was. */
  load(identity: string): number | null;
  save(identity: string, marketMs: number): void;
  /** The recorded run begins with the bars that open at this time, whatever was delivered before. Null: nowhere set. */
  readonly beginMs?: number | null;
}

/**
 * Stores the positions in one small JSON file, replaced by rename. It is not synced: after a power failure
 * the market may resume a little earlier, which repeats quotes and loses none. An unreadable file counts as
 * empty.
 */
export function openMarketPositionFile(file: string): MarketPositionStore {
  const positions = new Map(Object.entries(readPositions(file)));
  return {
    load: (identity) => {
      const marketMs = positions.get(identity);
      return Number.isSafeInteger(marketMs) ? (marketMs as number) : null;
    },
    save(identity, marketMs) {
      positions.set(identity, marketMs);
      mkdirSync(dirname(file), { recursive: true });
      const next = `${file}.next`;
      writeFileSync(next, `${JSON.stringify(Object.fromEntries(positions))}\n`, { mode: 0o600 });
      renameSync(next, file);
    },
  };
}

function readPositions(file: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}
