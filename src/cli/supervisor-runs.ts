import { connect } from 'node:net';
import { supervisorSocketPath } from '../home/supervisor-protocol.js';

const CONNECT_TIMEOUT_MS = 1000;

/** Whether somebody listens on the supervisor's socket. One who takes the connection and is slow still runs. */
export function supervisorRuns(home: string): Promise<boolean> {
  const socket = connect(supervisorSocketPath(home));
  return new Promise<boolean>((resolve) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => resolve(true));
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
