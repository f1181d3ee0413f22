/** Path patterns: in a rule's match, and as the template of a source. */
import { Phrase, phrase, phraseAt, phrases } from '../../bytes/phrase'
import { PathPatternError, pathPatternError } from '../../http/path-pattern'
import { expectString } from '../fields'
import { JsonNode, textOf } from '../../json/node'
import { unexpectedText } from '../report'

// In the order of PathPatternError, from its second on.
const ADVICE: Phrase = phrases(
  'a / first\n' +
    'no // : paths are matched with slashes collapsed\n' +
    'no . or .. : paths are matched with these resolved\n' +
    'a whole segment: * for one, or ** at the end for any number\n' +
    '** only at the end; for one segment write *\n' +
    'a capture to be a whole segment, as in /users/{id}\n' +
    'a name such as {tenantId} in braces\n' +
    'each capture to have a name of its own\n' +
    'no query and no fragment: they are not matched\n' +
    'no ; : a path with parameters matches no rule\n' +
    'only escapes that normalising leaves, in upper case, as in %20\n' +
    'other characters escaped, as in %20\n' +
    'at most 64 segments',
)

/** `node` is a pattern as http/path-pattern.ts describes it, at most 1,024 characters. */
export function expectPath(node: JsonNode | null): bool {
  if (!expectString(node, 1024)) return false
  const wrong = pathPatternError(textOf(node))
  if (wrong == PathPatternError.None) return true
  const code = wrong == PathPatternError.RepeatedCapture ? phrase('repeated_capture') : phrase('invalid_path')
  unexpectedText(code, node, phraseAt(ADVICE, wrong - 1))
  return false
}
