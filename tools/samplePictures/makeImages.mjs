/**
 * Creates the pictures of the sample site. All of them are computed: none was photographed or copied.
 * The same input gives the same pixels. Another version of sharp may encode them into other bytes: then run
 * `node tools/samplePictures/makeExpected.ts` too.
 *
 *   npm install --no-save --prefix ../elsewhere sharp@0.35.5
 *   node tools/samplePictures/makeImages.mjs ../elsewhere
 *
 * Only this program needs sharp, so it is not a dependency of the project.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { aurora, clamp, dunes, fractalNoise, hash, julia, marble, mountains, ramp } from './motifs.mjs';

const SITE = join(import.meta.dirname, '../../static/sample');
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Say in which folder sharp is installed.');
const sharp = createRequire(join(resolve(folder), 'package.json'))('sharp');

/** An image of `pixel(u, v)`, with u and v from 0 to 1. */
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

  // The page that uses every channel. Each has a different small picture, so that every row can be recognised.
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

  // The page that changes. `same` stays, `altered` keeps only its name, `gone` is removed, and `fresh` is added.
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

/** A different small picture for each name. Size, motif and colours follow from its index in the list. */
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

/** A planet and its moon, which goes round it in these frames. */
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

/** An ICO of two PNG entries, written by hand, since sharp has no ICO. */
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

/** One transparent pixel: the placeholder of a lazy-loading page until its script has run. */
write(
  'channels/pixel.gif',
  Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
);
write(
  'channels/page.png',
  '<!DOCTYPE html>\n<title>Not a picture</title>\n<p>This page has the name of a picture.</p>\n',
);
