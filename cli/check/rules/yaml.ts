/** What YAML 1.1, as Kubernetes reads it, takes for something else than what is written. */
import type { YamlFile } from '../../manifests/yaml-file.ts'
import type { Finding } from '../finding.ts'

/** The codes of what {@link yamlFindings} says. */
export const YAML_CODES = ['duplicate_key', 'not_yaml', 'yaml_octal', 'yaml_sexagesimal'] as const

export function yamlFindings(file: YamlFile): readonly Finding[] {
  const errors = file.errors.map((error): Finding => {
    const duplicate = error.code === 'DUPLICATE_KEY'
    return {
      severity: 'error',
      code: duplicate ? 'duplicate_key' : 'not_yaml',
      place: error.place,
      object: file.name,
      message: duplicate
        ? 'a key that is there already: Kubernetes takes one of the two in silence, and the filter never sees the other'
        : `no YAML: ${error.message.split('\n')[0] ?? ''}`,
      instead: duplicate
        ? 'one of the two'
        : 'quotes around what begins with * & { [ or % and is meant as text',
    }
  })
  return [
    ...errors,
    ...file.documents.flatMap((document) => [...scalarFindings(file, document.plainScalars())]),
  ]
}

function* scalarFindings(
  file: YamlFile,
  scalars: Iterable<{ readonly source: string; readonly start: number; readonly end: number }>,
): Iterable<Finding> {
  for (const { source, start, end } of scalars) {
    const octal = /^[-+]?0[0-7]+$/.test(source)
    if (!octal && !/^[1-9]\d{0,8}(?::[0-5]?\d)+$/.test(source)) continue
    yield {
      severity: 'warning',
      code: octal ? 'yaml_octal' : 'yaml_sexagesimal',
      place: file.placeOf(start),
      object: file.name,
      message: octal
        ? `${source} is read in base 8, as ${String(Number.parseInt(source.replace(/^[-+]?0/, ''), 8))}`
        : `${source} is a number in base 60 to some readers of YAML, and a text to others`,
      instead: octal
        ? `${source.replace(/^([-+]?)0+(?=\d)/, '$1')}, or "${source}" for the text`
        : `"${source}"`,
      ...(!octal && { fix: { file: file.name, start, end, text: `"${source}"` } }),
    }
  }
}
