/** Incidents of every kind, and the ways in which they end. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIncident, position, strategy, timelineOf } from '../../incidents/incident-bench.js';
import { until } from '../../support/eventually.js';
import { openApproval, pressedFor, UNANSWERED_MS, vote } from '../support/decisions.js';
import { type Bench, openBench } from '../support/desk-bench.js';
import { keepHistory } from '../support/keep-history.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** What these tests need: each worker costs time to start. */
const SERVED = { serve: ['engine', 'operations'] } as const;

const NEAR = [{ limit: 'daily-loss', value: '3 %', now: '2.90 %' }];
const CALM = [{ limit: 'daily-loss', value: '3 %', now: '0.10 %' }];

describe('histories of incidents', () => {
  it('a drawdown that a person declares over, its offers taken back', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, {
      kind: 'large-drawdown',
      subject: '',
      timing: { respondMs: 200 },
    });
    await until('a reminder', async () => (await incident.progress()).escalations === 1);
    await incident.answer('acknowledge');
    await incident.answer('resolve');
    await incident.result();
    await keepHistory(bench, 'incident-drawdown', incident.workflowId);
  });

  it('a drawdown in which people take the smaller size and switch the losing strategy off', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.risk = NEAR;
    desk.trader.strategies = [strategy('breakout', { realised: '-10.00' })];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    await vote(bench, desk.name, { idEnds: ':strategies-off' });
    await until('both', () => desk.trader.sizePct === 50 && desk.trader.sent('toggle').length === 1);
    desk.trader.risk = CALM;
    await incident.result();
    await keepHistory(bench, 'incident-drawdown-smaller-size', incident.workflowId);
  });

  it('a drawdown in which the size is smaller by then than what a person agrees to', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    const { id } = await openApproval(bench, desk.name, ':smaller-size');
    desk.trader.sizePct = 20;
    await vote(bench, desk.name, { idEnds: id });
    await until('it is left alone', async () =>
      (await timelineOf(bench, incident)).some(({ observed }) => observed.endsWith('already smaller: 20 %')),
    );
    desk.trader.risk = CALM;
    await incident.result();
    await keepHistory(bench, 'incident-drawdown-already-smaller', incident.workflowId);
  });

  it('a drawdown whose offers nobody answers: reminded once, then told to everybody, then expired', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, {
      kind: 'large-drawdown',
      subject: '',
      timing: { offerMs: UNANSWERED_MS },
    });
    await until('the end of the offer', async () =>
      (await timelineOf(bench, incident)).some(({ observed }) => observed.startsWith('expired:')),
    );
    expect(await pressedFor(bench, desk.name, ':smaller-size')).toEqual([
      { key: 'reminder-1', severity: 'warning', audience: ['operator', 'approver'] },
      { key: 'escalation', severity: 'critical', audience: ['operator', 'approver'] },
    ]);
    expect(desk.trader.sizePct).toBe(100);
    desk.trader.risk = CALM;
    await incident.result();
    await keepHistory(bench, 'incident-drawdown-unanswered', incident.workflowId);
  });

  it('an exchange that is away and comes back', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.venueBreaker = 'open';
    const incident = await openIncident(bench, desk, { kind: 'exchange-down', subject: '' });
    await until('the halt', () => desk.trader.mode === 'HALTED');
    desk.trader.venueBreaker = 'closed';
    desk.trader.readAtWallMs = Date.now();
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    await incident.result();
    await keepHistory(bench, 'incident-exchange-down', incident.workflowId);
  });

  it('a trader that crashed, was restarted and watched', async () => {
    const desk = await bench.desk(SERVED);
    desk.processes.set('trader', 'down');
    const incident = await openIncident(bench, desk, {
      ...{ kind: 'crash-and-restart', subject: 'trader', settings: { watchMinutes: 0.005 } },
    });
    await until('people are told that it stays down', async () =>
      (await timelineOf(bench, incident)).some(({ name }) => name === 'People were told'),
    );
    desk.trader.halt('startup', 'auto');
    desk.trader.held = [position('BTC/USDT')];
    desk.processes.set('trader', 'running');
    expect((await incident.result()).outcome).toContain('the books agree with the venue');
    await keepHistory(bench, 'incident-crash-watched', incident.workflowId);
  });

  it('a trader that crashed, was restarted and waits for a person', async () => {
    const desk = await bench.desk(SERVED);
    desk.processes.set('trader', 'running');
    desk.trader.halt('startup', 'person');
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    expect((await incident.result()).outcome).toContain('not resumed: startup by test');
    await keepHistory(bench, 'incident-crash-not-resumed', incident.workflowId);
  });

  it('a strategy that was switched off by itself and is on again', async () => {
    const desk = await bench.desk(SERVED);
    const off = { automatic: true, by: 'fermata', reason: '5 losses', atMarketMs: 0, nextReviewMarketMs: 1 };
    desk.trader.strategies = [strategy('ema-cross', { enabled: false, off })];
    const kind = 'strategy-underperforming';
    const incident = await openIncident(bench, desk, { kind, subject: 'ema-cross' });
    await until('its state is known', async () =>
      (await timelineOf(bench, incident)).some(({ name }) => name === 'Switched off?'),
    );
    desk.trader.strategies = [strategy('ema-cross', { regime: 'trending' })];
    expect((await incident.result()).outcome).toContain('is on again');
    await keepHistory(bench, 'incident-strategy-underperforming', incident.workflowId);
  });

  it('one of the desk’s own, of steps, of which one asks people', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('venue-reachable', () => ({ verdict: 'fail', observed: 'away', expected: 'there' }));
    const common = { onFail: 'warn', timeoutSeconds: 10, with: {} } as const;
    const steps = [
      { key: 'gateway', title: 'Gateway answers', check: 'venue-reachable', ...common },
      { key: 'halt', title: 'No entries', action: 'halt', unless: 'gateway', ...common },
      { key: 'close', title: 'Flat', action: 'close-all', unless: 'gateway', ...common },
      { key: 'again', title: 'Gateway answers again', check: 'data-fresh', unless: 'gateway', ...common },
      { key: 'restart', title: 'Restarted', human: 'Start it again', unless: 'again', ...common },
    ] as const;
    const playbook = { steps, over: 'passed', haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, desk, { kind: 'connection-lost', subject: '', playbook });
    await vote(bench, desk.name, { idEnds: ':close' });
    expect((await incident.result()).outcome).toBe('"Restarted" passed');
    expect(desk.trader.sent('closeAll')).toHaveLength(1);
    await keepHistory(bench, 'incident-own-playbook', incident.workflowId);
  });

  it('one of the desk’s own, that restores the database once a person agrees', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.halt('person', 'person');
    let attempts = 0;
    desk.restores.carryOut = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('its worker has ended');
      return { restored: true, says: 'a backup is in its place' };
    };
    const common = { onFail: 'warn', timeoutSeconds: 10, with: {} } as const;
    const steps = [{ key: 'restore', title: 'Restored', action: 'restore-database', ...common }] as const;
    const playbook = { steps, over: 'passed', haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, desk, { kind: 'database-corruption', subject: '', playbook });
    await vote(bench, desk.name, { idEnds: ':restore' });
    expect((await incident.result()).outcome).toBe('"Restored" passed');
    await keepHistory(bench, 'incident-database-restored', incident.workflowId);
  });

  it('one of the desk’s own, that looks again, restarts the trader and asks for one of several answers', async () => {
    const desk = await bench.desk(SERVED);
    let looks = 0;
    desk.checks.set('venue-reachable', () => {
      looks += 1;
      return { verdict: looks === 1 ? 'fail' : 'pass', observed: 'away', expected: 'there' };
    });
    const common = { onFail: 'warn', timeoutSeconds: 10, with: {} } as const;
    const choose = [
      { key: 'less', title: 'Half the size', sizePct: 50, human: 'Look at it', dueHours: 1 },
      { key: 'none', title: 'Leave it', dueHours: 1 },
    ];
    const steps = [
      { key: 'back', title: 'Gateway answers', check: 'venue-reachable', withinMinutes: 10, ...common },
      { key: 'restart', title: 'Trader restarted', action: 'restart-trader', ...common },
      { key: 'then', title: 'How it goes on', choose, ...common },
    ] as const;
    const playbook = { steps, over: 'passed', haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, desk, { kind: 'connection-lost', subject: '', playbook });
    await vote(bench, desk.name, { idEnds: ':then-less' });
    expect((await incident.result()).outcome).toBe('"How it goes on" passed');
    expect([desk.restarted, desk.trader.sizePct]).toEqual([['trader'], 50]);
    await keepHistory(bench, 'incident-own-choice', incident.workflowId);
  });

  it('a halt by a part of the desk', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.halt('clock-jump', 'auto');
    const incident = await openIncident(bench, desk, { kind: 'trading-halted', subject: 'clock-jump' });
    await until('why', async () => (await timelineOf(bench, incident)).length > 1);
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    await incident.result();
    await keepHistory(bench, 'incident-trading-halted', incident.workflowId);
  });

  it.each([
    ['incident-reported', 'reported'],
    ['incident-step-failed', 'step-failed'],
  ] as const)('%s, seen twice and declared over by a person', async (name, kind) => {
    const desk = await bench.desk({ serve: ['operations'] });
    const incident = await openIncident(bench, desk, { kind });
    await incident.report('again');
    await incident.answer('resolve');
    expect(await incident.result()).toMatchObject({ state: 'resolved', reports: 2 });
    await keepHistory(bench, name, incident.workflowId);
  });
});
