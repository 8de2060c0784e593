// Columns as they come over the wire.

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) found[at] = raw.charCodeAt(at);
  return found;
}

export const uint16 = (text: string): Uint16Array => new Uint16Array(bytes(text).buffer);
export const uint32 = (text: string): Uint32Array => new Uint32Array(bytes(text).buffer);

/** The bytes of several parts of one base64 text. */
export const joined = (parts: string[]): Uint8Array<ArrayBuffer> => bytes(parts.join(""));
