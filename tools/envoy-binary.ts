import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine, runCommand } from './run-command.ts'

/** Whether a file is an Envoy that can run Mooring; `reason` is one line for people. */
export type EnvoyInspection =
  { readonly usable: true; readonly version: string } | { readonly usable: false; readonly reason: string }

/**
 * The smallest module an Envoy with V8 accepts: a memory, `malloc` that returns 0 and the export that names the
 * ABI. Some builds (1.38.3 of the wheel, for one) carry no V8 and refuse every module; only loading one tells.
 */
const SMALLEST_MODULE =
  'AGFzbQEAAAABCQJgAABgAX8BfwMDAgABBQMBAAEHLQMGbWVtb3J5AgAXcHJveHlfYWJpX3ZlcnNpb25fMF8yXzEAAAZtYWxsb2MAAQoJAgIACwQAQQAL'

const probe = {
  static_resources: {
    listeners: [
      {
        address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
        filter_chains: [
          {
            filters: [
              {
                name: 'envoy.filters.network.http_connection_manager',
                typed_config: {
                  '@type':
                    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                  stat_prefix: 'probe',
                  route_config: {},
                  http_filters: [
                    {
                      name: 'wasm',
                      typed_config: {
                        '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
                        config: {
                          vm_config: {
                            runtime: 'envoy.wasm.runtime.v8',
                            code: { local: { inline_bytes: SMALLEST_MODULE } },
                          },
                        },
                      },
                    },
                    {
                      name: 'router',
                      typed_config: {
                        '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                      },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  },
}

/** Asks a binary for its version and has it load a Wasm module (0.2 s). Never throws. */
export async function inspectEnvoy(binary: string): Promise<EnvoyInspection> {
  const asked = await runCommand(binary, ['--version'], { timeoutMs: 20_000 })
  const version = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(asked.stdout)?.[1]
  if (asked.status !== 0 || version === undefined) {
    return { usable: false, reason: `${binary} is no Envoy: ${lastLine(asked.stderr + asked.stdout)}` }
  }
  const directory = await mkdtemp(join(tmpdir(), 'mooring-envoy-'))
  try {
    const config = join(directory, 'probe.json')
    await writeFile(config, JSON.stringify(probe))
    const validated = await runCommand(binary, ['--mode', 'validate', '-c', config], { timeoutMs: 60_000 })
    if (validated.status !== 0) {
      return { usable: false, reason: `${binary} (${version}) was built without V8 and runs no Wasm` }
    }
    return { usable: true, version }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
