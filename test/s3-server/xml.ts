/** XML enough for S3's documents: elements of elements or text. */
export type XmlValue = string | number | boolean | undefined | XmlElement | readonly XmlElement[]
export interface XmlElement {
  readonly [name: string]: XmlValue | readonly (string | number)[]
}

export function xmlDocument(name: string, content: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${children(content)}</${name}>`
}

function children(content: XmlElement): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((item) => element(name, item)))
    .join('')
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return ''
  const inner = typeof value === 'object' ? children(value as XmlElement) : escapeText(String(value))
  return `<${name}>${inner}</${name}>`
}

function escapeText(text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
  // XML 1.0 has no other control characters, and would lose these.
  return escaped.replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The texts of all elements of a name, in order; what is inside an element is found by calling it on that text. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map((found) => found[1]!)
}

export function textOf(xml: string, name: string): string | undefined {
  const text = textsOf(xml, name)[0]
  return text === undefined ? undefined : unescapeText(text)
}

export function unescapeText(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(#x[0-9a-fA-F]+|#[0-9]+|[a-z]+);/g, (whole, body: string) => {
    if (body.startsWith('#x')) return String.fromCodePoint(Number.parseInt(body.slice(2), 16))
    if (body.startsWith('#')) return String.fromCodePoint(Number(body.slice(1)))
    return named[body] ?? whole
  })
}
