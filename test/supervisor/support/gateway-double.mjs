// Stands in for IB Gateway: agrees on a version with whoever asks, and knows nothing else. `gateway-double.mjs --port N`.

import { createServer } from 'node:net';

const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
const version = '\0\0\0\x0a177\0today\0';
createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => socket.write(version, 'latin1'));
}).listen(port, '127.0.0.1', () => console.log('the Gateway listens'));
