/** Which month of a future the auditor takes a position for, told by a Gateway of a few messages. */
import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { accountReading } from '../../src/venue/ibkr/audit-reading.js';

const crude = (contractMonth: string) =>
  buildInstrument(0, {
    ...{ symbol: 'CL/USD', kind: 'future', tickSize: '0.01', lotSize: '1' },
    ...{ multiplier: '1000', exchange: 'NYMEX', contractMonth, minNotional: '0' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
  });

function send(socket: Socket, ...fields: readonly string[]): void {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  socket.write(Buffer.concat([length, body]));
}

/** A Gateway whose account holds this much of each future. */
async function gatewayWith(held: readonly (readonly [expiry: string, name: string, quantity: string])[]) {
  const server = createServer((socket) => {
    socket.once('data', () => {
      send(socket, '177', '20261120 10:00:00 EST');
      socket.once('data', () => {
        send(socket, '15', '1', 'DU1');
        send(socket, '9', '1', '1');
        for (const [expiry, name, quantity] of held) {
          const contract = ['7', 'CL', 'FUT', expiry, '0.0', '', '1000', 'NYMEX', 'USD', name, 'CL'];
          send(socket, '61', '3', 'DU1', ...contract, quantity, '70000');
        }
        send(socket, '62', '1');
        send(socket, '63', '1', '1', 'DU1', 'NetLiquidationByCurrency', '100000.00', 'USD');
        send(socket, '64', '1', '1');
      });
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

/** What is held of it by a desk that trades this month. */
async function heldOf(
  month: string,
  ...held: Parameters<typeof gatewayWith>[0]
): Promise<number | undefined> {
  const address = await gatewayWith(held);
  const reading = accountReading({ address, clientId: 9, account: null, instruments: [crude(month)] });
  return (await reading()).positions.get('CL/USD');
}

it('is the one that the future is named after, also where its last trade is in the month before', async () => {
  expect(await heldOf('202612', ['20261119', 'CLZ6', '2'])).toBe(2);
  expect(await heldOf('202701', ['20261218', 'CLF7', '-1'])).toBe(-1);
  await expect(heldOf('202611', ['20261119', 'CLZ6', '1'])).rejects.toThrow(
    'holds 1 CLZ6, which this desk does not trade',
  );
});

it('is that of its last trade where the name tells none', async () => {
  expect(await heldOf('202612', ['20261218', 'CL 18DEC26 M', '1'])).toBe(1);
});
