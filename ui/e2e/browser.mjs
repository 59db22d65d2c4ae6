// A real Chromium with a new profile, and what every walk does with it: named steps that end at the first console error, page error,
// failed request, refused answer or Content-Security-Policy message, and pictures that are also held against the accessibility rules.
import { AxeBuilder } from '@axe-core/playwright';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

/**
 * Runs `work` with a page and its tools; resolves to the names of the steps done, rejects at the first thing that is wrong.
 *
 * WAGGLE_CHROMIUM    the browser (default /usr/bin/chromium)
 * WAGGLE_SCREENSHOTS a folder for screenshots, light and dark (default: none are kept)
 */
export async function inBrowser({ shots = process.env.WAGGLE_SCREENSHOTS, say = console.log }, work) {
  const profile = mkdtempSync(join(tmpdir(), 'waggle-walk-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
  });
  try {
    if (shots) mkdirSync(shots, { recursive: true });
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(20_000);
    const steps = [];
    await work({ page, steps, check, ...tools(page, shots, say, steps) });
    return steps;
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function tools(page, shots, say, steps) {
  let complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy/i.test(message.text()))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`page error: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => {
    // Leaving a page cancels its requests; that is asked for.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED')
      complaints.push(`request failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} from ${response.url()}`);
  });

  /** `refused`: the status that this step asks for; an answer with it, and what the console says of it, is no complaint. */
  const step = async (name, work, { refused } = {}) => {
    try {
      await work();
      if (refused) {
        const about = complaints.filter((text) => text.startsWith(`${refused} from`));
        check(about.length > 0, `no answer was ${refused}`);
        complaints = complaints.filter((text) => !about.includes(text) && !text.includes(`status of ${refused}`));
      }
      if (complaints.length > 0) throw new Error(complaints.join('\n'));
    } catch (error) {
      if (shots) await page.screenshot({ path: join(shots, 'failed.png') }).catch(() => undefined);
      throw new Error(
        `${name}: ${error.message}\n  at ${page.url()}${complaints.length > 0 ? `\n  ${complaints.join('\n  ')}` : ''}`,
        { cause: error },
      );
    }
    steps.push(name);
    say(`ok  ${name}`);
  };
  const still = () =>
    page.evaluate(() =>
      document.fonts.ready.then(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
      ),
    );
  /** A screenshot in both themes, and the accessibility rules in both. */
  const shoot = async (name, { axe = true } = {}) => {
    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await still();
      if (axe) await checkAccess(page, scheme);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${scheme}.png`) });
    }
  };
  return { step, still, shoot };
}

async function checkAccess(page, scheme) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .setLegacyMode()
    .analyze();
  const found = violations.map((v) => {
    const nodes = v.nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary ?? ''}`);
    return `${v.id}: ${nodes.slice(0, 3).join(' | ')}`;
  });
  check(found.length === 0, `accessibility (${scheme}): ${found.join('; ')}`);
}

/** Share of the pixels of a canvas that are not fully transparent. */
export const inked = (page, selector) =>
  page
    .locator(selector)
    .first()
    .evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
      return count / (data.length / 4);
    });

/** Runs a walk as a program: its arguments are an origin and what else the walk takes. */
export async function main(usage, walk) {
  const [origin, ...rest] = process.argv.slice(2);
  if (!origin) {
    console.error(`usage: ${usage}`);
    process.exit(2);
  }
  try {
    const steps = await walk(origin.replace(/\/$/, ''), ...rest);
    console.log(`${steps.length} steps passed`);
  } catch (error) {
    console.error(`FAILED ${error.message}`);
    process.exitCode = 1;
  }
}
