/**
 * Groups of two or more nodes that all reach each other (strongly connected components, Tarjan 1972), largest first.
 * @param {ReadonlyMap<string, Iterable<string>>} edges
 * @returns {string[][]}
 */
export function cyclesOf(edges) {
  const index = new Map();
  const low = new Map();
  const open = [];
  const found = [];
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return found.sort((a, b) => b.length - a.length);

  function visit(node) {
    index.set(node, index.size);
    low.set(node, index.get(node));
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (open.includes(next)) {
        low.set(node, Math.min(low.get(node), index.get(next)));
      }
    }
    if (low.get(node) !== index.get(node)) return;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  }
}
