import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { inTransaction, openPool } from '../../src/store/pool.js';

/** One message of Postgres' protocol: its type, its length with itself, its content. */
function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5, type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const ended = message(
  'E',
  Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
);

it('a server that accepts a connection and ends it in one breath fails what asked for it, and nothing else', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, ended])));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const home = mkdtempSync(join(tmpdir(), 'fermata-lost-'));
  const pool = openPool({
    home,
    postgres: { host: '127.0.0.1', port, database: 'd', user: 'fermata_app' },
  } as never);
  // Without a handler the error would be nobody's, and end the process: vitest reports it as uncaught.
  await expect(inTransaction(pool, (client) => client.query('select 1'))).rejects.toThrow(
    /connection|queryable/i,
  );
  await expect(pool.query('select 1')).rejects.toThrow(/connection/i);
  await pool.end();
});
