/** Recorded minutes in long, smooth waves: averages that cross once a wave earn on them after fees, with nothing made up. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2025, 0, 6);
const WAVE_MINUTES = 240;
/** Height of a wave, and how far below its open each minute dips, as parts of the price. */
const HEIGHT = 0.03;
const DIP = 0.0015;

/** Writes `minutes` bars around `price`, two decimals each, in the format of docs/DATA.md. Returns the file. */
export function profitableRecording(folder: string, name: string, price: number, minutes: number): string {
  const at = (minute: number) => price * (1 - HEIGHT * Math.cos((2 * Math.PI * minute) / WAVE_MINUTES));
  const rows = Array.from({ length: minutes }, (_, minute) => {
    const [open, close] = [at(minute), at(minute + 1)];
    const [high, low] = [Math.max(open, close), Math.min(open, close) * (1 - DIP)];
    const prices = [open, high, low, close].map((one) => one.toFixed(2));
    return [START_MS + minute * MINUTE_MS, ...prices, '1.00000'].join(',');
  });
  const file = join(folder, `${name}.csv`);
  writeFileSync(file, `${['ts,open,high,low,close,volume', ...rows].join('\n')}\n`);
  return file;
}
