import { URL_MAX_CHARS } from '../../domain/model.ts';

/** File extensions of images, in the path of an address: at a segment's end, or before a resizer's suffix. */
const EXTENSION =
  /\.(?:apng|avif|bmp|cur|gif|heic|heif|ico|jfif|jpe?g|jpe|jxl|pjpeg|png|svgz?|tiff?|webp)(?=$|[^a-z0-9.])/i;
const AUTHORITY = /^(?:https?:)?[/\\]{2}[^/\\?#]*/i;

/** Whether the path of `text`, an address as written, has the extension of an image. */
export function hasImageExtension(text: string): boolean {
  const address = text.slice(0, URL_MAX_CHARS);
  const [path = ''] = address.replace(AUTHORITY, '').split(/[?#]/, 1);
  return EXTENSION.test(path);
}

/** Whether `text` says by itself that it is an image's address: by its extension, or as `data:image/…`. */
export function looksLikeImageAddress(text: string): boolean {
  return /^data:image\//i.test(text) || (!/\s/.test(text.slice(0, URL_MAX_CHARS)) && hasImageExtension(text));
}

/** What scripts keep in the attributes that others load images from: switches, numbers, JSON, and templates such as `{width}` or `${url}`. */
const NO_ADDRESS =
  /^(?:true|false|yes|no|on|off|auto|none|null|undefined|lazy|lazyload|-?[\d.]+|[[{<(].*)$|\{\{|\$\{|\{[a-z_]\w*\}/is;

/** Whether `text`, in a place for images, can be an address at all. */
export function isPlausibleAddress(text: string): boolean {
  return /^data:/i.test(text) || !NO_ADDRESS.test(text.slice(0, URL_MAX_CHARS));
}
