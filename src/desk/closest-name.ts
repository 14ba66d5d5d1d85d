/** Names: the form of those that a desk gives, and "did you mean …?" for these, keys and commands. */

/** Of desks, people, strategies, routines and files of a desk's folder. */
export const NAME = /^[a-z][a-z0-9-]{0,39}$/;
export const NAME_EXPECTED = '1 to 40 lower case letters, digits and dashes, a letter first';

/** The known name with the fewest edits, or null if none is close (more than a third of its letters differ). */
export function closestName(wrong: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(plain(wrong), plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.ceil(best.length / 3) ? best : null;
}

/** Names are compared by letters and digits: `tick_size` is `tickSize`. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein distance, in one row. */
function editDistance(left: string, right: string): number {
  const row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= right.length; j += 1) {
      const above = row[j]!;
      const changed = diagonal + (left[i - 1] === right[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, above + 1, row[j - 1]! + 1);
      diagonal = above;
    }
  }
  return row[right.length]!;
}
