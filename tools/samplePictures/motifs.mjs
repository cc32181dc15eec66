/**
 * The motifs of the sample pictures. Each is a function of `(u, v, aspect)` that returns red, green and blue from 0 to
 * 1. From left to right u goes from 0 to 1, and v from top to bottom; `aspect` is the picture's ratio. Nothing is
 * random.
 */

// --- Noise -----------------------------------------------------------------------------------------------------

/** A pseudo-random number from 0 to 1 that depends only on the arguments. */
export function hash(x, y, seed) {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 2147483647);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967295;
}

const mix = (a, b, t) => a + (b - a) * t;
export const clamp = (value) => Math.min(1, Math.max(0, value));
const smooth = (from, to, value) => {
  const t = clamp((value - from) / (to - from));
  return t * t * (3 - 2 * t);
};

function noise(x, y, seed) {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const u = smooth(0, 1, x - column);
  const v = smooth(0, 1, y - row);
  return mix(
    mix(hash(column, row, seed), hash(column + 1, row, seed), u),
    mix(hash(column, row + 1, seed), hash(column + 1, row + 1, seed), u),
    v,
  );
}

/** The sum of several octaves of noise, from 0 to 1. */
export function fractalNoise(x, y, seed, octaves = 5) {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let i = 0; i < octaves; i += 1) {
    sum += weight * noise(x * 2 ** i, y * 2 ** i, seed + i);
    total += weight;
    weight /= 2;
  }
  return sum / total;
}

// --- Colour ----------------------------------------------------------------------------------------------------

const colour = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
const blend = (a, b, t) => a.map((value, i) => mix(value, b[i], t));
const add = (a, b, amount) => a.map((value, i) => value + b[i] * amount);

/** A function that returns the colour at `t` (0 to 1) of a ramp of evenly spaced hex colours. */
export function ramp(stops) {
  const colours = stops.map(colour);
  return (t) => {
    const place = clamp(t) * (colours.length - 1);
    const index = Math.min(colours.length - 2, Math.floor(place));
    return blend(colours[index], colours[index + 1], place - index);
  };
}

// --- Motifs ----------------------------------------------------------------------------------------------------

/** Mountain ranges that fade with distance, a sun or moon, and optionally a lake that mirrors them. */
export function mountains({
  sky,
  near,
  far,
  sun,
  sunAt,
  ranges,
  seed,
  lakeAt = 1,
  stars = false,
  reach = 1.35,
}) {
  const skyAt = ramp(sky);
  const nearColour = colour(near);
  const farColour = colour(far);
  const sunColour = colour(sun);
  const scene = (u, v, aspect) => {
    const distance = Math.hypot((u - sunAt[0]) * aspect, v - sunAt[1]);
    let shade = skyAt(v * reach);
    const cloud = fractalNoise(u * 3 * aspect, v * 9, seed + 90, 4);
    shade = blend(shade, sunColour, 0.35 * smooth(0.52, 0.85, cloud));
    shade = add(shade, sunColour, 0.5 * Math.exp(-distance * 5.5));
    if (distance < 0.055) shade = blend(shade, sunColour, smooth(0.055, 0.048, distance));
    if (stars) {
      const spark = hash(Math.floor(u * 420), Math.floor((v * 420) / aspect), seed + 7);
      if (spark > 0.9975) shade = add(shade, [1, 1, 1], 0.75 * smooth(0.6, 0, v));
    }
    for (let i = 0; i < ranges; i += 1) {
      const depth = (i + 1) / ranges;
      const roughness = 2.2 + i * 0.9;
      const ridge =
        mix(0.34, 0.66, i / Math.max(1, ranges - 1)) +
        (0.5 - fractalNoise(u * roughness * aspect * 0.6 + i * 13.7, i * 5.1, seed + i * 31, 6)) *
          mix(0.42, 0.3, depth);
      if (v < ridge) continue;
      const body = blend(farColour, nearColour, depth ** 1.3);
      const texture = fractalNoise(u * 26 * aspect, v * 34, seed + i, 3) - 0.5;
      const mist = Math.exp(-(v - ridge) * 7) * 0.05;
      shade = add(add(body, sunColour, mist), [1, 1, 1], texture * 0.05 * depth);
      shade = blend(shade, skyAt(0.9), 0.32 * (1 - depth) * smooth(ridge, ridge + 0.25, v));
    }
    return shade;
  };
  return (u, v, aspect) => {
    if (v < lakeAt) return scene(u, v, aspect);
    const depth = (v - lakeAt) / (1 - lakeAt);
    const wave = (fractalNoise(u * 8, v * 130, seed + 55, 3) - 0.5) * (0.006 + depth * 0.03);
    const mirrored = scene(u + wave, Math.max(0, lakeAt - (v - lakeAt) * 1.25 + wave), aspect);
    return blend(mirrored, skyAt(0), 0.18 + 0.25 * depth);
  };
}

/** Sand under a low sun: ridges of warped noise, lit from one side. */
export function dunes(seed, stops, sky) {
  const sandAt = ramp(stops);
  const skyAt = ramp(sky);
  return (u, v, aspect) => {
    const horizon = 0.3 + (fractalNoise(u * 2.2, 0, seed, 3) - 0.5) * 0.16;
    if (v < horizon) return skyAt(v / 0.36);
    const depth = (v - horizon) / (1 - horizon);
    const scale = mix(11, 2.6, depth ** 0.55);
    const warp = fractalNoise(u * scale * 0.5, v * scale, seed + 3, 4);
    const height = (x) =>
      Math.abs(fractalNoise(x * scale * aspect * 0.5, v * scale * 1.4 + warp, seed + 9, 4) - 0.5) * 2;
    const slope = (height(u + 0.004) - height(u - 0.004)) * 3.2;
    const ripple = Math.sin((v * 60 + warp * 26 + u * 7) * mix(3, 1, depth)) * 0.02;
    return sandAt(0.55 + slope + ripple - 0.18 * (1 - depth));
  };
}

/** Curtains of light over a dark ridge. */
export function aurora(seed) {
  const skyAt = ramp(['#050b1f', '#0a1d3a', '#12384f']);
  const lightAt = ramp(['#7bffb2', '#2fe3a5', '#3a8dd8', '#7a4bd6']);
  return (u, v, aspect) => {
    const ridge = 0.82 + (0.5 - fractalNoise(u * 3.4, 3, seed, 6)) * 0.22;
    if (v > ridge) return blend(colour('#03060d'), colour('#0b1a24'), smooth(ridge + 0.2, ridge, v));
    let shade = skyAt(v);
    const spark = hash(Math.floor(u * 500), Math.floor((v * 500) / aspect), seed + 8);
    if (spark > 0.998) shade = add(shade, [1, 1, 1], 0.8 * hash(Math.floor(u * 500), 1, seed));
    for (let i = 0; i < 3; i += 1) {
      const foot = 0.66 - i * 0.13 + (fractalNoise(u * 2.1 + i * 4, i, seed + 20 + i, 4) - 0.5) * 0.5;
      const above = foot - v;
      if (above < -0.03) continue;
      const rays = 0.45 + 0.55 * fractalNoise(u * 34 + i * 9, v * 0.8, seed + 40 + i, 3);
      const glow = smooth(-0.03, 0.02, above) * Math.exp(-Math.max(0, above) * 4.2) * rays;
      shade = add(shade, lightAt(clamp(above * 2.4)), glow * 0.75);
    }
    return shade;
  };
}

/** A Julia set with smooth colouring. */
export function julia({ real, imaginary, zoom, stops, limit = 220 }) {
  const colourAt = ramp(stops);
  return (u, v, aspect) => {
    let x = (u - 0.5) * zoom * aspect;
    let y = (v - 0.5) * zoom;
    let steps = 0;
    while (steps < limit && x * x + y * y < 64) {
      [x, y] = [x * x - y * y + real, 2 * x * y + imaginary];
      steps += 1;
    }
    if (steps === limit) return colourAt(1);
    const even = steps + 1 - Math.log2(Math.log2(Math.hypot(x, y)));
    return colourAt(clamp(Math.sqrt(Math.max(0, even) / 90)));
  };
}

/** Slow swirls, like ink in water. */
export function marble(seed, stops, scale = 3) {
  const colourAt = ramp(stops);
  return (u, v, aspect) => {
    const x = u * scale * aspect;
    const y = v * scale;
    const a = fractalNoise(x, y, seed, 4);
    const b = fractalNoise(x + 5.2, y + 1.3, seed + 11, 4);
    const c = fractalNoise(x + 3 * a, y + 3 * b, seed + 23, 5);
    return colourAt(smooth(0.22, 0.8, c));
  };
}
