/**
 * Alerts a person who looks elsewhere when the desk halts or an incident opens: by the browser's notifications, by
 * sound, and by the title and icon of the page.
 */
import { useEffect, useRef } from 'preact/hooks';
import type { LiveState } from '../api/shapes.js';
import type { Connection } from '../connection/live.js';
import { preference } from '../preferences.js';
import { wordsOf } from './mode-band.js';
import { sentence } from './words.js';

interface Seen {
  readonly mode: string;
  /** Null: not known yet. */
  readonly incidents: number | null;
}

/**
 * `incidents`: how many are open; null while unknown, as where Postgres is down: a halt is told all the same. The state
 * when the page is opened is not reported.
 */
export function useNotices(state: LiveState | null, connection: Connection, incidents: number | null): void {
  const { mode, tone, reason } = wordsOf(state, connection);
  const desk = state?.status?.desk ?? 'Fermata';
  const seen = useRef<Seen | null>(null);
  useEffect(() => {
    if (mode === 'CONNECTING') return;
    const before = seen.current;
    seen.current = { mode, incidents: incidents ?? before?.incidents ?? null };
    if (before === null) return;
    if (mode !== before.mode && tone === 'alarm') tell(`${desk}: ${mode}`, sentence(reason));
    else if (incidents !== null && before.incidents !== null && incidents > before.incidents) {
      tell(`${desk}: ${incidents} open ${incidents === 1 ? 'incident' : 'incidents'}`, 'See Incidents.');
    }
  }, [mode, tone, reason, desk, incidents]);
}

function tell(title: string, body: string): void {
  if (preference('sound') !== null) sound();
  if (preference('notify') === null || !notifiesHere()) return;
  try {
    new Notification(title, { body, tag: title });
  } catch {
    // Browsers on phones show no notifications of a plain page; Telegram does that.
  }
}

/**
 * A browser shows notifications only for a page of its own machine or over https, and only if somebody allowed it.
 */
const notifiesHere = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted';

/** True if the browser will show them; asks for permission if nobody has been asked yet. */
export async function askToNotify(): Promise<boolean> {
  if (!('Notification' in globalThis)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

let speaker: AudioContext | null = null;

/** Two short tones. A browser plays a page's sound only after a click in it. */
export function sound(): void {
  speaker ??= new AudioContext();
  void speaker.resume();
  const { currentTime, destination } = speaker;
  for (const [at, hertz] of [
    [0, 880],
    [0.25, 660],
  ] as const) {
    const tone = new OscillatorNode(speaker, { frequency: hertz });
    const volume = new GainNode(speaker, { gain: 0.2 });
    tone.connect(volume).connect(destination);
    tone.start(currentTime + at);
    tone.stop(currentTime + at + 0.2);
  }
}

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
