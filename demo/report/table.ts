/** A column's heading; `right` for numbers. */
export interface Column {
  readonly heading: string
  readonly align?: 'left' | 'right'
}

/** Lays rows out under headings, columns two blanks apart; one string a line, without trailing blanks. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly [heading: string, ...rows: string[]] {
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...rows.map((row) => (row[index] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? ''
        const width = widths[index] ?? 0
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ heading }) => heading)), ...rows.map(line)]
}
