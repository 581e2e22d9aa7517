// `npx node test/console/pictures.ts`: takes the pictures of the console in `docs/images` anew, of a product that runs for
// it alone: at the width of a screen, a tablet and a phone, in the light and the dark theme. Run by hand when the page
// has changed, and the pictures looked at.
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import sharp from 'sharp';
import { type Product, startProduct } from '../product/product.ts';
import { findChromium } from './browser.ts';
import { sendBatch, sendToAll, sendToNowhere } from './seeds.ts';

type Theme = 'light' | 'dark';

interface Shot {
  /** Of the console. */
  readonly hash: string;
  readonly theme: Theme;
}

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SCREEN = { width: 1360, height: 850 };
const TABLET = { width: 820, height: 1000 };
const PHONE = { width: 390, height: 844 };
/** Of every picture; they are shown smaller. */
const WIDTH = 1000;
const GAP = 12;

const product = await startProduct();
const browser = await chromium.launch({
  executablePath: findChromium()!,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
try {
  await takeAll(browser, product);
} finally {
  await browser.close();
  await product.stop();
}

async function takeAll(browser: Browser, product: Product): Promise<void> {
  await seed(product);
  const [photo, batch] = [
    await newest(product, 'photo-themes'),
    await newest(product, 'house-prices', 'STANDARD'),
  ];
  const stage = `${photo}/stages/AssessQuality`;
  const shots = { browser, url: `${product.httpUrl}/console/` };
  const one = (hash: string, theme: Theme): Shot[] => [{ hash, theme }];
  await take('console-list', one('', 'light'), { ...shots, viewport: SCREEN });
  await take('console-stage', one(stage, 'light'), { ...shots, viewport: SCREEN });
  await take('console-graph', one(`${photo}?view=graph`, 'dark'), { ...shots, viewport: SCREEN });
  await take('console-batch', one(`${batch}?view=batch`, 'dark'), { ...shots, viewport: SCREEN });
  const pair = [...one(stage, 'light'), ...one('#/endpoints', 'dark')];
  await take('console-tablet', pair, { ...shots, viewport: TABLET });
  const row = [
    ...one('', 'dark'),
    ...one(photo, 'light'),
    ...one(stage, 'dark'),
    ...one(`${batch}?view=batch`, 'light'),
  ];
  await take('console-phone', row, { ...shots, viewport: PHONE });
}

/** The second request of each finds its models loaded. */
async function seed(product: Product): Promise<void> {
  for (let round = 0; round < 6; round += 1) await sendToAll(product);
  await sendToNowhere(product);
  await sendBatch(product);
}

async function newest({ httpUrl }: Product, pipeline: string, type = 'EXPRESS'): Promise<string> {
  const answer = await fetch(`${httpUrl}/executions?pipeline=${pipeline}`);
  const { executions } = (await answer.json()) as { executions: { arn: string; type: string }[] };
  return `#/executions/${encodeURIComponent(executions.find((each) => each.type === type)!.arn)}`;
}

interface Shots {
  readonly browser: Browser;
  readonly url: string;
  readonly viewport: { readonly width: number; readonly height: number };
}

/** Several stand side by side. */
async function take(name: string, shots: readonly Shot[], { browser, url, viewport }: Shots): Promise<void> {
  const { width, height } = viewport;
  const taken: Buffer[] = [];
  for (const { hash, theme } of shots) {
    const page = await browser.newPage({ viewport, colorScheme: theme });
    await page.goto(url + hash);
    await page.waitForLoadState('networkidle').catch(() => {});
    // What is drawn last: pictures of payloads, the graph's layout.
    await page.waitForTimeout(1500);
    taken.push(await page.screenshot());
    await page.close();
  }
  const sheet = sharp({
    create: { width: taken.length * (width + GAP) - GAP, height, channels: 3, background: '#808080' },
  }).composite(taken.map((input, at) => ({ input, left: at * (width + GAP), top: 0 })));
  const whole = sharp(await sheet.png().toBuffer()).resize({ width: WIDTH });
  await whole.png({ palette: true, effort: 10 }).toFile(`${FOLDER}${name}.png`);
  console.log(`docs/images/${name}.png`);
}
