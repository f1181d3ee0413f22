import {
  type Alias,
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml'
import type { Path } from './value.ts'

/** Where something stands in a file. Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** What stands between two offsets of a file's text becomes `text`. */
export interface Edit {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A document that is not YAML, or not as Kubernetes reads it. */
export interface YamlError {
  readonly code: string
  readonly message: string
  readonly place: Place
}

/**
 * A file as Kubernetes reads it: YAML 1.1, or JSON, which is YAML. Documents that have errors are not among
 * {@link documents}.
 */
export class YamlFile {
  readonly name: string
  readonly text: string
  readonly documents: readonly YamlDocument[]
  readonly errors: readonly YamlError[]
  readonly #lines = new LineCounter()

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
    const parsed = parseAllDocuments(text, { version: '1.1', lineCounter: this.#lines, prettyErrors: false })
    const documents: YamlDocument[] = []
    const errors: YamlError[] = []
    for (const document of parsed) {
      errors.push(
        ...document.errors.map(({ code, message, pos: [start] }) => {
          return { code, message, place: this.placeOf(start) }
        }),
      )
      if (document.errors.length > 0) continue
      const alias = unresolvedAlias(document)
      if (alias === undefined) documents.push(new YamlDocument(this, document))
      else {
        const message = `*${alias.source} refers to an anchor that is not there`
        errors.push({ code: 'BAD_ALIAS', message, place: this.placeOf(alias.range?.[0] ?? 0) })
      }
    }
    this.documents = documents
    this.errors = errors
  }

  placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.name, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

function unresolvedAlias(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      found = alias
      return visit.BREAK
    },
  })
  return found
}

/** One document of a file, and where each of its values stands. */
export class YamlDocument {
  readonly file: YamlFile
  readonly value: unknown
  readonly #document: Document.Parsed

  constructor(file: YamlFile, document: Document.Parsed) {
    this.file = file
    this.#document = document
    this.value = document.toJS({ maxAliasCount: 1_000 })
  }

  /** Where the value at `path` stands, by its key; or the innermost thing around it that is there. */
  placeOf(path: Path): Place {
    return this.file.placeOf(this.#keyOf(path)?.range?.[0] ?? this.#document.range[0])
  }

  /** The offsets of the value at `path` in the file's text; nothing where there is no such value. */
  rangeOf(path: Path): { readonly start: number; readonly end: number } | undefined {
    const range = this.#nodeAt(path)?.range
    return range ? { start: range[0], end: range[1] } : undefined
  }

  /** How the value at `path` is written. */
  sourceOf(path: Path): string | undefined {
    const range = this.rangeOf(path)
    return range && this.file.text.slice(range.start, range.end)
  }

  /** Puts `text` in the place of the value at `path`. */
  replace(path: Path, text: string): Edit | undefined {
    const range = this.rangeOf(path)
    return range === undefined ? undefined : { file: this.file.name, ...range, text }
  }

  /** Puts a line, `key: value`, before the mapping's entry at `path`, with its indentation. */
  insertBefore(path: Path, line: string): Edit | undefined {
    const start = this.#keyOf(path)?.range?.[0]
    if (start === undefined) return undefined
    const indentation = this.file.placeOf(start).column - 1
    const before = this.file.text.slice(start - indentation, start)
    // Within {braces} an entry is not a line.
    if (before.trim() !== '') return undefined
    return { file: this.file.name, start, end: start, text: `${line}\n${' '.repeat(indentation)}` }
  }

  /** Every plain scalar, as it is written: what YAML may take for something else. */
  *plainScalars(): Iterable<{ readonly source: string; readonly start: number; readonly end: number }> {
    const nodes: unknown[] = [this.#document.contents]
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (isMap(node) || isSeq(node)) nodes.push(...node.items.toReversed())
      else if (isPair(node)) nodes.push(node.value, node.key)
      else if (isScalar(node) && node.type === 'PLAIN' && node.range && node.source !== undefined) {
        yield { source: node.source, start: node.range[0], end: node.range[1] }
      }
    }
  }

  #nodeAt(path: Path): Node | undefined {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true)
    return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined
  }

  #keyOf(path: Path): Node | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const around = this.#nodeAt(path.slice(0, length - 1))
      const step = path[length - 1]
      if (isMap(around)) {
        const pair = around.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
        if (pair !== undefined && isScalar(pair.key)) return pair.key
      }
      if (isSeq(around) && typeof step === 'number') {
        const item = around.items[step]
        if (isMap(item) || isSeq(item) || isScalar(item)) return item
      }
    }
    return this.#nodeAt([])
  }
}
