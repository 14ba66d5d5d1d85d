/** Where Temporal's UI has payloads opened: on the port that it is seen through, answered by the web role. */
export const CODEC_PATH = '/fermata/codec';
