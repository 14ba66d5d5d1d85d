import type { PreflightCheck } from './preflight-check.js';

export const symbols: PreflightCheck = {
  key: 'symbols',
  title: 'Symbol availability',
  look: ({ desk, exchange }) => {
    const wanted = desk.instruments.map(({ symbol }) => symbol);
    const expected = `${wanted.join(', ')}: listed and trading, with the desk file's steps`;
    if (!exchange.symbols.ok)
      return { verdict: 'fail', observed: `not known: ${exchange.symbols.why}`, expected };
    const found = exchange.symbols.value;
    const problems = wanted.flatMap((symbol) => {
      const problem = found.get(symbol);
      return problem === null ? [] : [problem ?? `${symbol} is not listed at the exchange`];
    });
    return problems.length > 0
      ? { verdict: 'fail', observed: problems.join('; '), expected }
      : { verdict: 'pass', observed: `${wanted.length} of ${wanted.length} can be traded`, expected };
  },
};
