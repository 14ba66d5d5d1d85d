import type { Session } from '../session.js';
import { type Field, type Message, readMessage, type Values, type ValuesOf } from '../wire/fields.js';

export interface Handler {
  readonly id: number;
  /** Throws Malformed where the fields are none of the message. */
  readonly answer: (session: Session, fields: readonly string[]) => void;
  /** The order or request that it names. */
  readonly about: (session: Session, fields: readonly string[]) => number | null;
}

/** A message and what is done with it, with the values that its table gives. */
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
