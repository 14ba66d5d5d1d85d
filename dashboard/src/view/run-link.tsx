/** Opens one run in Temporal's UI, in a tab of its own that signs in there by itself (`app.tsx`). */
export function RunLink({
  workflowId,
  runId,
}: {
  readonly workflowId: string;
  /** Where several runs have that name; the newest without it. */
  readonly runId?: string;
}) {
  const of = runId === undefined ? '' : `&of=${runId}`;
  const href = `#run=${encodeURIComponent(workflowId)}${of}`;
  return (
    <a class="link run-link" href={href} target="_blank" rel="noopener">
      Temporal
    </a>
  );
}
