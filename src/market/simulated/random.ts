/** Counter-based randomness: a draw depends only on (key, counter, stream), not on earlier draws. */

/** Finaliser of a 32-bit hash (two multiply-xorshift rounds): every input bit affects every output bit. */
function finalise(value: number): number {
  let hash = value | 0;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x846ca68b);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** 32 random bits. */
export function draw(key: number, counter: number, stream: number): number {
  const mixed = finalise(key + Math.imul(counter, 0x9e3779b1));
  return finalise(mixed + Math.imul(stream + 1, 0x85ebca77));
}

/** Uniform in [0, 1). */
export function uniform(key: number, counter: number, stream: number): number {
  return draw(key, counter, stream) / 4_294_967_296;
}

const SQRT_3 = 1.7320508075688772;

/**
 * Bell-shaped with mean 0 and variance 1: the sum of four uniforms (Irwin-Hall), within ±3.47. Uses only additions
 * and multiplications, so that every machine gives the same bits.
 */
export function bell(key: number, counter: number, stream: number): number {
  const first = draw(key, counter, stream);
  const second = draw(key, counter, stream + 0x10000);
  const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
  return (sum / 65_536 - 1.999969482421875) * SQRT_3;
}

/** Key of one random sequence, from seed and name. */
export function streamKey(seed: number, name: string): number {
  let hash = finalise(seed ^ Math.floor(seed / 4_294_967_296));
  for (let index = 0; index < name.length; index += 1) hash = finalise(hash + name.charCodeAt(index));
  return hash;
}
