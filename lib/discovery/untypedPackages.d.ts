/** Types for the used parts of packages that have no types. */

declare module 'html-encoding-sniffer' {
  /** Name of the encoding by the HTML standard's sniffing algorithm; `defaultEncoding` when it finds no other. */
  function sniff(
    bytes: Uint8Array,
    options: {
      readonly transportLayerEncodingLabel?: string | undefined;
      readonly defaultEncoding: string;
      readonly maxPrescanBytes: number;
    },
  ): string;

  export = sniff;
}

declare module 'whatwg-mimetype' {
  export class MIMEType {
    /** null when it cannot be parsed. */
    static parse(text: string): MIMEType | null;
    /** `type/subtype`, lower case. */
    readonly essence: string;
    readonly parameters: { get(name: string): string | undefined };
  }
}

declare module 'css-tree/tokenizer' {
  /** The tokens of CSS Syntax section 4, by name. */
  export const tokenTypes: Readonly<Record<string, number>>;
  /** Calls `onToken` for each token, with its offsets in the text. Ends when `onToken` throws. */
  export function tokenize(text: string, onToken: (type: number, start: number, end: number) => void): void;
}
