import type { Session } from '../session.js';
import { type Field, type Message, readMessage, type Values, type ValuesOf } from '../wire/fields.js';

export interface Handler {
  readonly id: number;
  /** Throws Malformed if the fields don't fit the message. */
  readonly answer: (session: Session, fields: readonly string[]) => void;
  /** The order or request that it names. */
  readonly about: (session: Session, fields: readonly string[]) => number | null;
}

/** A message with its handler, which gets the values of the message's table. */
export function on<Fields extends readonly Field[]>(
  table: Message<Fields>,
  handle: (session: Session, values: ValuesOf<Fields>) => void,
): Handler {
  return {
    id: table.id,
    answer: (session, fields) => handle(session, readMessage(table, session.version, fields)),
    about: (session, fields) => {
      const values: Values = readMessage(table, session.version, fields);
      const id = values.orderId ?? values.reqId;
      return typeof id === 'number' ? id : null;
    },
  };
}
