/** WAV files, 24 bits, one channel. */

/**
 * @param parts Float32Arrays, one after another, full scale 1
 * @param sampleRate Hz
 * @returns {Blob}
 */
export function writeWav(parts, sampleRate) {
  const samples = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = 3 * samples, padded = bytes + bytes % 2;
  const view = new DataView(new ArrayBuffer(44 + padded));
  const text = (at, letters) => [...letters].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + padded, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 3 * sampleRate, true);
  view.setUint16(32, 3, true);
  view.setUint16(34, 24, true);
  text(36, 'data');
  view.setUint32(40, bytes, true);
  let at = 44;
  for (const part of parts) {
    for (const sample of part) {
      const value = Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fffff);
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
      at += 3;
    }
  }
  return new Blob([view.buffer], {type: 'audio/wav'});
}
