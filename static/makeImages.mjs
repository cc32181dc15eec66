/**
 * Makes the pictures of the sample site, all of them computed: nothing here was photographed or copied.
 * The same input gives the same pixels; another version of sharp may pack them into other bytes, after which
 * `node static/makeExpected.ts` has to be run too.
 *
 *   npm install --no-save --prefix ../elsewhere sharp@0.35.5
 *   node static/makeImages.mjs ../elsewhere
 *
 * sharp is needed here alone, so it is no dependency of the project.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const SITE = join(import.meta.dirname, 'sample');
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Say in which folder sharp is installed.');
const sharp = createRequire(join(resolve(folder), 'package.json'))('sharp');

// --- Noise -----------------------------------------------------------------------------------------------------

/** A number from 0 to 1 that depends on nothing but its arguments. */
function hash(x, y, seed) {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 2147483647);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967295;
}

const mix = (a, b, t) => a + (b - a) * t;
const clamp = (value) => Math.min(1, Math.max(0, value));
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

/** Octaves of noise, from 0 to 1. */
function fractalNoise(x, y, seed, octaves = 5) {
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

/** The colour at `t` (0 to 1) of a ramp of evenly spaced hex colours. */
function ramp(stops) {
  const colours = stops.map(colour);
  return (t) => {
    const place = clamp(t) * (colours.length - 1);
    const index = Math.min(colours.length - 2, Math.floor(place));
    return blend(colours[index], colours[index + 1], place - index);
  };
}

/** Paints `pixel(u, v)` with u and v from 0 to 1; the aspect ratio is the third argument. */
function paint(width, height, pixel) {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shade = pixel((x + 0.5) / width, (y + 0.5) / height, width / height);
      for (let i = 0; i < 3; i += 1) data[(y * width + x) * 3 + i] = Math.round(clamp(shade[i]) * 255);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

// --- Motifs ----------------------------------------------------------------------------------------------------

/** Mountain ranges that fade with distance, a sun or moon, and optionally a lake that mirrors them. */
function mountains({ sky, near, far, sun, sunAt, ranges, seed, lakeAt = 1, stars = false, reach = 1.35 }) {
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
function dunes(seed, stops, sky) {
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
function aurora(seed) {
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
function julia({ real, imaginary, zoom, stops, limit = 220 }) {
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

/** Slow swirls, as of ink in water. */
function marble(seed, stops, scale = 3) {
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

// --- Files -----------------------------------------------------------------------------------------------------

function write(name, bytes) {
  const path = join(SITE, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

const DAWN = {
  sky: ['#3b5b92', '#a995b4', '#f4b08c', '#ffdca6', '#ffe6bd'],
  near: '#1b2433',
  far: '#a58496',
  sun: '#fff0c8',
  sunAt: [0.7, 0.17],
  ranges: 5,
  reach: 2.6,
};
const jpeg = (quality) => ({ quality, mozjpeg: true, chromaSubsampling: '4:2:0' });

const pictures = {
  // The gallery.
  'image1.jpg': () => paint(960, 640, mountains({ ...DAWN, seed: 4, lakeAt: 0.72 })).jpeg(jpeg(84)),
  'image2.png': () =>
    paint(
      480,
      320,
      julia({
        real: -0.8,
        imaginary: 0.156,
        zoom: 2.5,
        stops: ['#0b1026', '#1c4f7a', '#2fb3a8', '#f4e285', '#f4a259', '#5b1a3a'],
      }),
    ).png({ palette: true, colours: 96, dither: 0, compressionLevel: 9, effort: 10 }),
  'image3.webp': () =>
    paint(
      960,
      640,
      dunes(21, ['#4a2412', '#9c4f22', '#dd8f45', '#f7cf8a', '#fff0c9'], ['#4b7fb0', '#9fc3d6', '#f3dfc0']),
    ).webp({ quality: 80 }),
  'image4.avif': () => paint(960, 640, aurora(5)).avif({ quality: 60, effort: 6 }),
  'image6.jpg': () =>
    paint(640, 960, marble(12, ['#0f2027', '#2c5364', '#7fb7be', '#f3e9d2', '#c6624b', '#3d1c2e'])).jpeg(
      jpeg(76),
    ),
  'image8.jpg': () =>
    paint(
      960,
      480,
      mountains({
        sky: ['#070b1c', '#101b38', '#25365c', '#4a5a80'],
        near: '#04070d',
        far: '#2b3a58',
        sun: '#dfe7ff',
        sunAt: [0.24, 0.2],
        ranges: 4,
        seed: 77,
        lakeAt: 0.78,
        stars: true,
      }),
    ).jpeg({ ...jpeg(82), progressive: true }),

  // The page that uses every channel: one small picture each, so that every row is told apart.
  ...Object.fromEntries(
    [
      'img.jpg',
      'srcset-small.jpg',
      'srcset-large.jpg',
      'density-1x.png',
      'density-2x.png',
      'source.webp',
      'source.avif',
      'source-fallback.jpg',
      'lazy.jpg',
      'lazy-original.jpg',
      'lazy-small.jpg',
      'lazy-large.jpg',
      'lazy-background.webp',
      'noscript.jpg',
      'amp.jpg',
      'input.png',
      'poster.jpg',
      'object.png',
      'object-untyped.jpg',
      'embed.jpg',
      'svg-href.png',
      'svg-xlink.png',
      'background.jpg',
      'style-attribute.webp',
      'style-element.jpg',
      'linked.jpg',
      'imported.png',
      'set-1x.png',
      'set-2x.png',
      'icon.png',
      'touch-icon.png',
      'image-src.jpg',
      'preload.webp',
      'preload-small.webp',
      'og.jpg',
      'og-url.jpg',
      'og-secure.jpg',
      'twitter.jpg',
      'tile.png',
      'itemprop.jpg',
      'ld-image.jpg',
      'ld-logo.png',
      'ld-thumbnail.webp',
      'based.jpg',
    ].map((name, index) => [`channels/${name}`, () => swatch(name, index)]),
  ),
  'based/tree.png': () => paint(120, 80, marble(301, ['#16302b', '#3f7d58', '#efead2'], 2)).png(SMALL_PNG),

  // The page that changes. `same` stays, `altered` keeps its name only, `gone` and `fresh` come and go.
  'changing/v1/same.jpg': () => paint(240, 160, mountains({ ...DAWN, seed: 31 })).jpeg(jpeg(70)),
  'changing/v2/same.jpg': () => paint(240, 160, mountains({ ...DAWN, seed: 31 })).jpeg(jpeg(70)),
  'changing/v1/altered.jpg': () =>
    paint(240, 160, marble(41, ['#10243e', '#3f7fa6', '#f2efe4'])).jpeg(jpeg(70)),
  'changing/v2/altered.jpg': () =>
    paint(240, 160, marble(42, ['#3a1020', '#c2554d', '#f6e7c8'])).jpeg(jpeg(70)),
  'changing/v1/gone.png': () => paint(120, 80, marble(51, ['#26143d', '#8a5aa8', '#f5dfee'])).png(SMALL_PNG),
  'changing/v2/fresh.webp': () => paint(240, 160, aurora(61)).webp({ quality: 70 }),
};

const SMALL_PNG = { palette: true, colours: 32, dither: 0, compressionLevel: 9, effort: 10 };

/** A small picture of its own for each name: size, motif and colours follow from its place in the list. */
function swatch(name, index) {
  const width = 96 + 12 * (index % 8) + index;
  const height = 64 + 8 * (index % 6);
  const hue = (index * 137.5) % 360;
  const stops = [
    `hsl(${hue} 45% 16%)`,
    `hsl(${(hue + 25) % 360} 48% 45%)`,
    `hsl(${(hue + 60) % 360} 62% 84%)`,
  ].map(hslToHex);
  const picture = paint(width, height, marble(400 + index * 7, stops, 1.6 + (index % 3) * 0.6));
  if (name.endsWith('.png')) return picture.png(SMALL_PNG);
  if (name.endsWith('.webp')) return picture.webp({ quality: 60 });
  if (name.endsWith('.avif')) return picture.avif({ quality: 45 });
  return picture.jpeg(jpeg(60));
}

function hslToHex(text) {
  const [hue, saturation, lightness] = text.match(/[\d.]+/g).map(Number);
  const amplitude = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  const channel = (offset) => {
    const k = (offset + hue / 30) % 12;
    const value = lightness / 100 - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

for (const [name, make] of Object.entries(pictures)) write(name, await make().toBuffer());

/** A planet with its moon going round, one frame after the other. */
const FRAMES = 12;
const frames = Array.from({ length: FRAMES }, (_, frame) => {
  const angle = (frame / FRAMES) * 2 * Math.PI;
  const planetAt = ramp(['#1a1333', '#6a3d7c', '#e07a5f', '#f7d08a']);
  return paint(240, 160, (u, v, aspect) => {
    const x = (u - 0.5) * aspect * 2;
    const y = (v - 0.5) * 2;
    const star = hash(Math.floor(u * 80), Math.floor(v * 54), 3) > 0.985 ? 0.75 : 0;
    let shade = [0.035 + star, 0.045 + star, 0.1 + star];
    const radius = Math.hypot(x, y);
    if (radius < 0.56) {
      const z = Math.sqrt(0.3136 - radius * radius);
      const light = clamp((x * -0.6 + y * -0.5 + z * 0.9) * 1.7);
      shade = planetAt(clamp(light * (0.75 + 0.4 * Math.sin(y * 17 + Math.sin(x * 6)))));
    }
    const moon = Math.hypot(x - Math.cos(angle) * 1.08, y - Math.sin(angle) * 0.3);
    const isBehind = Math.sin(angle) < 0 && radius < 0.56;
    if (moon < 0.11 && !isBehind) shade = planetAt(0.95 - moon * 4);
    return shade;
  })
    .png()
    .toBuffer();
});
write(
  'image5.gif',
  await sharp(await Promise.all(frames), { join: { animated: true } })
    .gif({ colours: 32, delay: 90, loop: 0, dither: 0, effort: 10 })
    .toBuffer(),
);

/** An ICO of two PNG entries, put together by hand: sharp has no ICO. */
const icons = await Promise.all(
  [16, 32].map((side) =>
    paint(side, side, marble(9, ['#123047', '#2fb3a8', '#f4e285'], 1.5))
      .png(SMALL_PNG)
      .toBuffer(),
  ),
);
const directory = Buffer.alloc(6 + 16 * icons.length);
directory.writeUInt16LE(1, 2);
directory.writeUInt16LE(icons.length, 4);
let start = directory.length;
for (const [index, icon] of icons.entries()) {
  const at = 6 + 16 * index;
  directory.writeUInt8([16, 32][index], at);
  directory.writeUInt8([16, 32][index], at + 1);
  directory.writeUInt16LE(1, at + 4);
  directory.writeUInt16LE(8, at + 6);
  directory.writeUInt32LE(icon.length, at + 8);
  directory.writeUInt32LE(start, at + 12);
  start += icon.length;
}
write('channels/favicon.ico', Buffer.concat([directory, ...icons]));

write(
  'image7.svg',
  `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">
  <title>Paper hills</title>
  <defs>
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#274060"/>
      <stop offset="0.6" stop-color="#c97b84"/>
      <stop offset="1" stop-color="#f6d6ad"/>
    </linearGradient>
  </defs>
  <rect width="600" height="400" fill="url(#sky)"/>
  <circle cx="420" cy="150" r="46" fill="#ffe9c7"/>
${[0, 1, 2, 3, 4].map((layer) => hills(layer)).join('\n')}
</svg>
`,
);
write(
  'channels/mask-icon.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><title>Hills</title><path d="M0 14 5 5l3 4 3-6 5 11z"/></svg>\n`,
);

function hills(layer) {
  const points = Array.from({ length: 25 }, (_, i) => {
    const y = 190 + layer * 42 - fractalNoise(i * 0.22 + layer * 9, layer, 17, 4) * 110 + 40;
    return `${i * 25} ${y.toFixed(1)}`;
  });
  const fill = ['#8d6a8f', '#6b5b84', '#4c4a73', '#323a5b', '#1d2740'][layer];
  return `  <path fill="${fill}" d="M0 400 L${points.join(' L')} L600 400 Z"/>`;
}

/** One transparent pixel: what a lazy-loading page shows until its script has run. */
write(
  'channels/pixel.gif',
  Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
);
write(
  'channels/page.png',
  '<!DOCTYPE html>\n<title>Not a picture</title>\n<p>This page has the name of a picture.</p>\n',
);
