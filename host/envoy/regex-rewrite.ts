/**
 * `regex_rewrite`: Envoy's RegexMatchAndSubstitute, which is RE2::GlobalReplace (re2.cc) over a header's value. The
 * pattern is RE2's, so JavaScript's own regular expressions will not do: they read some patterns otherwise.
 */
import { RE2JS } from 're2js'

import { EnvoyModelError } from './errors.ts'

/** A pattern, and what takes the place of each of its matches: `\1` is the first group, `\0` the whole match. */
export interface RegexRewrite {
  readonly pattern: string
  readonly substitution: string
}

/** RE2's replacement syntax: a digit or a backslash after each backslash. */
const SUBSTITUTION = /\\(?:(\d)|(\\))/g

/**
 * The value with every match replaced. RE2 sees UTF-8; a value that is none is matched byte by byte, where Envoy would
 * see no character at all in the bytes that are wrong.
 *
 * @param value a byte string
 * @throws {EnvoyModelError} `bad_regex`, `bad_substitution`: Envoy refuses such a configuration
 */
export function replaceAll(value: string, { pattern, substitution }: RegexRewrite): string {
  const expression = compile(pattern)
  checkSubstitution(substitution, expression.groupCount())
  const bytes = Buffer.from(value, 'latin1')
  const decoded = bytes.toString('utf8')
  const isUtf8 = Buffer.from(decoded, 'utf8').equals(bytes)
  const replaced = globalReplace(isUtf8 ? decoded : value, expression, substitution)
  return isUtf8 ? Buffer.from(replaced, 'utf8').toString('latin1') : replaced
}

/** Leftmost matches, one after another; an empty one that touches the match before it is none. */
function globalReplace(text: string, expression: RE2JS, substitution: string): string {
  const matcher = expression.matcher(text)
  let replaced = ''
  let at = 0
  let lastEnd = -1
  while (at <= text.length && matcher.find(at)) {
    const start = matcher.start()
    const end = matcher.end()
    replaced += text.slice(at, start)
    if (start === end && start === lastEnd) {
      const width = text.codePointAt(start) ?? 0
      const next = start + (width > 0xffff ? 2 : 1)
      replaced += text.slice(start, next)
      at = next
      continue
    }
    replaced += substitution.replace(SUBSTITUTION, (_all, group: string | undefined) =>
      group === undefined ? '\\' : (matcher.group(Number(group)) ?? ''),
    )
    at = lastEnd = end
  }
  return replaced + text.slice(at)
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EnvoyModelError(
      'bad_regex',
      `${JSON.stringify(pattern)} is no regular expression of RE2: ${reason}`,
    )
  }
}

function checkSubstitution(substitution: string, groups: number): void {
  const rest = substitution.replace(SUBSTITUTION, (_all, group: string | undefined) =>
    group === undefined || Number(group) <= groups ? '' : '\\',
  )
  if (!rest.includes('\\')) return
  throw new EnvoyModelError(
    'bad_substitution',
    `${JSON.stringify(substitution)} must have \\0 to \\${groups} or \\\\ wherever it has a backslash`,
  )
}
