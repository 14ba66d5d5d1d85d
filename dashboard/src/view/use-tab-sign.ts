import { useEffect } from 'preact/hooks';
import type { LiveState } from '../api/shapes.js';
import type { Connection } from '../connection/live.js';
import { wordsOf } from './mode-band.js';

const ICONS = { go: '/favicon.svg', idle: '/favicon.svg', caution: '/caution.svg', alarm: '/halted.svg' };

/** Shows in the title and icon of a hidden page that something needs attention. */
export function useTabSign(state: LiveState | null, connection: Connection, incidents: number): void {
  const { mode, tone } = wordsOf(state, connection);
  const desk = state?.status?.desk;
  useEffect(() => {
    const open = incidents === 0 ? '' : `(${incidents}) `;
    const what = mode === 'ACTIVE' || mode === 'CONNECTING' ? '' : `${mode} · `;
    document.title = `${open}${what}${desk === undefined ? '' : `${desk} · `}Fermata`;
    setIcon(ICONS[tone === 'go' && incidents > 0 ? 'caution' : tone]);
  }, [mode, tone, desk, incidents]);
  // After signing out neither title nor icon shows anything of the desk.
  useEffect(
    () => () => {
      document.title = 'Fermata';
      setIcon(ICONS.idle);
    },
    [],
  );
}

function setIcon(sign: string): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon !== null && icon.getAttribute('href') !== sign) icon.href = sign;
}
