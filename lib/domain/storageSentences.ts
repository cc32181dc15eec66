/**
 * Details of `STORAGE_UNAVAILABLE` that do not come from a server's response. docs/operating.md has a remedy for each.
 */
export const STORAGE_SENTENCES = {
  deadline: 'The storage did not answer in time. Look the page up, then try again.',
  notTried: 'The storage was too slow to finish in time; nothing was changed. Try again.',
  unclear: 'The storage did not say whether it kept the record. Look the page up, then try again.',
  record:
    'This version cannot read the record of this page: restore the record, or use the version that wrote it.',
} as const;
