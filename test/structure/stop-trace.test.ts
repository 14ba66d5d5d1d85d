/**
 * What a stop passes, from the button to the cancel of the entry that rests: taken from the call stacks of one real stop, at the
 * web server, the trader and its paper venue, and compared with the trace that docs/ARCHITECTURE.md tells.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parseDocument } from 'yaml';
import { stopTrace } from '../../scripts/structure/stop-trace.mjs';
import type { SignalBody } from '../../src/domain/signal.js';
import { stopTrading } from '../../src/operations/stop-trading.js';
import { startTraderOn } from '../../src/trader/start.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { OrderDesk } from '../../src/venue/paper/order-desk.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import { startWebUnderTest } from '../api/web-under-test.js';
import { traderHome } from '../trader/spawn-trader.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const FILES_AT_MOST = 12;
/** A frame of ours: the function, and its file below src. */
const FRAME = /^\s+at (?:async )?(?:(.+?) \()?(?:file:\/\/)?\S*?\/(?:dist|src)\/([\w/.-]+?)\.[jt]s:\d/;

interface Passed {
  readonly file: string;
  readonly name: string;
}

/** The stacks of what matters for a stop, each from its outermost function on; `end` takes the hooks back. */
function watchStacks() {
  const stacks = new Map<string, readonly Passed[]>();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const see = (what: string): void => {
    const frames = (new Error().stack ?? '').split('\n').flatMap((line) => {
      const [, name = '', file] = FRAME.exec(line) ?? [];
      return file === undefined ? [] : [{ file: `src/${file}.ts`, name }];
    });
    stacks.set(what, frames.reverse());
  };
  const before = {
    write: Socket.prototype.write,
    push: Array.prototype.push,
    randomBytes: crypto.randomBytes,
    cancel: OrderDesk.prototype.cancel,
  };
  Socket.prototype.write = function (this: Socket, ...given: Parameters<Socket['write']>) {
    if (String(given[0]).includes('"method":"stop"')) see('sent to the trader');
    return Reflect.apply(before.write, this, given);
  } as Socket['write'];
  Array.prototype.push = function (this: unknown[], ...given: unknown[]) {
    if ((given[0] as { kind?: unknown } | null | undefined)?.kind === 'cancel') see('cancel decided');
    return Reflect.apply(before.push, this, given);
  };
  crypto.randomBytes = function (this: unknown, ...given: [number]) {
    see('halt');
    return Reflect.apply(before.randomBytes, this, given);
  } as typeof crypto.randomBytes;
  syncBuiltinESMExports();
  OrderDesk.prototype.cancel = function (this: OrderDesk, ...given: Parameters<OrderDesk['cancel']>) {
    see('cancel sent');
    return Reflect.apply(before.cancel, this, given);
  };
  return {
    stacks,
    end: () => {
      Error.stackTraceLimit = limit;
      Socket.prototype.write = before.write;
      Array.prototype.push = before.push;
      crypto.randomBytes = before.randomBytes;
      syncBuiltinESMExports();
      OrderDesk.prototype.cancel = before.cancel;
    },
  };
}

it('from the button to the cancel passes the functions that the architecture tells, in twelve files at most', async () => {
  const home = traderHome({
    market: { speed: 1 },
    edit: (text) => {
      const document = parseDocument(text);
      document.setIn(['strategies', 0, 'kind'], 'externalSignals');
      document.setIn(['strategies', 0, 'parameters'], {
        ...{ sources: 'tv', entryRestBars: 10_000, minRewardToRisk: 0 },
      });
      return document.toString();
    },
  });
  const trader = await startTraderOn(home.runtime, openPaperVenue);
  onTestFinished(() => trader.stop());
  const away = () => Promise.reject(new Error('not in this test'));
  const context = {
    runtime: home.runtime,
    desk: loadDesk(home.runtime.deskFile).desk,
    trader: home.client,
    temporal: { within: away },
    pool: { query: away, connect: away },
    newId: () => 'none',
    nowMs: Date.now,
  } as unknown as Parameters<typeof stopTrading>[0];
  const web = await startWebUnderTest(
    null,
    { trader: home.client },
    { stopTrading: (...asked) => stopTrading(context, ...asked) },
  );
  onTestFinished(() => web.stop());
  const token = (await web.signIn()).accessToken;
  // Only now: what takes long above would be a clock jump to a trader that trades.
  await home.arm();
  const { marketData } = await home.until(({ marketData: { lastPrices } }) => lastPrices.length > 0);
  const [{ symbol, bid } = { symbol: '', bid: '' }] = marketData.lastPrices;
  const below = (percent: number): string => (Number(bid) * (1 - percent / 100)).toFixed(2);
  const signal: SignalBody = {
    ...{ source: 'tv', id: '1', symbol, action: 'buy', validSeconds: 604_800 },
    ...{ entry: below(1), stop: below(2), targets: [bid] },
  };
  await home.client.call('signal', { commandId: 's-1', by: 'operator', reason: 'a test', signal });
  await home.until(({ entriesWorking }) => entriesWorking === 1);

  const watch = watchStacks();
  const answer = await web
    .call('POST', '/api/emergency/stop', { token, body: { reason: 'a test' } })
    .finally(watch.end);
  expect(await answer.json()).toMatchObject({ ok: true, proven: true });

  const stackOf = (what: string) => watch.stacks.get(what) ?? [];
  const passed = [
    ...stackOf('sent to the trader'),
    // Its last function draws the id.
    ...stackOf('halt').slice(0, -1),
    ...stackOf('cancel decided'),
    ...stackOf('cancel sent'),
  ];
  const told = stopTrace(ROOT);
  const files = [...new Set(passed.map(({ file }) => file))];
  expect(files).toEqual(told.map(({ file }) => file));
  for (const { file, name } of told)
    expect(
      passed.filter((one) => one.file === file).map((one) => one.name.replace(/^.*\.#?/, '')),
      file,
    ).toContain(name);
  expect(files.length).toBeLessThanOrEqual(FILES_AT_MOST);
});
