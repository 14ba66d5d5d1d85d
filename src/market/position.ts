/** Where a simulated or recorded market stood still, so that the next start goes on there. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface MarketPosition {
  /** Everything up to and including this market time was delivered. */
  readonly marketMs: number;
  /** Seed of the simulated market; null for a recording. */
  readonly seed: number | null;
  /** Names and sizes of the recorded files; null for the simulated market. Another recording starts at its beginning. */
  readonly recording: string | null;
}

export interface MarketPositionStore {
  load(): MarketPosition | null;
  save(position: MarketPosition): void;
}

/**
 * Keeps the position in one small JSON file, replaced by rename. It is not synced: after a power failure the market may
 * resume a little earlier, which repeats quotes and loses none. An unreadable file counts as none.
 */
export function openMarketPositionFile(file: string): MarketPositionStore {
  return {
    load: () => readPosition(file),
    save(position) {
      mkdirSync(dirname(file), { recursive: true });
      const next = `${file}.next`;
      writeFileSync(next, `${JSON.stringify(position)}\n`, { mode: 0o600 });
      renameSync(next, file);
    },
  };
}

function readPosition(file: string): MarketPosition | null {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<MarketPosition>;
    if (!Number.isSafeInteger(found.marketMs)) return null;
    return {
      marketMs: found.marketMs as number,
      seed: typeof found.seed === 'number' ? found.seed : null,
      recording: typeof found.recording === 'string' ? found.recording : null,
    };
  } catch {
    return null;
  }
}
