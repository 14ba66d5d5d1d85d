// Stands in for a role: ready at once (the engine worker once web has started too), ends on SIGTERM; the trader also answers its control socket.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const name = process.argv[2];
const runtime = JSON.parse(readFileSync(process.env.FERMATA_RUNTIME, 'utf8'));
const trail = join(runtime.home, 'trail');
const note = (text) => appendFileSync(trail, `${name} ${text}\n`);
process.stdout.on('error', () => undefined);

if (process.env.FAIL_ROLE === name) {
  process.send({ type: 'failed', message: `${name} was told to fail` });
  process.exit(1);
}
if (process.env.DIE_ROLE === name) {
  console.log(
    JSON.stringify({ level: 50, time: Date.now(), msg: 'last words with password=hunter2hunter2' }),
  );
  process.exit(3);
}
note('started');
console.log(JSON.stringify({ level: 30, time: Date.now(), msg: `${name} says hello` }));

if (name === 'trader') {
  const hash = createHash('sha256').update(runtime.desk).digest('hex').slice(0, 8);
  const path = join(dirname(runtime.supervisorSocket), `${hash}.sock`);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const { id } = JSON.parse(chunk.toString());
      const marketData = {
        label: 'simulated market, seed 7, 60x',
        simulated: true,
        marketMs: Date.UTC(2026, 0, 5, 12),
      };
      const given = join(runtime.home, 'mode');
      const mode = existsSync(given) ? readFileSync(given, 'utf8') : 'HALTED';
      socket.end(`${JSON.stringify({ id, result: { mode, reason: 'startup', marketData } })}\n`);
    });
  }).listen(path);
} else {
  setInterval(() => undefined, 60_000);
}
// While this file is there, it takes its time to end.
const endsLater = join(runtime.home, 'ends-later');
const stop = () => {
  const isLater = existsSync(endsLater);
  if (isLater) note('ends');
  const ending = setInterval(
    () => {
      if (existsSync(endsLater)) return;
      clearInterval(ending);
      note('stopped');
      process.exit(0);
    },
    isLater ? 10 : 0,
  );
};
process.on('SIGTERM', stop);
process.on('disconnect', () => undefined);
// Started one after the other, the first would wait for ever for the last.
const webHasStarted = () => /^web started$/m.test(readFileSync(trail, 'utf8'));
const ready = setInterval(() => {
  if (name === 'engine-worker' && !webHasStarted()) return;
  clearInterval(ready);
  if (process.env.SLOW_ROLE !== name) process.send({ type: 'ready' });
}, 10);
