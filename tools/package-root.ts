import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findUp(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory
  const parent = dirname(directory)
  if (parent === directory) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`)
  return findUp(parent)
}

/** The directory that holds package.json: the same one from a source file and from its copy under build/js. */
export const packageRoot: string = findUp(dirname(fileURLToPath(import.meta.url)))
