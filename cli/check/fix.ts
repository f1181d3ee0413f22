import type { YamlFile } from '../manifests/yaml-file.ts'
import type { Finding } from './finding.ts'

/**
 * The texts of the files in which something can be put right, with that done. Where two changes touch each other the
 * first is made; the other is found again afterwards.
 */
export function fixed(
  files: readonly YamlFile[],
  findings: readonly Finding[],
): ReadonlyMap<string, { readonly text: string; readonly changes: number }> {
  const texts = new Map<string, { text: string; changes: number }>()
  for (const file of files) {
    const edits = findings
      .flatMap(({ fix }) => (fix !== undefined && fix.file === file.name ? [fix] : []))
      .toSorted((one, other) => one.start - other.start || one.end - other.end)
    let text = ''
    let done = 0
    let changes = 0
    for (const edit of edits) {
      if (edit.start < done || (changes > 0 && edit.start === done)) continue
      text += file.text.slice(done, edit.start) + edit.text
      done = edit.end
      changes += 1
    }
    if (changes > 0) texts.set(file.name, { text: text + file.text.slice(done), changes })
  }
  return texts
}
