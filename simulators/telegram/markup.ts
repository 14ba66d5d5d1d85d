/** Buttons below a message. */
import { badRequest } from './refusal.js';
import { object, type Parameters } from './request-body.js';
import type { Markup } from './wire.js';

const CALLBACK_BYTES_MAX = 64;

export function markupOf(parameters: Parameters): Markup | undefined {
  const markup = object(parameters, 'reply_markup') as Partial<Markup> | undefined;
  if (markup?.inline_keyboard === undefined) return undefined;
  if (!Array.isArray(markup.inline_keyboard)) throw badRequest("can't parse inline keyboard");
  for (const button of markup.inline_keyboard.flat()) {
    if (typeof button?.text !== 'string' || button.text === '') throw badRequest('BUTTON_TEXT_INVALID');
    const bytes = Buffer.byteLength(button.callback_data ?? '');
    if (button.url === undefined && (bytes < 1 || bytes > CALLBACK_BYTES_MAX))
      throw badRequest('BUTTON_DATA_INVALID');
  }
  return markup.inline_keyboard.flat().length === 0 ? undefined : (markup as Markup);
}
