/** Nobody should wonder whether a command hangs: one that takes longer says what it waits for. */

const PATIENCE_MS = 1_500;

/** On standard error, so that a script reads nothing but the result. */
export async function sayingWhat<T>(what: () => string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`… ${what()}\n`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
