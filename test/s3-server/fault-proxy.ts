import { createServer, type IncomingMessage, type Server, type ServerResponse, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What may go wrong on the way to a server and back.
 *
 * - `status`: an error instead of an answer; the request is not carried out.
 * - `error-in-200`: the same behind a status of 200, as S3 answers a completion or a copy that fails late.
 * - `lost-request`: the connection ends before the request arrives.
 * - `lost-answer`: the request is carried out, and the connection ends before the answer.
 * - `cut`: so many bytes of the answer's body arrive, then the connection ends.
 * - `duplicate`: the request arrives twice; the second answer is the one that is heard.
 */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'error-in-200'; readonly code: string }
  | { readonly kind: 'lost-request' }
  | { readonly kind: 'lost-answer' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'duplicate' }

export interface ProxiedRequest {
  /** Counted from 1. */
  readonly number: number
  readonly method: string
  /** Path and query. */
  readonly url: string
}

/** Called before a request is passed on, and waited for: a delay, another writer, an end of the client, or a fault. */
export type BeforeRequest = (request: ProxiedRequest) => Fault | undefined | Promise<Fault | undefined>

/** Called when a request was carried out and its answer is not sent yet. */
export type AfterRequest = (request: ProxiedRequest) => void | Promise<void>

/** A proxy on the loopback interface in front of an S3 server that makes the way to it as bad as a test wants it. */
export class FaultProxy {
  /** Requests that have come so far. */
  requests: ProxiedRequest[] = []
  before: BeforeRequest = () => undefined
  after: AfterRequest = () => undefined
  /** Connections that were open at once. */
  mostConnections = 0
  #connections = 0
  readonly #target: URL
  readonly #server: Server

  private constructor(target: string) {
    this.#target = new URL(target)
    this.#server = createServer((message, response) => {
      this.#pass(message, response).catch(() => response.destroy())
    })
    this.#server.on('connection', (socket) => {
      this.#connections += 1
      this.mostConnections = Math.max(this.mostConnections, this.#connections)
      socket.once('close', () => (this.#connections -= 1))
    })
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** As it was at the start: no faults, no requests. */
  reset(): void {
    this.requests = []
    this.before = () => undefined
    this.after = () => undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #pass(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(message)
    const request = { number: this.requests.length + 1, method: message.method!, url: message.url! }
    this.requests.push(request)
    const fault = await this.before(request)
    if (fault?.kind === 'status') return answerError(response, fault.status, fault.code)
    if (fault?.kind === 'error-in-200') return answerError(response, 200, fault.code)
    if (fault?.kind === 'lost-request') return void response.destroy()
    if (fault?.kind === 'duplicate') await this.#forward(message, body)
    const answer = await this.#forward(message, body)
    await this.after(request)
    if (fault?.kind === 'lost-answer') return void response.destroy()
    response.writeHead(answer.status, answer.headers)
    if (fault?.kind !== 'cut') return void response.end(answer.body)
    response.write(answer.body.subarray(0, fault.afterBytes), () => response.destroy())
  }

  /** The headers as they are, `Host` among them, which is signed. */
  async #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const { hostname, port } = this.#target
      const request = sendRequest({ hostname, port, method, path: url, headers }, (answer) => {
        bytesOf(answer).then(
          (bytes) => resolve({ status: answer.statusCode!, headers: answer.headers, body: bytes }),
          reject,
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function answerError(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
}
