/** The objects of the Bot API, as far as they are built here. */
import type { Entity } from './formatting/entities.js';

export interface User {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly username?: string;
}

export interface Chat {
  readonly id: number;
  readonly type: 'private' | 'group' | 'supergroup';
  readonly first_name?: string;
  readonly title?: string;
  readonly is_forum?: true;
}

export interface InlineButton {
  readonly text: string;
  readonly callback_data?: string;
  readonly url?: string;
}

export interface Markup {
  readonly inline_keyboard: readonly (readonly InlineButton[])[];
}

export interface FileSent {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_size: number;
}

export interface DocumentSent extends FileSent {
  readonly file_name: string;
  readonly mime_type: string;
}

export interface PhotoSent extends FileSent {
  readonly width: number;
  readonly height: number;
}

/** `text` and `entities` of a file are its caption; `shownMessage` writes them as such. */
export interface Message {
  readonly message_id: number;
  readonly from: User;
  readonly chat: Chat;
  readonly date: number;
  text: string;
  edit_date?: number;
  reply_markup?: Markup;
  entities?: readonly Entity[];
  readonly document?: DocumentSent;
  readonly photo?: readonly PhotoSent[];
  readonly reply_to_message?: Message;
  /** Who stays anonymous writes as the group. */
  readonly sender_chat?: Chat;
  /** Of the topic that it is in; General has none. */
  readonly message_thread_id?: number;
  readonly is_topic_message?: true;
}

/** The message in its form on the wire. */
export function shownMessage(message: Message): object {
  const { text, entities, ...rest } = message;
  if (message.document === undefined && message.photo === undefined) return message;
  return {
    ...rest,
    ...(text === '' ? {} : { caption: text }),
    ...(entities === undefined || entities.length === 0 ? {} : { caption_entities: entities }),
  };
}

export interface CallbackQuery {
  readonly id: string;
  readonly from: User;
  readonly message: Message;
  readonly chat_instance: string;
  readonly data: string;
}

export interface Update {
  readonly update_id: number;
  readonly message?: Message;
  readonly edited_message?: Message;
  readonly callback_query?: CallbackQuery;
}
