/**
 * A price that swings in long waves by the exchange's own clock: always the same at the same moment, past or future.
 */
export interface Waves {
  /** Length of one wave. */
  readonly minutes: number;
}

const MINUTE_MS = 60_000;
/** Half the height of a wave, and how far each minute briefly dips, as parts of the price. */
const HEIGHT = 0.015;
const DIP = 0.0015;
const DIP_FROM_MS = 5_000;
const DIP_UNTIL_MS = 15_000;

/** In parts per million of the starting price. */
export function wavePpm({ minutes }: Waves, atMs: number): number {
  const smooth = smoothAt(minutes, atMs);
  const inMinute = atMs % MINUTE_MS;
  const dips = inMinute >= DIP_FROM_MS && inMinute < DIP_UNTIL_MS;
  return Math.round(1_000_000 * (dips ? smooth * (1 - DIP) : smooth));
}

/** For the minute that begins at this time: open, high, low, close, in parts per million of the starting price. */
export function waveMinutePpm({ minutes }: Waves, openMs: number): readonly [number, number, number, number] {
  const [open, close] = [smoothAt(minutes, openMs), smoothAt(minutes, openMs + MINUTE_MS)];
  const path = [open, Math.max(open, close), Math.min(open, close) * (1 - DIP), close];
  const [o, h, l, c] = path.map((part) => Math.round(1_000_000 * part));
  return [o as number, h as number, l as number, c as number];
}

function smoothAt(minutes: number, atMs: number): number {
  return 1 - HEIGHT * Math.cos((2 * Math.PI * atMs) / (minutes * MINUTE_MS));
}
