/** The file that `fermata strategy new` writes. */
export const NEW_STRATEGY = `/** Buys a dip below an average of closes and sells when the price is back at it. docs/STRATEGY.md says what there is. */
import { Ema, strategy } from 'fermata/strategy';

export default strategy({
  suits: 'ranging',
  parameters: {
    bars: { whole: true, min: 2, max: 500, default: 30, meaning: 'bars of the average' },
    belowPct: { min: 0.01, max: 20, default: 0.3, meaning: 'how far below it is bought, percent' },
    stopPct: { min: 0.01, max: 20, default: 1, meaning: 'distance of the stop, percent' },
  },
  create({ parameters: { bars, belowPct, stopPct } }) {
    const average = new Ema(bars);
    return {
      warmupBars: bars,
      onBar(desk, bar) {
        average.update(bar.closeTicks);
        if (average.value === null) return;
        if (desk.lots > 0 && bar.closeTicks >= average.value) desk.exit('back at the average');
        const isDip = bar.closeTicks < average.value * (1 - belowPct / 100);
        if (!isDip || desk.lots !== 0 || desk.entryResting || Number.isNaN(desk.bid)) return;
        desk.enter({
          side: 'buy',
          type: 'limit',
          ticks: desk.bid,
          exits: { stop: { ticks: Math.ceil(desk.bid * (1 - Math.min(stopPct, desk.stopLossPct) / 100)) } },
          restBars: 3,
          because: \`\${belowPct} % below the average of \${bars} bars\`,
        });
      },
      state: () => (average.value === null ? 'warming up' : 'no dip below the average yet'),
      lines: () => [{ name: 'average', ticks: average.value }],
    };
  },
});
`;
