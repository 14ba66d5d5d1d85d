/** Hands mail to the mail server by SMTP and reports what is certain afterwards. */
import { createTransport } from 'nodemailer';
import { forPeople, momentToSecond } from '../domain/moment.js';
import { asTyped } from '../home/desk-in-process.js';
import type { MailSettings } from '../notify/channel-credentials.js';
import type { Mail } from '../store/mail-outbox.js';

export type MailOutcome =
  /** `reply`: the server's reply, on one line and without secrets. */
  | { readonly kind: 'sent'; readonly reply: string }
  /** The server will never accept this mail or its address. */
  | { readonly kind: 'refused'; readonly reply: string }
  /**
   * Not accepted, or unknown: the mail must be sent again. If the server `wasReached`, it may have accepted
   * the mail all the same.
   */
  | { readonly kind: 'later'; readonly reply: string; readonly wasReached: boolean };

export interface MailServer {
  /**
   * A mail that is sent again keeps its Message-ID: if the first answer was lost, the mail may arrive twice,
   * but is recognisable.
   */
  send(mail: Mail): Promise<MailOutcome>;
  /**
   * Whether the server would accept mail, as far as can be known without sending any: connection, TLS,
   * sign-in.
   */
  ask(): Promise<MailOutcome>;
}

export interface MailTimeouts {
  /** Time limit to connect, and again for the server's greeting. */
  readonly connectMs: number;
  /** Time limit without a response, at any later moment. */
  readonly silentMs: number;
}

const TIMEOUTS: MailTimeouts = { connectMs: 10_000, silentMs: 20_000 };
const REPLY_CHARS_MAX = 300;
/** Refusals of the mail itself. A person can fix the cause of any other refusal. */
const OF_THE_MAIL: readonly unknown[] = ['EENVELOPE', 'EMESSAGE'];

/** A mail server's reply begins with its code; any other text does not come from the server. */
export const isAnswer = (reply: string): boolean => /^[45]\d\d/.test(reply);

/** After `stopping`, nothing waits for the server any more: a mail in flight counts as not accepted. */
export function mailServer(
  desk: string,
  settings: MailSettings,
  stopping: AbortSignal,
  timeouts = TIMEOUTS,
): MailServer {
  const { host, port, tls, authority, login, from } = settings;
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    tls: { minVersion: 'TLSv1.2', ...(authority === null ? {} : { ca: authority }) },
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password }, forceAuth: true }),
    ...{ connectionTimeout: timeouts.connectMs, greetingTimeout: timeouts.connectMs },
    ...{ dnsTimeout: timeouts.connectMs, socketTimeout: timeouts.silentMs },
    // A notice is plain text: nothing in it may fetch a file or a URL.
    ...{ disableFileAccess: true, disableUrlAccess: true, logger: false },
  });
  const clean = cleanerOf(settings);
  const outcomeOf = (error: unknown): MailOutcome => {
    const { code, responseCode, response, message } = error as Partial<SmtpError>;
    const reply = clean(
      response || `${host}:${port} was not reached (${[code, message].filter(Boolean).join(': ')})`,
    );
    const isFinal = OF_THE_MAIL.includes(code) && responseCode !== undefined && responseCode >= 500;
    return isFinal ? { kind: 'refused', reply } : { kind: 'later', reply, wasReached: !isUnreached(error) };
  };
  return {
    send: async (mail) => {
      try {
        const { response } = await unlessStopped(transport.sendMail(letterOf(desk, from, mail)), stopping);
        return { kind: 'sent', reply: clean(response) };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    ask: async () => {
      try {
        await unlessStopped(transport.verify(), stopping);
        return { kind: 'sent', reply: '' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

function unlessStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('this process ends'));
    if (stopping.aborted) stop();
    stopping.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop));
  });
}

/** The shape of nodemailer's errors. */
interface SmtpError {
  readonly code: string;
  /** Present on the system's own errors. */
  readonly syscall: string;
  readonly timeoutType: string;
  readonly message: string;
  /** The server's own words, with their code. */
  readonly response: string;
  readonly responseCode: number;
}

/**
 * True only if certain: a connection that breaks or falls silent looks the same before and after the mail is
 * sent.
 */
function isUnreached(error: unknown): boolean {
  const { code, syscall, timeoutType = '' } = error as Partial<SmtpError>;
  return (
    code === 'EDNS' || syscall === 'connect' || ['CONNECT_TIMEOUT', 'GREETING_TIMEOUT'].includes(timeoutType)
  );
}

function letterOf(desk: string, from: string, mail: Mail) {
  const { id, address, severity, title, text, createdMs, occurredMs } = mail;
  return {
    ...{ from: { name: `Fermata ${desk}`, address: from }, to: address },
    subject: `${severity === 'critical' ? 'CRITICAL: ' : ''}${forPeople(asTyped(title))}`,
    text: `${forPeople(asTyped(text))}\n\n${momentToSecond(occurredMs)}`,
    date: new Date(createdMs),
    messageId: `<${desk}.${createdMs}.${id}@${from.slice(from.indexOf('@') + 1)}>`,
    // Tells other servers not to send automatic replies.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...(severity === 'critical' ? { priority: 'high' as const } : {}),
  };
}

/** A server may quote what it was sent: removes the password in every form in which it is transmitted. */
function cleanerOf({ login }: MailSettings): (text: string) => string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const secrets =
    login === null
      ? []
      : [base64(`\0${login.user}\0${login.password}`), base64(login.password), login.password];
  return (text) =>
    secrets
      .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, REPLY_CHARS_MAX);
}
