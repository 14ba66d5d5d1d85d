import type { PreflightReport } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, timeOfDay } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { Steps } from '../view/steps.js';

const WORDS = {
  pass: ['go', 'Every check passes.'],
  warn: ['caution', 'Nothing forbids a start with real money; some things are worth a look.'],
  fail: ['alarm', 'A start with real money is refused.'],
} as const;

export function Preflight({ preflight }: { readonly preflight: Polled<PreflightReport> }) {
  const report = preflight.value;
  const aside = report !== null && (
    <span class="soft">
      looked at {timeOfDay(report.atMs)} {CLOCK}
    </span>
  );
  return (
    <Panel title="Pre-flight" area="section" aside={aside} problem={preflight.problem}>
      {report === null ? <Empty>Asking the exchange…</Empty> : <Results report={report} />}
    </Panel>
  );
}

function Results({ report }: { readonly report: PreflightReport }) {
  const [look, words] = WORDS[report.verdict];
  return (
    <>
      <p class={`lamp ${look}`}>{words}</p>
      <Steps steps={report.results.map((result) => ({ ...result, name: result.title }))} />
    </>
  );
}
