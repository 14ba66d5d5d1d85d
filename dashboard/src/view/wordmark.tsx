/** The fermata: hold here until told to go on. */
export function Wordmark() {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 32 20" width="26" height="16" aria-hidden="true">
        <path
          d="M3 18a13 13 0 0 1 26 0"
          fill="none"
          stroke="currentColor"
          stroke-width="3"
          stroke-linecap="round"
        />
        <circle cx="16" cy="16" r="3" class="wordmark-dot" />
      </svg>
      Fermata
    </span>
  );
}
