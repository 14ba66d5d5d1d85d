import { strategy } from 'fermata/strategy';

export default strategy({
  suits: 'ranging',
  parameters: {
    everyBars: { whole: true, min: 2, max: 500, default: 5, meaning: 'bars between an entry and its exit' },
  },
  create({ parameters: { everyBars } }) {
    let bars = 0;
    return {
      warmupBars: 1,
      onBar(desk) {
        bars += 1;
        if (bars % everyBars !== 0 || desk.entryResting || Number.isNaN(desk.ask)) return;
        if (desk.lots > 0) return desk.exit('it has swum enough');
        desk.enter({
          side: 'buy',
          type: 'limit',
          ticks: desk.ask + 1,
          exits: { stop: { ticks: Math.ceil(desk.ask * (1 - Math.min(1, desk.stopLossPct) / 100)) } },
          restBars: 1,
          because: `each ${everyBars} bars`,
        });
      },
      state: () => `${bars} bars seen`,
    };
  },
});
