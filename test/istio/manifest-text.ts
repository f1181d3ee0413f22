import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The objects that a path of sets.yaml stands for: a file's own, or what kustomize builds of a directory. */
export function manifestText(kustomize: string, path: string): string {
  if (path.endsWith('.yaml')) return readFileSync(path, 'utf8')
  return execFileSync(kustomize, ['build', '--load-restrictor', 'LoadRestrictionsNone', path], {
    encoding: 'utf8',
  })
}
