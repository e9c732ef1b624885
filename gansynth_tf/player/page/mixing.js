/** Timbres between timbres: `exploration/choosing.mix` and the player's map, in JavaScript. */

const NEAREST = 4; // timbres of which a place on the map is mixed

const dot = (one, other) => one.reduce((sum, x, index) => sum + x * other[index], 0);
const norm = (x) => Math.sqrt(dot(x, x));

/** The spherical mean of latents: the direction and the length that lie between theirs. */
export function mix(latents, weights) {
  const total = weights.reduce((sum, x) => sum + x, 0), shares = weights.map((x) => x / total);
  const lengths = latents.map(norm);
  const directions = latents.map((latent, index) => latent.map((x) => x / Math.max(lengths[index], 1e-12)));
  const weighted = (rows, factors) => rows[0].map((_, axis) => rows.reduce((sum, row, index) => sum + factors[index] * row[axis], 0));
  let mean = weighted(directions, shares);
  if (norm(mean) < 1e-6) throw new Error('These timbres are opposite: there is none between them.');
  mean = mean.map((x) => x / norm(mean));
  for (let round = 0; round < 50; round += 1) { // the point from which the weighted arcs to all of them cancel out
    const cosines = directions.map((direction) => Math.max(-1, Math.min(1, dot(direction, mean))));
    const factors = cosines.map((cosine, index) => {
      const angle = Math.acos(cosine);
      return shares[index] * angle / Math.max(Math.sin(angle), 1e-12);
    });
    const alongMean = dot(factors, cosines);
    const step = weighted(directions, factors).map((x, axis) => x - alongMean * mean[axis]);
    const length = norm(step);
    if (length < 1e-12) break;
    mean = mean.map((x, axis) => Math.cos(length) * x + Math.sin(length) * step[axis] / length);
  }
  const length = dot(shares, lengths);
  return mean.map((x) => Math.fround(x * length));
}

/** The timbre at a place of the map, and the name of the nearest one. */
export function timbreAt(timbres, [x, y]) {
  const placed = timbres.filter(({position}) => position)
    .map((timbre) => ({timbre, distance: Math.hypot(timbre.position[0] - x, timbre.position[1] - y)}))
    .sort((one, other) => one.distance - other.distance).slice(0, NEAREST);
  const [{timbre: first, distance}] = placed;
  if (distance < 1e-3 || placed.length < 2) return {latent: first.latent, nearest: first.name};
  // Less the weight at which the next one would come in, so that nothing jumps where the nearest ones change.
  const least = (placed.at(-1).distance + 1e-6) ** -2;
  return {latent: mix(placed.map(({timbre}) => timbre.latent), placed.map((one) => one.distance ** -2 - least)),
    nearest: first.name};
}
