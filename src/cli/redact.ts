// Keeps passwords out of everything that is printed: ours are never part of a message, but texts of drivers and of the
// operating system pass through here too (requirement P43).

/** Takes secrets out of texts. */
export interface Redactor {
  /** From now on the text is hidden wherever it appears. */
  hide(secret: string | null): void;
  /** The text without secrets. */
  clean(text: string): string;
}

const HIDDEN = '***';
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)([^\s@/]+)(@)/gi;

/** A redactor that knows no secret yet; it always hides the password of a URL. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    hide: (secret) => {
      if (secret === null || secret === '') return;
      secrets.add(secret);
      secrets.add(encodeURIComponent(secret));
      secrets.add(JSON.stringify(secret).slice(1, -1));
    },
    clean: (text) => {
      let cleaned = text.replace(URL_PASSWORD, `$1${HIDDEN}$3`);
      // Longest first, so that no part of a secret remains where another one is contained in it.
      for (const secret of [...secrets].sort((a, b) => b.length - a.length))
        cleaned = cleaned.replaceAll(secret, HIDDEN);
      return cleaned;
    },
  };
}
