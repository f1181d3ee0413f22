/** Outcomes of the filter in words; docs/metrics.md has the whole of each. */

const SESSION: Readonly<Record<string, string>> = {
  valid: 'the session cookie counts',
  renewed: 'the session cookie counts, and is issued anew',
  minted: 'none came, a new session begins',
  replaced: 'the cookie that came does not count, another session takes its place',
  adopted: 'the id is made of another cookie, or of an unsigned one',
  none: 'no session, and this request begins none',
  malformed: 'the cookie that came is malformed, and none takes its place',
  domain_mismatch: 'none begins, since the host is not within cookie.domain',
  rejected: 'the cookie that came is forged',
  read_only: 'none came, and readOnly begins none',
  unreadable: 'the cookies cannot be read',
  exhausted: 'none begins for want of randomness, a clock or room',
}

const BECAUSE: Readonly<Record<string, string>> = {
  forged: 'its signature does not fit',
  unknown_key: 'its signing key is not in the list',
  expired_idle: 'it was not used for longer than idleTimeout',
  expired_absolute: 'it is older than absoluteTimeout',
}

const KEY: Readonly<Record<string, string>> = {
  none: 'none: no source yields one',
  inbound: 'brought along by a trusted peer',
  bound: 'the one that the session is bound to',
  all: 'of several parts',
}

/** @param because counters that say more */
export function sessionInWords(outcome: string, because: readonly string[]): string {
  return [SESSION[outcome] ?? outcome, ...because.map((name) => BECAUSE[name] ?? name)].join(': ')
}

/** @param source the one that yielded, where it is one */
export function keyInWords(outcome: string, source: string | undefined): string {
  return KEY[outcome] ?? `from ${source ?? outcome}`
}
