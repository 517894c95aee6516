import { afterEach, describe, expect, it, vi } from 'vitest'
import { serviceAddress } from './service-address.ts'

afterEach(() => vi.unstubAllEnvs())

describe('serviceAddress', () => {
  it('is what the environment says', () => {
    vi.stubEnv('LETHE_TEST_ADDRESS', 'http://127.0.0.1:9000')
    expect(serviceAddress('LETHE_TEST_ADDRESS')).toBe('http://127.0.0.1:9000')
  })

  it.each([undefined, ''])('fails and names the variable when it is %j', (value) => {
    vi.stubEnv('LETHE_TEST_ADDRESS', value)
    expect(() => serviceAddress('LETHE_TEST_ADDRESS')).toThrow('LETHE_TEST_ADDRESS is not set')
  })
})
