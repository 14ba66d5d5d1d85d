/** Stands for the process that runs seeds, and dies of the third. */
const none = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0, stateHash: '' };

process.on('message', (seed: number) => {
  if (seed === 3) process.exit(7);
  process.send?.({ ...none, seed, violations: [], injected: new Map(), reached: new Map() });
});
