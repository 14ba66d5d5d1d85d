/** Finds the line and column of a path of keys in the YAML text. */
import { type Document, isMap, isNode, isPair, isSeq, type LineCounter, type Node } from 'yaml';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Position of the path's last key, or of the item if it ends in a list. If the path continues beyond the text (a
 * missing key), the position of its last existing part.
 */
export function positionOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): Position | null {
  let node: unknown = document.contents;
  let offset = offsetOf(document.contents);
  for (const part of path) {
    const next = step(node, part);
    if (next === null) {
      break;
    }
    node = next.value;
    offset = next.offset ?? offset;
  }
  if (offset === null) {
    return null;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Position of the value instead of its key. */
function step(node: unknown, part: PropertyKey): { value: unknown; offset: number | null } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && keyName(item.key) === String(part));
    return pair === undefined ? null : { value: pair.value, offset: offsetOf(pair.key) };
  }
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? null : { value: item, offset: offsetOf(item) };
  }
  return null;
}

function keyName(key: unknown): string {
  return isNode(key) ? String((key as { value?: unknown }).value) : String(key);
}

function offsetOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}
