import type { Measured } from './http.ts'

const WIDTH = 720
const LEFT = 150
const BAR = 14
const COLOURS: Readonly<Record<string, string>> = {
  mock: '#1a55b0',
  prism: '#b3261e',
  express: '#7c8798',
  bare: '#a8b1be',
  node: '#cfd5dd',
}

/** The time that a server's processor takes for a request, as bars: an SVG that reads in light and dark. */
export function pictureOf(measured: readonly Measured[]): string {
  const timed = measured.filter((one) => one.time)
  const most = Math.max(...timed.map(({ time }) => time?.[2] ?? 0))
  let y = 8
  const lines: string[] = []
  for (const [row, ones] of Map.groupBy(timed, (one) => one.row)) {
    lines.push(`<text x="0" y="${y + BAR - 2}" font-weight="600">${row}</text>`)
    for (const { server, time: [median, least, top] = [0, 0, 0] } of ones) {
      const [width, from, to] = [median, least, top].map((value) => ((WIDTH - LEFT - 90) * value) / most)
      const middle = y + BAR / 2
      lines.push(
        `<text x="${LEFT - 8}" y="${y + BAR - 3}" text-anchor="end">${server}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${width?.toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[server] ?? '#7c8798'}"/>`,
        `<path d="M${(LEFT + (from ?? 0)).toFixed(1)} ${middle}H${(LEFT + (to ?? 0)).toFixed(1)}" stroke="#111" stroke-width="1"/>`,
        `<text x="${(LEFT + (to ?? 0) + 6).toFixed(1)}" y="${y + BAR - 3}">${median.toFixed(0)} µs</text>`,
      )
      y += BAR + 2
    }
    y += 10
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="sans-serif" font-size="12">
<title>Processor time of the server for a request, in microseconds: median, and from least to most</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${lines.join('\n')}
</svg>
`
}
