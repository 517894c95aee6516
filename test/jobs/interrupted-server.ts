import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The way to a server, which can be cut as if the server had been stopped: all connections end, and no new one is
 * accepted until it is back. Other tests keep the server.
 */
export class InterruptedServer implements AsyncDisposable {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #open = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  /** Connections that were cut while they were open. */
  cut = 0

  /** @param url of the server */
  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port || 5432) }
  }

  /** The same address, by this way. */
  addressFor(url: string): string {
    const through = new URL(url)
    through.host = `127.0.0.1:${this.#port}`
    return through.href
  }

  async start(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.#target)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => {
          this.#open.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    this.cut += this.#open.size / 2
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
