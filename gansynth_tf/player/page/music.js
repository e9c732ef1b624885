/** Names and numbers of notes. */

const NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const SPOKEN = ['C', 'C sharp', 'D', 'D sharp', 'E', 'F', 'F sharp', 'G', 'G sharp', 'A', 'A sharp', 'B'];

export const octaveOf = (pitch) => Math.floor(pitch / 12) - 1;
export const noteName = (pitch) => NAMES[pitch % 12] + octaveOf(pitch);
export const spokenName = (pitch) => `${SPOKEN[pitch % 12]} ${octaveOf(pitch)}`;
export const isBlack = (pitch) => [1, 3, 6, 8, 10].includes(pitch % 12);
export const midiToHz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);
export const hzToMidi = (hz) => 69 + 12 * Math.log2(hz / 440);

/** The colour wheel of the octave, in degrees: octaves share a colour, semitones are neighbours. */
export const hueOf = (pitch) => (30 * (pitch % 12) + 210) % 360;
