// Reads the messages of a call out of its capture file (pcap, raw IP, a message in each UDP packet).

/** The messages, as { time, text }: time in milliseconds since 1970. */
export function messagesOf(bytes) {
  const view = new DataView(bytes);
  const found = [];
  for (let at = 24; at + 16 <= view.byteLength;) {
    const time = view.getUint32(at, true) * 1000 + view.getUint32(at + 4, true) / 1000;
    const length = view.getUint32(at + 8, true);
    const packet = at + 16;
    if (packet + length > view.byteLength || length < 28) break;
    const head = (view.getUint8(packet) >> 4 === 6 ? 40 : 20) + 8;
    found.push({ time, text: new TextDecoder().decode(bytes.slice(packet + head, packet + length)) });
    at = packet + length;
  }
  return found;
}

/** The whole text of a message of a ladder; null when it is not in the capture. */
export function textOf(captured, message) {
  const time = Date.parse(message.time);
  const near = captured.filter(c => c.text.startsWith(message.firstLine) && Math.abs(c.time - time) < 2);
  return near.sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0]?.text ?? null;
}
