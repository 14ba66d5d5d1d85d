/** Opens one run in Temporal's UI, in a new tab that signs in there by itself (`app.tsx`). */
export function RunLink({
  workflowId,
  runId,
}: {
  readonly workflowId: string;
  /** Chooses one of several runs with that workflow id; without it the newest. */
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
