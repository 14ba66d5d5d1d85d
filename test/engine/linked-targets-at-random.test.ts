/**
 * The engine beside a venue that links orders, with messages that come late, in any order, twice or never, and with a kill between
 * any two effects: what was bought is never sold twice, and once it is calm again everything is as it should be.
 */

import { describe, expect, it } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { LinkedRun } from './support/linked-run.js';

describe('a stop and a target that the venue links', () => {
  it('never sell more than was bought, and end as they should, in 100 runs with faults', () => {
    const ends = { flat: 0, held: 0, kills: 0 };
    for (let seed = 1; seed <= 100; seed += 1) {
      const { venue, desk, kills } = new LinkedRun(drawFrom(seed)).go();
      const said = `seed ${seed}`;
      expect(venue.lowest, said).toBe(0);
      expect(desk.lots(0), said).toBe(venue.position);
      const open = venue.open.map(({ intent, quantityLots, filledLots }) => ({
        type: intent.type,
        left: quantityLots - filledLots,
        group: intent.group,
      }));
      ends.kills += kills;
      if (venue.position === 0) {
        ends.flat += 1;
        expect(
          open.filter(({ group }) => group !== undefined),
          said,
        ).toEqual([]);
        continue;
      }
      ends.held += 1;
      // Too little for any order.
      if (desk.engine.view.positions[0]?.protection === 'dust') continue;
      // While its entry may still buy, a position has its stop alone.
      if (open.some(({ group }) => group === undefined)) {
        expect(
          open.filter(({ group }) => group !== undefined),
          said,
        ).toMatchObject([{ type: 'stop', left: venue.position }]);
        continue;
      }
      const [stop, target, ...more] = open.toSorted((one, other) => (one.type < other.type ? 1 : -1));
      expect([stop, target, more], said).toMatchObject([
        { type: 'stop', left: venue.position },
        { type: 'limit', left: venue.position, group: stop!.group },
        [],
      ]);
    }
    expect(Math.min(ends.flat, ends.held, ends.kills)).toBeGreaterThan(5);
  });
});
