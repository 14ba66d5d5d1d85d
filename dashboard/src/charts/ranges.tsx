import { useState } from 'preact/hooks';
import type { Range } from './chart.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const RANGES = [
  ['1h', HOUR],
  ['4h', 4 * HOUR],
  ['1d', DAY],
  ['1w', 7 * DAY],
  ['1m', 30 * DAY],
  ['All', null],
] as const;

export interface ChosenRange {
  readonly range: Range;
  readonly choose: (seconds: number | null) => void;
}

export function useRange(first: number | null): ChosenRange {
  const [range, setRange] = useState<Range>({ seconds: first, asked: 0 });
  const choose = (seconds: number | null): void => setRange(({ asked }) => ({ seconds, asked: asked + 1 }));
  return { range, choose };
}

/** Buttons for every range shorter than the available data, and for all of it. */
export function Ranges({ range, choose, covered }: ChosenRange & { readonly covered: number }) {
  return (
    <fieldset class="tabs" aria-label="Range">
      {RANGES.filter(([, seconds]) => seconds === null || seconds < covered).map(([name, seconds]) => (
        <button
          key={name}
          type="button"
          class="tab"
          aria-pressed={
            range.seconds === seconds ||
            (seconds === null && range.seconds !== null && range.seconds >= covered)
          }
          onClick={() => choose(seconds)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
