import { useState } from 'preact/hooks';
import type { DeskApi, Recorded } from '../connection/desk-api.js';
import { asProblem, type Problem } from '../connection/problem.js';

interface CsvButtonProps {
  readonly api: DeskApi;
  readonly what: Recorded;
  /** What is exported in place of everything recorded. */
  readonly filtered?: (() => Promise<Blob>) | null;
}

/** Exports everything recorded, not only what the table shows; if the table is filtered, whatever fits. */
export function CsvButton({ api, what, filtered = null }: CsvButtonProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      keep(await (filtered === null ? api.csv(what) : filtered()), `${what}.csv`);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      {problem !== null && (
        <span role="alert" title={problem.doThis}>
          {problem.title}{' '}
        </span>
      )}
      <button
        type="button"
        class="button small csv"
        aria-label={`${filtered === null ? 'All' : 'Filtered'} ${NAMES[what]} as CSV`}
        disabled={busy}
        onClick={() => void save()}
      >
        {busy ? 'Reading…' : 'CSV'}
      </button>
    </>
  );
}

const NAMES: Readonly<Record<Recorded, string>> = {
  trades: 'fills',
  orders: 'orders',
  equity: 'equity',
  audit: 'audit entries',
};

function keep(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // By then the browser has begun to write the file.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
