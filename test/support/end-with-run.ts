/** A run that is killed takes its workers with it: without it they would go on with their tests, for nobody. */
const HEARD = Symbol.for('fermata: this process ends with the run that has begun it');

// Once for a process, which several test files share.
if (!(HEARD in process)) {
  Object.defineProperty(process, HEARD, { value: true });
  process.once('disconnect', () => process.exit(1));
}

export {};
