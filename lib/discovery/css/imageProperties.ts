/** CSS properties whose values may have images. */
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

/**
 * Whether the value of a property may have images. Custom properties may.
 * @param property in lower case, except for a custom property
 */
export function isImageProperty(property: string): boolean {
  return property.startsWith('--') || IMAGE_PROPERTIES.has(property);
}
