import { report } from 'fermata/pack';
import { z } from 'zod';

export default report({
  title: 'Result of the day, drawdown and what is held',
  parameters: z.object({}),
  run: ({ desk, trader }) => {
    if (trader === null) throw new Error('the trader does not answer');
    const { equity, dayPnl, drawdownPct, positions, fills } = trader;
    const held = positions.map(
      ({ side, quantity, symbol, unrealised }) => `${side} ${quantity} ${symbol} (${unrealised})`,
    );
    return `today ${dayPnl} ${desk.currency}, equity ${equity}, drawdown ${drawdownPct} %, ${fills} fills; ${held.join(', ') || 'nothing held'}`;
  },
});
