import { useState } from 'preact/hooks';
import type { DeskApi, Recorded } from '../connection/desk-api.js';
import { asProblem, type Problem } from '../connection/problem.js';

interface CsvButtonProps {
  readonly api: DeskApi;
  readonly what: Recorded;
}

/** Exports everything recorded, not only what the table shows. */
export function CsvButton({ api, what }: CsvButtonProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      keep(await api.csv(what), `${what}.csv`);
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
        aria-label={`All ${NAMES[what]} as CSV`}
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
