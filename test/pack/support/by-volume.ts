/**
 * A strategy that goes by volume alone: by that of its minutes, of longer bars, and by the day's average price. Without one of
 * these it does nothing, or something else.
 */
export const BY_VOLUME = `
import { Sma, strategy, Vwap } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  parameters: {},
  create() {
    const usual = new Sma(3);
    const average = new Vwap();
    return {
      bars: ['1m', '5m'],
      warmupBars: 3,
      onBar(desk, bar) {
        if (bar.spanMinutes === 5) return usual.update(bar.volumeLots);
        average.update(Math.floor(bar.openMs / 86_400_000), bar.highTicks, bar.lowTicks, bar.closeTicks, bar.volumeLots);
        if (usual.value === null || average.value === null || Number.isNaN(desk.bid)) return;
        const busy = bar.volumeLots / (usual.value / 5);
        if (desk.lots > 0 && busy < 0.7) return desk.exit('quiet again');
        if (desk.lots !== 0 || desk.entryResting || busy < 1.3 || bar.closeTicks >= average.value) return;
        desk.enter({
          side: 'buy', type: 'limit', ticks: desk.ask + 20, restBars: 2,
          exits: { stop: { ticks: desk.bid - 2500 }, maxBars: 10 },
          because: bar.volumeLots + ' lots, usually ' + usual.value + ' in 5 minutes, below ' + average.value,
        });
      },
      state: () => 'not busy below the average',
      lines: () => [{ name: 'average', ticks: average.value }],
    };
  },
});`;
