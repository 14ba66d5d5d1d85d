/** A command as it is typed where this desk was started; the web server writes the program's name into the page. */
export const typed = (command: string): string => `${program()} ${command}`;

/** There each role is a container, which Docker restarts: no supervisor runs. */
export const inContainers = (): boolean => program().startsWith('docker-compose ');

const program = (): string =>
  (typeof document === 'undefined'
    ? null
    : document.querySelector<HTMLMetaElement>('meta[name="command-line"]')?.content) || 'fermata';
