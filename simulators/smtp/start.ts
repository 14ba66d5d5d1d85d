/** Starts the simulator on the loopback address. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Encryption, Session } from './session.js';
import { Simulation } from './simulation.js';

export interface SmtpSimulator {
  readonly port: number;
  readonly simulation: Simulation;
  close(): Promise<void>;
}

export interface SmtpOptions {
  readonly port?: number;
  /** If given, STARTTLS is offered. */
  readonly encryption?: Encryption;
  /** `required`: nothing is accepted unencrypted; `implicit`: TLS from the first byte. By default `offered`. */
  readonly tls?: 'offered' | 'required' | 'implicit';
  /** Who may sign in; if given, a sign-in is required. */
  readonly users?: Readonly<Record<string, string>>;
}

export async function startSmtpSimulator(options: SmtpOptions = {}): Promise<SmtpSimulator> {
  const { encryption = null, tls = 'offered', users = {} } = options;
  const simulation = new Simulation();
  for (const [user, password] of Object.entries(users)) simulation.users.set(user, password);
  const open = new Set<Socket>();
  const receive = (socket: Socket): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    new Session(socket, { simulation, encryption, requiresTls: tls === 'required' });
  };
  if (tls !== 'offered' && encryption === null)
    throw new TypeError(`tls ${tls} needs a key and a certificate`);
  const server = tls === 'implicit' ? createTlsServer({ ...encryption }, receive) : createServer(receive);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    simulation,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
