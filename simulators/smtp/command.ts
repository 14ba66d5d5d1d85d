/** `npm run simulator -- smtp`: options, help, and each mail as it is accepted. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Fault, MOMENTS } from './simulation.js';
import { startSmtpSimulator } from './start.js';

const HELP = `A simulated mail server (SMTP) on the loopback address. Nothing that it takes goes anywhere: it is printed.

npm run simulator -- smtp [--port 2525] [--user NAME:PASSWORD] [--key FILE --cert FILE] [--refuse MOMENT:REPLY]
  --user     who has to sign in (AUTH PLAIN or LOGIN)
  --key      with --cert: STARTTLS is offered, and needed before anything is taken
  --refuse   always answers so, for example "rcpt:550 5.1.1 unknown"; moments: ${MOMENTS.join(', ')}
  a desk uses it with SMTP_SERVER=127.0.0.1 SMTP_PORT=2525 SENDER_EMAIL=desk@fermata.example`;

/** Throws on usage errors; runs until it is ended. */
export async function runSmtpCommand(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '2525' },
      user: { type: 'string' },
      key: { type: 'string' },
      cert: { type: 'string' },
      refuse: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  if (!/^\d{1,5}$/.test(values.port))
    throw new TypeError(`--port: expected a whole number, found ${values.port}`);
  const encryption =
    values.key === undefined || values.cert === undefined
      ? undefined
      : { key: readFileSync(values.key, 'utf8'), cert: readFileSync(values.cert, 'utf8') };
  const [user, password] = values.user?.split(/:(.*)/s) ?? [];
  const simulator = await startSmtpSimulator({
    port: Number(values.port),
    ...(encryption === undefined ? {} : { encryption, tls: 'required' }),
    ...(user === undefined ? {} : { users: { [user]: password ?? '' } }),
  });
  const { simulation } = simulator;
  if (values.refuse !== undefined) simulation.fault(faultIn(values.refuse));
  process.stdout.write(`Mail server at 127.0.0.1:${simulator.port}\n`);
  let shown = 0;
  const showing = setInterval(() => {
    for (const { from, to, data } of simulation.letters.slice(shown))
      process.stdout.write(`--- ${from} to ${to.join(', ')}\n${data.replaceAll('\r\n', '\n')}\n`);
    shown = simulation.letters.length;
  }, 200);
  const end = () => {
    clearInterval(showing);
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function faultIn(text: string): Fault {
  const [, moment, reply] = /^([a-z]+):([2-5]\d\d .+)$/.exec(text) ?? [];
  const at = MOMENTS.find((one) => one === moment);
  if (at === undefined || reply === undefined)
    throw new TypeError(`--refuse: expected MOMENT:REPLY such as "rcpt:550 5.1.1 unknown", found ${text}`);
  return { at, effect: { kind: 'reply', reply }, times: Number.POSITIVE_INFINITY };
}
