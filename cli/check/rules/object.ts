/** Objects by themselves, of whatever kind. */
import type { Rule } from '../finding.ts'

export const duplicateObject: Rule = {
  code: 'duplicate_object',
  severity: 'warning',
  *see({ manifests }) {
    const seen = new Set<string>()
    for (const manifest of manifests) {
      const { kind, group, namespace, name } = manifest
      // What is to be generated has no name yet.
      if (name === '') continue
      const id = [group, kind, namespace, name].join('/')
      if (seen.has(id)) {
        yield {
          manifest,
          path: ['metadata', 'name'],
          message:
            'an object of this kind and name is there already: the one that is applied last replaces the other',
          instead: 'one of the two, or another name',
        }
      }
      seen.add(id)
    }
  },
}
