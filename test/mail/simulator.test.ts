/** The simulated mail server refuses what RFC 5321 does not allow. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type SmtpOptions, type SmtpSimulator, startSmtpSimulator } from '../../simulators/smtp/start.js';

let simulator: SmtpSimulator;
let socket: Socket;
afterEach(async () => {
  socket.destroy();
  await simulator.close();
});

/** Says each line after the answer to the one before it; the first code of each answer. */
async function talk(lines: readonly string[], options: SmtpOptions = {}): Promise<readonly string[]> {
  simulator = await startSmtpSimulator(options);
  socket = connect(simulator.port, '127.0.0.1');
  const codes: string[] = [];
  let wake = (): void => undefined;
  let ended = false;
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (line[3] !== '-') codes.push(line.slice(0, 3));
    }
    wake();
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on('end', end).on('close', end);
  const answers = async (count: number): Promise<void> => {
    while (codes.length < count && !ended)
      await new Promise<void>((heard) => {
        wake = heard;
      });
  };
  await answers(1);
  for (const line of lines) {
    if (ended) break;
    const before = codes.length;
    socket.write(line);
    await answers(before + 1);
  }
  return codes.slice(1);
}

const LETTER = ['EHLO me\r\n', 'MAIL FROM:<a@b.example>\r\n', 'RCPT TO:<c@d.example>\r\n', 'DATA\r\n'];

it.each<[string, readonly string[], readonly string[], SmtpOptions?]>([
  ['a letter', [...LETTER, 'From: a\r\nDate: b\r\n\r\n..hi\r\n.\r\n'], ['250', '250', '250', '354', '250']],
  [
    'commands out of order',
    ['MAIL FROM:<a@b>\r\n', 'EHLO\r\n', 'EHLO me\r\n', 'RCPT TO:<a@b>\r\n', 'DATA\r\n'],
    ['503', '501', '250', '503', '503'],
  ],
  [
    'addresses without brackets',
    ['EHLO me\r\n', 'MAIL FROM:a@b.example\r\n', 'MAIL FROM: <a@b.example>\r\n'],
    ['250', '501', '501'],
  ],
  ['a line that ends in LF alone', ['EHLO me\n'], ['500']],
  ['a command that is none', ['EHLO me\r\n', 'TURN\r\n', 'VRFY a\r\n'], ['250', '502', '502']],
  ['a letter without a date', [...LETTER, 'From: a\r\n\r\nhi\r\n.\r\n'], ['250', '250', '250', '354', '554']],
  [
    'a letter with a broken header',
    [...LETTER, 'From: a\r\nDate: b\r\nno field\r\n\r\nhi\r\n.\r\n'],
    ['250', '250', '250', '354', '554'],
  ],
  [
    'a stranger, where people sign in',
    [
      'EHLO me\r\n',
      'MAIL FROM:<a@b>\r\n',
      'AUTH PLAIN AGEAYg==\r\n',
      'AUTH PLAIN AGEAYw==\r\n',
      'MAIL FROM:<a@b>\r\n',
    ],
    ['250', '530', '535', '235', '250'],
    { users: { a: 'c' } },
  ],
  ['STARTTLS where there is none', ['EHLO me\r\n', 'STARTTLS\r\n'], ['250', '502']],
])('answers %s as it should', async (_what, lines, codes, options) => {
  expect(await talk(lines, options)).toEqual(codes);
});

it('keeps a letter as it was meant: dots that were doubled are taken off', async () => {
  await talk([...LETTER, 'From: a\r\nDate: b\r\n\r\n..hi\r\n...\r\n.\r\n']);
  expect(simulator.simulation.letters).toEqual([
    {
      ...{ from: 'a@b.example', to: ['c@d.example'], isEncrypted: false, user: null },
      data: 'From: a\r\nDate: b\r\n\r\n.hi\r\n..',
    },
  ]);
});
