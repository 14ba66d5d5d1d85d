/** A command that takes longer than this says what it waits for, so that nobody wonders whether it hangs. */

const PATIENCE_MS = 1_500;

/** Prints to standard error, so that a script reads only the result. */
export async function sayingWhat<T>(what: () => string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`… ${what()}\n`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
