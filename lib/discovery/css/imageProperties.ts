/** CSS properties whose values may hold images. Adding one is adding a line. */
const IMAGE_PROPERTIES: ReadonlySet<string> = new Set([
  'background',
  'background-image',
  'border-image',
  'border-image-source',
  'content',
  'cursor',
  'list-style',
  'list-style-image',
  'mask',
  'mask-border',
  'mask-border-source',
  'mask-image',
  'shape-outside',
  '-moz-border-image',
  '-o-border-image',
  '-webkit-border-image',
  '-webkit-box-reflect',
  '-webkit-mask',
  '-webkit-mask-box-image',
  '-webkit-mask-box-image-source',
  '-webkit-mask-image',
  '-webkit-shape-outside',
]);

/** @param property lower case, but for a custom property */
export function isImageProperty(property: string): boolean {
  return property.startsWith('--') || IMAGE_PROPERTIES.has(property);
}
