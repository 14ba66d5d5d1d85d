import type { ValidationShown } from '../api/shapes.js';
import { CLOCK, day, minuteOfDay, placed, signed } from '../format.js';

export function Validation({ report }: { readonly report: ValidationShown }) {
  const { recommendation, createdMs, requestedBy, market, results, verdicts, reasons, goLive } = report;
  const said = new Set(verdicts.map(({ text }) => text));
  const more = reasons.filter((reason) => !said.has(reason));
  return (
    <li class="card-line">
      <div class="card-head">
        <span class={`lamp ${recommendation === 'GO' ? 'go' : 'alarm'}`}>
          <b>{recommendation}</b>
        </span>
        <span class="soft">
          {day(createdMs)} {minuteOfDay(createdMs)} {CLOCK}, asked by {requestedBy}
        </span>
      </div>
      <p>
        {results.trades} trades, {signed(placed(results.netProfit, results.currency))} {results.currency}{' '}
        after fees, on {market.label}
      </p>
      <ul class="verdicts">
        {verdicts.map(({ name, passed, text }) => (
          <li key={name} class={`lamp ${passed ? 'go' : 'alarm'}`}>
            {text}
          </li>
        ))}
      </ul>
      {more.length > 0 && (
        <p>
          <span class="label">NO-GO also because</span> {more.join('; ')}
        </p>
      )}
      {!goLive.qualifies && goLive.because.length > 0 && (
        <p class="soft">Does not count for real money: {goLive.because.join('; ')}</p>
      )}
    </li>
  );
}
