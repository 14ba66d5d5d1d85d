import type { DeskApi, PreflightReport } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { timeOfDay } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { Verdict } from '../view/routine.js';

const LOOK_MS = 60_000;

const WORDS = {
  pass: ['go', 'Every check passes.'],
  warn: ['caution', 'Nothing forbids a start with real money; some things are worth a look.'],
  fail: ['alarm', 'A start with real money is refused.'],
} as const;

export function Preflight({ api }: { readonly api: DeskApi }) {
  const preflight = usePolled(() => api.preflight(), LOOK_MS, 'preflight');
  const report = preflight.value;
  const aside = report !== null && <span class="soft">looked at {timeOfDay(report.atMs)} UTC</span>;
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
      <ol class="steps">
        {report.results.map(({ key, title, verdict, observed, expected }) => (
          <li key={key}>
            <span class="step-name">{title}</span>
            <Verdict verdict={verdict} />
            <dl>
              <dt>Expected</dt>
              <dd>{expected}</dd>
              <dt>Observed</dt>
              <dd>{observed}</dd>
            </dl>
          </li>
        ))}
      </ol>
    </>
  );
}
