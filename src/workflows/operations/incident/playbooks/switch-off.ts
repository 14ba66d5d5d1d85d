/** Strategies off, by name: what people may choose where one loses. */
import type { Offer } from './offer.js';

export function switchOff(title: string, reason: string, names: NamesOf): Offer {
  return {
    key: 'strategies-off',
    title,
    describe: async (incident, facts) => {
      const named = [...new Set(names(facts, incident.input.subject))].sort();
      return named.length > 0 ? { strategies: named.join(', ') } : null;
    },
    accept: async ({ trader, name }, { strategies }, by) => {
      const details: string[] = [];
      for (const strategy of String(strategies).split(', ')) {
        const result = await trader?.toggleStrategy.executeWithOptions({ summary: `${strategy} off` }, [
          { commandId: `${name}:off:${strategy}`, by, reason, strategy, enabled: false },
        ]);
        details.push(result?.detail ?? 'no trader is known');
      }
      return details.join('; ');
    },
  };
}

/** Of those that are on. */
type NamesOf = (facts: Parameters<Offer['describe']>[1], subject: string) => readonly string[];
