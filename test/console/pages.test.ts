// The console in a real Chromium, against real executions of all pipelines, used as a person would.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../product/callers.ts';
import { type Product, startProduct } from '../product/product.ts';
import { accessFaults, findChromium, type OpenBrowser, openBrowser } from './browser.ts';
import { PHOTO, PIPELINES, runChain, runOn, sendBatch, sendToAll, sendToNowhere } from './seeds.ts';

const OVERFLOW = 'document.documentElement.scrollWidth - innerWidth';

const chromium = findChromium();
if (chromium === undefined)
  console.warn('No Chromium (CHROMIUM_PATH): the console is not tried in a browser.');

describe.skipIf(chromium === undefined)('the console', () => {
  let product: Product;
  let browser: OpenBrowser;
  let failed: string;
  let chain: string;

  beforeAll(async () => {
    product = await startProduct();
    const seeding = Promise.all([
      sendToNowhere(product),
      runChain(product, 5000),
      sendToAll(product),
      sendBatch(product),
    ]);
    browser = await openBrowser(chromium!, `${product.httpUrl}/console/`);
    [failed, chain] = await seeding;
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  /** Opens a page, and fails when the page has written an error to its console by the time it is closed. */
  async function visit(hash: string, look: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.open(hash);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) errors.push(message.text());
    });
    await look(page);
    expect(errors).toEqual([]);
    await page.close();
  }

  const rows = (page: Page, grid: string) => page.getByRole('grid', { name: grid }).locator('.grid-row.body');

  it('lists executions, and narrows them by filters that are in the address', () =>
    visit('', async (page) => {
      await rows(page, 'Executions').first().waitFor();
      for (const [pipeline] of PIPELINES)
        await rows(page, 'Executions').filter({ hasText: pipeline }).first().waitFor();

      await page.getByLabel('Status').selectOption('FAILED');
      await seen(() => rows(page, 'Executions').count()).toBe(1);

      expect(await rows(page, 'Executions').innerText()).toMatch(/Failed[\s\S]*ModelNotFound in Estimate/);
      expect(page.url()).toContain('status=FAILED');
      await page.getByLabel('Error').fill('StageTimeout');
      await page.keyboard.press('Enter');
      await page.getByText('No execution of the last 14 days fits').waitFor();
      await page.getByRole('button', { name: 'Clear' }).click();
      await rows(page, 'Executions').nth(4).waitFor();
    }));

  it('applies a filter when the typing pauses, and forgets an unfinished one when the reader goes elsewhere', () =>
    visit('', async (page) => {
      await rows(page, 'Executions').nth(1).waitFor();
      await page.getByLabel('Error').pressSequentially('ModelNot');
      await page.evaluate("location.hash = '#/endpoints'");
      await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
      await page.evaluate("location.hash = '#/executions'");
      expect(await page.getByLabel('Error').inputValue()).toBe('');

      await page.getByLabel('Error').pressSequentially('Unfinished');
      await page.evaluate("location.hash = '#/executions?status=FAILED'");
      await seen(() => page.getByLabel('Error').inputValue()).toBe('');
      await page.getByLabel('Failed stage').pressSequentially('Estimate');

      await seen(() => page.url()).toMatch(/#\/executions\?status=FAILED&stage=Estimate$/);
      await seen(() => rows(page, 'Executions').count()).toBe(1);
    }));

  it('shows an execution that begins while one looks', () =>
    visit('#/executions?pipeline=tumour-screening', async (page) => {
      await rows(page, 'Executions').first().waitFor();
      const before = await rows(page, 'Executions').count();

      await ask(product, 'tumour-screening', await exampleOf('tumour-screening'));

      await seen(() => rows(page, 'Executions').count()).toBe(before + 1);
    }));

  it('goes from the list to a stage and back by keyboard alone', () =>
    visit('#/executions?pipeline=photo-themes', async (page) => {
      await rows(page, 'Executions').first().waitFor();
      await page.getByLabel('Failed stage').focus();
      for (let press = 0; press < 4 && !(await isRowFocused(page)); press += 1)
        await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await rows(page, 'Stages over time').nth(4).waitFor();
      await page.getByRole('tab', { name: 'Waterfall' }).focus();
      for (let press = 0; press < 4 && !(await isRowFocused(page)); press += 1)
        await page.keyboard.press('Tab');
      for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');

      await page.getByRole('heading', { name: 'Recognise', exact: true }).waitFor();
      expect(page.url()).toContain('/stages/Recognise');
      await seen(() => page.evaluate('document.activeElement.textContent')).toBe('Recognise');
      await page.keyboard.press('Escape');

      await seen(() => page.url()).not.toContain('/stages/');
      expect(await page.evaluate('document.activeElement.textContent')).toContain('Recognise');
    }));

  it.each(PIPELINES)('shows what the stages of %s got and gave', (pipeline, stages, tried) =>
    visit(`#/executions?pipeline=${pipeline}&status=SUCCEEDED`, async (page) => {
      await rows(page, 'Executions').filter({ hasText: 'Express' }).last().click();
      await page.getByRole('heading', { name: pipeline, level: 1 }).waitFor();
      await rows(page, 'Stages over time').first().waitFor();
      const titles = await page.locator('.row-title:not(.attempt)').allInnerTexts();
      expect(titles.map((title) => title.replace(/^.*:\s*/s, ''))).toEqual([...stages]);

      await rows(page, 'Stages over time').filter({ hasText: tried }).first().click();
      const panel = page.getByRole('complementary', { name: `Stage ${tried}` });
      await panel.locator('.json').first().waitFor();
      await panel.getByRole('tab', { name: /Input/ }).click();
      await panel.locator('.json').first().waitFor();
      await panel
        .getByRole('link', { name: /ttempt 1/ })
        .first()
        .click();
      await page.getByRole('heading', { name: `${tried}, attempt 1` }).waitFor();
      expect(page.url()).toContain(`/stages/${tried}/attempts/1`);
    }),
  );

  it('shows a tensor by its shape and values', () =>
    visit('#/executions?pipeline=photo-themes&status=SUCCEEDED', async (page) => {
      await rows(page, 'Executions').first().click();
      await rows(page, 'Stages over time')
        .filter({ hasText: /\bRecognise/ })
        .click();

      await page.locator('.panel .tensor').first().waitFor();

      const tensor = await page.locator('.panel .tensor').first().innerText();
      expect(tensor).toMatch(/dtype\s+FP\d+\s+shape\s+\[40\][\s\S]*max\s+(1|0\.9)/);
    }));

  it('stops one that runs', () =>
    visit('', async (page) => {
      const running = await runOn(product, 20);
      await page.goto(`${product.httpUrl}/console/#/executions/${encodeURIComponent(running)}`);
      await page.getByRole('button', { name: 'Stop' }).click();

      await page.locator('.execution-head').getByText('Aborted').waitFor();

      await page.getByRole('button', { name: 'Redrive' }).waitFor();
    }));

  it('reads an error for a person, and its links last', () =>
    visit(`#/executions/${failed}`, async (page) => {
      const error = page.getByRole('region', { name: 'Why it failed' });
      await error.waitFor();
      expect(await error.innerText()).toMatch(
        /ModelNotFound in Estimate[\s\S]*Nowhere_TX[\s\S]*→ Upload the artefact/,
      );
      // What it quotes of the input is for those who may read that.
      await error.getByText('There is no model for "Nowhere_TX"').waitFor();

      await error.getByRole('link', { name: 'Estimate' }).click();
      await page.getByRole('link', { name: 'Iteration 0, attempt 1' }).click();
      await page.getByRole('heading', { name: 'Estimate, attempt 1' }).waitFor();
      await page.reload();

      await page.getByRole('heading', { name: 'Estimate, attempt 1' }).waitFor();
    }));

  it('draws the state machine coloured by the run, whose states lead to their stages', () =>
    visit(`#/executions/${failed}?view=graph`, async (page) => {
      await page.getByRole('link', { name: /^Estimate\s*, Failed$/ }).waitFor();
      expect(await page.locator('.state.unvisited').allInnerTexts()).toContainEqual(
        expect.stringMatching(/^Postprocess/),
      );

      await page.getByRole('link', { name: /^Preprocess\s*, Succeeded$/ }).click();

      await page.getByRole('heading', { name: 'Preprocess', exact: true }).waitFor();
    }));

  it('sends a photo that is dropped onto the page, and shows it beside the upscaled one', () =>
    visit('#/endpoints', async (page) => {
      await page.getByRole('heading', { name: 'Endpoints', exact: true }).waitFor();
      await dropPhoto(page);
      await page.getByAltText('To be sent: rose.png').waitFor();
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('Answered with 200').waitFor();

      await page.getByRole('link', { name: 'Look at its execution' }).click();
      await rows(page, 'Stages over time').filter({ hasText: 'AssessQuality' }).click();
      const pictures = page.locator('.panel > .payloads > .pictures img');
      await pictures.nth(1).waitFor();

      const drawn = await pictures.evaluateAll((all) =>
        all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth),
      );
      expect(drawn).toEqual([96, 192]);
      await page.getByRole('heading', { name: 'Logs' }).click();
      await page
        .getByText(/REPORT RequestId/)
        .first()
        .waitFor();
      await page.getByRole('tab', { name: 'Input and output' }).click();
      expect(await page.locator('.own-payloads .labels').innerText()).toMatch(
        /mouse, monkey, rose[\s\S]*animals/,
      );
    }));

  it('says of a file that no pipeline of pictures takes that it is of the wrong type', () =>
    visit('#/send/photo-themes', async (page) => {
      await page.locator('.drop').waitFor();
      await dropFile(page, { name: 'houses.csv', type: 'text/csv', bytes: Buffer.from('a,b') });

      await page.getByText(/^houses\.csv is text\/csv: photo-themes takes image\//).waitFor();
      expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    }));

  it('says that a token was wrong', () =>
    visit('', async (page) => {
      await page.route('**/executions?*', (route) =>
        route.fulfill({ status: 401, json: { message: 'Forbidden' } }),
      );
      await page.getByLabel('Token').fill('not it');
      expect(await page.getByText('The token that was given is wrong').count()).toBe(0);
      await page.getByRole('button', { name: 'Use it' }).click();

      await page.getByText('The token that was given is wrong').waitFor();
    }));

  it('sends a record with the pipeline’s example filled in, and tells what is wrong with another', () =>
    visit('#/send/house-prices', async (page) => {
      await seen(() => page.getByLabel('Record, JSON').inputValue()).toContain('Houston_TX');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('1300546').waitFor();

      await page.getByLabel('Record, JSON').fill('{"city":"Houston_TX"}');
      await page.getByRole('button', { name: 'Send' }).click();

      await page.getByText('Refused with 400').waitFor();
      await page.getByText('InvalidPayload').waitFor();
    }));

  it('scrolls a history of 10,000 events to its end, a few of which are in the page at a time', () =>
    visit(`#/executions/${encodeURIComponent(chain)}?view=events`, async (page) => {
      await rows(page, 'Events').first().waitFor();
      await page.getByRole('grid', { name: 'Events' }).locator('.row-link').first().focus();
      await page.keyboard.press('End');

      await page.getByText('ExecutionSucceeded').waitFor();
      expect(await rows(page, 'Events').count()).toBeLessThan(80);
      expect(await page.getByRole('grid', { name: 'Events' }).getAttribute('aria-rowcount')).toBe('10003');
    }));

  it('shows how a batch went: progress, classes of errors, the first failing records', () =>
    visit('#/executions?pipeline=house-prices', async (page) => {
      const row = rows(page, 'Executions').filter({ hasText: 'street-csv' });
      await row.getByText('1 of 59 records failed').waitFor();
      await row.click();
      await page.getByText('59: 58 succeeded, 1 failed').waitFor();
      await page.getByText('without its children and their endpoint time').waitFor();
      await page.getByRole('tab', { name: 'Map and batch' }).click();
      await page.getByText(/^100 % of 1 chunk: 1 succeeded$/).waitFor();
      await page.getByText('59 records in the input: 58 succeeded, 1 failed').waitFor();
      expect(await page.getByRole('region', { name: 'Why records failed' }).innerText()).toMatch(
        /InvalidPayload\s+Preprocess\s+1/,
      );

      await page.getByText('Position 10').click();
      await page.getByText('"old"', { exact: true }).waitFor();
      await rows(page, 'Child executions').first().click();

      await expect
        .poll(() =>
          page
            .locator('.row-title')
            .allInnerTexts()
            .then((all) => all.join()),
        )
        .toContain('Preprocess');
    }));

  it('leads from the log group to what the execution’s functions wrote', () =>
    visit('#/executions?pipeline=diabetes-progression', async (page) => {
      await rows(page, 'Executions').first().click();
      await page.getByRole('link', { name: '/aws/vendedlogs/states/' }).click();

      await page
        .getByRole('region', { name: 'Logs' })
        .getByText(/By time/)
        .waitFor();
      expect(await page.getByRole('tab', { name: 'Logs' }).getAttribute('aria-selected')).toBe('true');
    }));

  it('tells what is loaded where, and draws metrics of stages and of the endpoints that are there', () =>
    visit('#/endpoints', async (page) => {
      const endpoint = page.getByRole('region', { name: 'seriatim-dev-house-prices', exact: true });
      await endpoint.getByText('Houston_TX.tar.gz', { exact: true }).first().waitFor();
      expect(await endpoint.innerText()).toMatch(
        /cities multi-model[\s\S]*models? in memory[\s\S]*\d+ cold loads?, 0 evictions/,
      );
      expect(await endpoint.locator('canvas').count()).toBe(1);

      await page.getByRole('link', { name: 'Metrics' }).click();
      await page.getByRole('region', { name: 'Estimate' }).locator('canvas').nth(2).waitFor();

      expect(await page.getByRole('region', { name: 'Endpoints', exact: true }).innerText()).toContain(
        'seriatim-dev-house-prices',
      );
      expect(await page.getByRole('img', { name: /^Latency: last p50 \d/ }).count()).toBeGreaterThan(2);
    }));

  it('runs an execution again against another model, and compares the two', () =>
    visit(`#/executions/${failed}`, async (page) => {
      await page.getByRole('button', { name: 'Run again …' }).click();
      await page.getByLabel(/Target model/).fill('Houston_TX.tar.gz');
      await page.getByRole('button', { name: 'Run again', exact: true }).click();
      await page.getByRole('link', { name: failed }).waitFor();
      await page.getByText('Succeeded', { exact: true }).first().waitFor();

      await page.getByRole('link', { name: 'compare' }).click();

      await page.getByRole('rowheader', { name: 'Preprocess' }).waitFor();
    }));

  it('shows no payload to one who may look but not read', () =>
    visit('', async (page) => {
      await page.route('**/payloads/**', (route) =>
        route.fulfill({
          status: 403,
          json: { error: { code: 'NotAllowed', message: 'Payloads are not for you.' } },
        }),
      );
      await page.goto(`${product.httpUrl}/console/#/executions/${failed}/stages/Preprocess`);

      await page.getByRole('complementary').getByText('NotAllowed').waitFor();

      expect(await page.locator('.json').count()).toBe(0);
      expect(
        (await page.getByText('Where the time went').count()) + (await page.getByText('Started').count()),
      ).toBeGreaterThan(0);
    }));

  it.each(['light', 'dark'] as const)(
    'passes axe in %s, at every width, and nothing is cut off',
    (colorScheme) =>
      visit('', async (page) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const faults: string[] = [];
        for (const [hash, ready] of pagesToCheck()) {
          await page.goto(`${product.httpUrl}/console/${hash}`);
          await page.locator(ready).first().waitFor();
          for (const width of [1280, 768, 390]) {
            await page.setViewportSize({ width, height: 800 });
            const overflow = (await page.evaluate(OVERFLOW)) as number;
            if (overflow > 0) faults.push(`${hash} at ${width} is ${overflow} pixels too wide`);
          }
          await page.setViewportSize({ width: colorScheme === 'light' ? 1280 : 390, height: 800 });
          faults.push(...(await accessFaults(page)).map((fault) => `${hash} ${fault}`));
        }
        expect(faults).toEqual([]);
      }),
    60_000,
  );

  function pagesToCheck(): (readonly [hash: string, ready: string])[] {
    return [
      ['#/executions', '.grid-row.body'],
      [`#/executions/${failed}/stages/Estimate`, '.panel .json'],
      [`#/executions/${failed}?view=graph`, '.state'],
      [`#/executions/${failed}?view=table`, '.grid-row.body'],
      [`#/executions/${failed}?view=events`, '.grid-row.body'],
      [`#/executions/${failed}?view=payloads`, '.json'],
      ['#/send/photo-themes', '.drop'],
      ['#/endpoints', '.card'],
      ['#/metrics/house-prices', 'canvas'],
    ];
  }

  async function exampleOf(pipeline: string): Promise<unknown> {
    const { pipelines } = (await (await fetch(`${product.httpUrl}/pipelines`)).json()) as {
      pipelines: { name: string; example: unknown }[];
    };
    return pipelines.find(({ name }) => name === pipeline)!.example;
  }
});

/** As `expect.poll`, patient with a machine that is busy. */
function seen<T>(look: () => T) {
  return expect.poll(look, { timeout: 8000, interval: 30 });
}

async function isRowFocused(page: Page): Promise<boolean> {
  return (await page.evaluate('document.activeElement.classList.contains("row-link")')) as boolean;
}

/** As a browser does when a file is let go over the page. */
function dropPhoto(page: Page): Promise<void> {
  return dropFile(page, { name: 'rose.png', type: 'image/png', bytes: readFileSync(PHOTO) });
}

interface Dropped {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

async function dropFile(page: Page, { name, type, bytes: content }: Dropped): Promise<void> {
  const bytes = JSON.stringify([...content]);
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(${bytes})], '${name}', { type: '${type}' }));
    return transfer;
  })()`);
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
}
