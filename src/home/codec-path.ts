/** Where Temporal's UI has payloads decrypted: on the port that serves the UI, by the web role. */
export const CODEC_PATH = '/fermata/codec';
