/**
 * A worker is ready only once this has run on its queue: a bundle with one bad line fails here, not at a
 * stop.
 */
export async function canary(): Promise<string> {
  return 'alive';
}
