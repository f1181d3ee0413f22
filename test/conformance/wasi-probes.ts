import { importSignature } from '../../host/imports.ts'

const MODULES = ['wasi_snapshot_preview1', 'wasi_unstable']
const TYPES: Readonly<Record<string, string>> = { i: 'i32', I: 'i64' }

/**
 * What the arguments of WASI's functions are, one letter each, as test/guests/wasi/probe.ts reads them: f a descriptor
 * or a clock, i what is read, o what is written, n a count or a size, z flags, l 64 bits. Envoy takes one argument less
 * than WASI defines of path_link and path_symlink.
 */
const ARGUMENTS: Readonly<Record<string, string>> = {
  fd_write: 'fino',
  fd_read: 'fino',
  fd_seek: 'flzo',
  fd_close: 'f',
  fd_fdstat_get: 'fo',
  fd_fdstat_set_flags: 'fz',
  environ_get: 'oo',
  environ_sizes_get: 'oo',
  args_get: 'oo',
  args_sizes_get: 'oo',
  clock_time_get: 'flo',
  random_get: 'on',
  sched_yield: '',
  poll_oneoff: 'iono',
  path_open: 'fzinzllzo',
  fd_prestat_get: 'fo',
  fd_prestat_dir_name: 'fon',
}

/** What Envoy 1.36.4 does not register yet. */
const LATER_ARGUMENTS: Readonly<Record<string, string>> = {
  fd_fdstat_set_rights: 'fll',
  clock_res_get: 'fo',
  fd_advise: 'fllz',
  fd_allocate: 'fll',
  fd_datasync: 'f',
  fd_filestat_set_size: 'fl',
  fd_filestat_set_times: 'fllz',
  fd_pread: 'finlo',
  fd_pwrite: 'finlo',
  fd_readdir: 'fonlo',
  fd_renumber: 'ff',
  fd_sync: 'f',
  fd_tell: 'fo',
  path_create_directory: 'fin',
  path_filestat_set_times: 'fzinllz',
  path_link: 'fzinfi',
  path_readlink: 'finono',
  path_remove_directory: 'fin',
  path_rename: 'finfin',
  path_symlink: 'infi',
  path_unlink_file: 'fin',
  sock_accept: 'fzo',
  sock_recv: 'finzoo',
  sock_send: 'finzo',
  sock_shutdown: 'fz',
  path_filestat_get: 'fzino',
  fd_filestat_get: 'fo',
}

/** The functions of WASI that an Envoy registers and that come back: all but `proc_exit`. */
export function wasiFunctions(envoy: string): string[] {
  return Object.keys(argumentsIn(envoy))
}

function argumentsIn(envoy: string): Readonly<Record<string, string>> {
  return envoy === '1.36.4' ? ARGUMENTS : { ...ARGUMENTS, ...LATER_ARGUMENTS }
}

/**
 * The source of calls.ts of the guest wasi: each function that an Envoy registers, under both names of WASI's module,
 * handed to its `probe`.
 */
export function wasiProbes(envoy: string): string {
  const calls = MODULES.flatMap((module) =>
    Object.entries(argumentsIn(envoy)).map(([name, kinds]) => {
      const [types = ''] = (importSignature(module, name, '0.2.1') ?? '').split('>')
      if (types.length !== kinds.length) throw new Error(`${name} takes ${types}, described as ${kinds}`)
      return { module, name, kinds, types: Array.from(types, (type) => TYPES[type] ?? '') }
    }),
  )
  const declarations = calls.map(({ module, name, types }) => {
    const parameters = types.map((type, i) => `a${i}: ${type}`).join(', ')
    return `@external("${module}", "${name}")\ndeclare function ${module}_${name}(${parameters}): i32\n`
  })
  const probes = calls.map(({ module, name, kinds, types }) => {
    const values = types.map((type, i) => `<${type}>argument(${i})`).join(', ')
    return `  probe('${module}.${name}', '${kinds}', () => ${module}_${name}(${values}))\n`
  })
  return `import { argument, probe } from './probe'
${declarations.join('')}
export function probeAll(): void {
${probes.join('')}}
`
}
