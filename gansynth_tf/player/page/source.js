/**
 * Where this page has its notes and timbres from: the server that sent it. `gansynth_export --format=web` writes another
 * file of this name, which opens `local.js`, and everything else stays as it is.
 *
 * A source has
 *   instrument             {name, backend, sampleRate, audioLength, pitches, latentSize, latentScale, loadSeconds}
 *   features               {wandering, stems, formats, samplers}: which of the page's choices for pieces it has
 *   atOnce                 how many notes it is asked for at once that may be played next
 *   notes(latent, pitches) -> [{pitch, pcm (Float32Array), sampleRate, loopStart, loopEnd (exclusive; null if none),
 *                          gain (makes all keys equally loud), fall (dB a second, of the note where its loop stays level)}]
 *   timbres()              -> {timbres: [{name, latent, words, position ([x, y] in -1..1, or null)}],
 *                              axes: [[left, right], [bottom, top]] of the map, or undefined}
 *   sample()               -> a random latent
 *   mix(latents, weights)  -> the latent between them
 *   keep(name, latent)     -> the name that it now has
 *   at(position)           -> {latent, nearest (a name or null)}
 *   renderMidi(file, settings), exportSampler(name, latent) -> a job: status(), audio(), stems(), cancel()
 * all of them promises, which fail with an Error whose message can be shown.
 */

export {openSource} from './server.js';
