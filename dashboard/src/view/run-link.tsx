/** Opens one run in Temporal's UI, in a tab of its own that signs in there by itself (`app.tsx`). */
export function RunLink({ workflowId }: { readonly workflowId: string }) {
  return (
    <a class="link run-link" href={`#run=${encodeURIComponent(workflowId)}`} target="_blank" rel="noopener">
      Temporal
    </a>
  );
}
