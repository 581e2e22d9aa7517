// The mark that stands where a redaction rule has hidden something.

export const REDACTED = '[redacted]';
