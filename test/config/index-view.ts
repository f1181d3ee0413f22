/** The index of a policy's rules as a request reads it: offsets as in assembly/config/rule-index.ts. */

export interface IndexView {
  asked: string[]
  unreadable: boolean
  shapes: number
  eligible(rule: number): boolean
  patternsOf(rule: number): string[]
}

const FIELDS = ['host', 'service', 'method', 'path'] as const
const KINDS = ['exact', 'prefix', 'present', 'absent'] as const
const HEADER_FIELD = 4
const HEADER_BYTES = 12
const SHAPE = 0xff
const MOST_LISTED = 8

const NO_RULES: IndexView = {
  asked: [],
  unreadable: false,
  shapes: 0,
  eligible: () => false,
  patternsOf: () => [],
}

export function readIndex(memory: Buffer, at: number): IndexView {
  if (at === 0) return NO_RULES
  const u32 = (offset: number): number => memory.readUInt32LE(at + offset)
  const bit = (set: number, number: number): boolean =>
    ((memory.readUInt8(set + (number >> 3)) >> (number & 7)) & 1) === 1
  const fieldName = (field: number): string =>
    FIELDS[field] ?? `header ${text(memory, u32(36) + (field - HEADER_FIELD) * HEADER_BYTES)}`
  const asked = memory.readBigUInt64LE(at + 24)
  const patterns = Array.from({ length: u32(4) + 1 }, (_, i) => memory.readUInt32LE(u32(8) + 4 * i))
    .filter((pattern) => pattern !== 0)
    .map((pattern) => readPattern(memory, pattern))
  return {
    asked: Array.from({ length: 64 }, (_, field) => field)
      .filter((field) => ((asked >> BigInt(field)) & 1n) === 1n)
      .map(fieldName),
    unreadable: memory.readUInt8(at + 44) === 1,
    shapes: patterns.filter(({ subject }) => subject === SHAPE).length,
    eligible: (rule) => bit(u32(12), rule),
    patternsOf: (rule) =>
      patterns
        .filter(({ subject, has }) => subject !== SHAPE && has(rule))
        .map(({ subject, pattern }) => {
          const field = subject & 0xff
          const kind = field < HEADER_FIELD ? '' : ` ${KINDS[subject >> 8] ?? ''}`
          return `${fieldName(field)}${kind} ${pattern}`.trimEnd()
        })
        .sort(),
  }

  function readPattern(
    bytes: Buffer,
    pattern: number,
  ): { subject: number; pattern: string; has: (rule: number) => boolean } {
    const rules = bytes.readUInt32LE(pattern + 16)
    const count = bytes.readUInt32LE(pattern + 20)
    return {
      subject: bytes.readUInt32LE(pattern + 4),
      pattern: text(bytes, pattern + 8),
      has: (rule) =>
        count > MOST_LISTED
          ? bit(rules, rule)
          : Array.from({ length: count }, (_, i) => bytes.readUInt16LE(rules + 2 * i)).includes(rule),
    }
  }
}

/** The text of the slice at `at`: pointer, then length. */
export function text(memory: Buffer, at: number): string {
  const start = memory.readUInt32LE(at)
  return memory.toString('utf8', start, start + memory.readUInt32LE(at + 4))
}
