import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { YamlFile } from './yaml-file.ts'

const STANDARD_INPUT = 0

export interface NamedFiles {
  readonly files: readonly YamlFile[]
  /** Those that were named themselves, and not only the directory around them. */
  readonly named: ReadonlySet<YamlFile>
}

/**
 * The files that the arguments name. A directory stands for every `.yaml`, `.yml` and `.json` below it, in order of their
 * names; `-` for standard input. What begins with a dot and `node_modules` are left out of directories.
 *
 * @throws NodeJS.ErrnoException where one cannot be read
 */
export function readFiles(names: readonly string[]): NamedFiles {
  const files: YamlFile[] = []
  const named = new Set<YamlFile>()
  for (const name of names) {
    if (name !== '-' && statSync(name).isDirectory()) {
      files.push(...filesBelow(name).map((path) => new YamlFile(path, readFileSync(path, 'utf8'))))
    } else {
      const file = new YamlFile(name, readFileSync(name === '-' ? STANDARD_INPUT : name, 'utf8'))
      files.push(file)
      named.add(file)
    }
  }
  return { files, named }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      return /\.(?:ya?ml|json)$/.test(entry.name) ? [path] : []
    })
}
