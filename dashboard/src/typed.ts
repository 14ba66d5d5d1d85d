import { commandsAsTyped, IN_CONTAINERS } from '../../src/domain/command-text.js';

/** A command as it is typed where this desk was started; the web server writes the program's name into the page. */
export const typed = (command: string): string => `${program()} ${command}`;

/** The desk's own text, which says `fermata COMMAND`. */
export const withCommands = (text: string): string => commandsAsTyped(text, program());

/** True if each role is a container, which Docker restarts: then no supervisor runs. */
export const inContainers = (): boolean => program() === IN_CONTAINERS;

const program = (): string =>
  (typeof document === 'undefined'
    ? null
    : document.querySelector<HTMLMetaElement>('meta[name="command-line"]')?.content) || 'fermata';
