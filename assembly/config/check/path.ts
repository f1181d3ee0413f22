/** Path patterns: in a rule's match, and as the template of a source. */
import { Phrase, phrase } from '../../bytes/phrase'
import { PathPatternError, pathPatternError } from '../../http/path-pattern'
import { expectString } from '../fields'
import { JsonNode } from '../../json/node'
import { unexpectedText } from '../report'

/** `node` is a pattern as http/path-pattern.ts describes it, at most 1,024 characters. */
export function expectPath(node: JsonNode | null): bool {
  if (node === null || !expectString(node, 1024)) return false
  const wrong = pathPatternError(node.text)
  if (wrong == PathPatternError.None) return true
  const code = wrong == PathPatternError.RepeatedCapture ? phrase('repeated_capture') : phrase('invalid_path')
  unexpectedText(code, node, pathAdvice(wrong))
  return false
}

function pathAdvice(wrong: PathPatternError): Phrase {
  switch (wrong) {
    case PathPatternError.NoLeadingSlash:
      return phrase('a / first')
    case PathPatternError.EmptySegment:
      return phrase('no // : paths are matched with slashes collapsed')
    case PathPatternError.DotSegment:
      return phrase('no . or .. : paths are matched with these resolved')
    case PathPatternError.PartialStar:
      return phrase('a whole segment: * for one, or ** at the end for any number')
    case PathPatternError.DoubleStarNotLast:
      return phrase('** only at the end; for one segment write *')
    case PathPatternError.PartialCapture:
      return phrase('a capture to be a whole segment, as in /users/{id}')
    case PathPatternError.CaptureName:
      return phrase('a name such as {tenantId} in braces')
    case PathPatternError.RepeatedCapture:
      return phrase('each capture to have a name of its own')
    case PathPatternError.QueryOrFragment:
      return phrase('no query and no fragment: they are not matched')
    case PathPatternError.Semicolon:
      return phrase('no ; : a path with parameters matches no rule')
    case PathPatternError.Escape:
      return phrase('only escapes that normalising leaves, in upper case, as in %20')
    case PathPatternError.TooManySegments:
      return phrase('at most 64 segments')
    default:
      return phrase('other characters escaped, as in %20')
  }
}
