import { URL_MAX_CHARS } from '../../domain/model.ts';

/**
 * File extensions of images in the path of a URL: at the end of a segment, or before the suffix of a resizing server.
 */
const EXTENSION =
  /\.(?:apng|avif|bmp|cur|gif|heic|heif|ico|jfif|jpe?g|jpe|jxl|pjpeg|png|svgz?|tiff?|webp)(?=$|[^a-z0-9.])/i;
const AUTHORITY = /^(?:https?:)?[/\\]{2}[^/\\?#]*/i;

/** Whether the path of `text`, a URL as written, has the extension of an image. */
export function hasImageExtension(text: string): boolean {
  const address = text.slice(0, URL_MAX_CHARS);
  const [path = ''] = address.replace(AUTHORITY, '').split(/[?#]/, 1);
  return EXTENSION.test(path);
}

/** Whether `text` alone shows that it is the URL of an image: by its extension, or as `data:image/…`. */
export function looksLikeImageAddress(text: string): boolean {
  return /^data:image\//i.test(text) || (!/\s/.test(text.slice(0, URL_MAX_CHARS)) && hasImageExtension(text));
}

/**
 * Values that scripts keep in lazy-loading attributes, but that are not URLs: switches, numbers, JSON and templates.
 */
const NO_ADDRESS =
  /^(?:true|false|yes|no|on|off|auto|none|null|undefined|lazy|lazyload|-?[\d.]+|[[{<(].*)$|\{\{|\$\{|\{[a-z_]\w*\}/is;

/** Whether `text`, in a place for an image, can be a URL. */
export function isPlausibleAddress(text: string): boolean {
  return /^data:/i.test(text) || !NO_ADDRESS.test(text.slice(0, URL_MAX_CHARS));
}
