// A person at a browser: who logs in through the login page, goes from view to view, and sees what goes wrong behind the page.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PASSWORD } from './house.mjs';

const require = createRequire(`${process.env.JAMEY_NODE}/package.json`);
const { chromium } = require('playwright-core');
const axe = require('axe-core');

const SHOTS = path.resolve('target/dashboard');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a browser writes as an error, and is an answer: nobody is logged in; it was not computed yet. */
const ANSWERS = [[401, /\/session$/], [404, /\/v1\/mind\/(phi|identity)$/]];
const PATIENCE = 30_000;

export const launch = (more = []) => chromium.launch({ executablePath: process.env.JAMEY_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    // A page that is put in by hand comes from nowhere, and may not speak to this host otherwise.
    ...(process.env.JAMEY_PAGES ? ['--disable-features=LocalNetworkAccessChecks'] : []), ...more] });

export class Visitor {
  /** `user` null: nobody logs in. */
  static async come(browser, house, { user = 'anna', phone = false, dark = false, hash = '#/' } = {}) {
    const context = await browser.newContext({ viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 800 }, isMobile: phone, hasTouch: phone,
      colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', timezoneId: house.zone, locale: 'en-GB' });
    await pagesFrom(process.env.JAMEY_PAGES, context);
    const me = new Visitor();
    Object.assign(me, { context, house, name: `${phone ? 'phone' : 'wide'}-${dark ? 'dark' : 'light'}`, wrong: [], answers: [], ignores: [] });
    me.page = await context.newPage();
    me.page.setDefaultTimeout(PATIENCE);
    await me.watch();
    await me.page.goto(`${house.url}/${hash}`);
    if (user) await me.logIn(user);
    return me;
  }

  async watch() {
    const { page } = this;
    // A violation of the policy is written to the console by the browser itself; this says which.
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)));
    page.on('response', (answer) => this.answers.push([answer.status(), new URL(answer.url()).pathname]));
    page.on('pageerror', (error) => this.wrong.push(`not caught: ${error.stack}`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      const { url } = message.location();
      const status = Number(/status of (\d+)/.exec(message.text())?.[1]);
      if (ANSWERS.some(([is, where]) => is === status && where.test(url))) return;
      if (!this.ignores.some((one) => one.test(message.text()))) this.wrong.push(`console: ${message.text()} ${url}`);
    });
  }

  async logIn(user) {
    await this.page.fill('input[name=user]', user);
    await this.page.fill('input[name=password]', PASSWORD);
    await this.page.click('button[type=submit]');
    await this.page.waitForFunction(() => document.querySelector('main').dataset.view !== 'login');
    await this.settled();
  }

  /** `#/entities/lamp`, as a link would lead there. */
  async go(hash) {
    await this.page.evaluate((to) => {
      document.querySelectorAll('dialog[open]').forEach((one) => one.close());
      const main = document.querySelector('main');
      if (location.hash === to) dispatchEvent(new HashChangeEvent('hashchange'));
      else location.hash = to;
      main.firstElementChild.dataset.before = '';
    }, hash);
    await this.page.waitForFunction(() => !document.querySelector('main > [data-before]'));
    await this.settled();
  }

  async settled() {
    await this.page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('[aria-busy]'));
  }

  /** Until the page's main part, or a dialog, says this. */
  async says(text, where = 'main') {
    await this.page.waitForFunction(([place, says]) => [...document.querySelectorAll(place)].some((one) => one.textContent.includes(says)), [where, text]).catch(async (error) => {
      throw new Error(`${where} does not say “${text}” but: ${(await this.text(where)).slice(0, 1500)}`, { cause: error });
    });
  }

  text(where = 'main') {
    return this.page.evaluate((place) => [...document.querySelectorAll(place)].map((one) => one.textContent).join('\n'), where);
  }

  press(label, where = 'main') {
    return this.page.locator(`${where} button`, { hasText: label }).first().click();
  }

  async shot(name) {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.evaluate(() => scrollTo(0, 0));
    await this.page.screenshot({ path: path.join(SHOTS, `${name}-${this.name}.png`), animations: 'disabled' });
  }

  /** Everything that axe finds, and whether the page is wider than the screen. */
  async sound(what) {
    await this.page.evaluate(`typeof axe === 'object' || (() => { ${axe.source} })()`);
    const { violations } = await this.page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), AXE_TAGS);
    for (const { id, nodes } of violations) {
      this.wrong.push(...nodes.slice(0, 3).map((node) => `axe, ${what}, ${this.name}: ${id}: ${node.html.slice(0, 200)}: ${node.failureSummary.replace(/\s+/g, ' ')}`));
    }
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) this.wrong.push(`${what}, ${this.name}: ${over} px wider than the screen`);
  }

  /** Tab by Tab to what fits; how many it took. */
  async tabTo(what, fits, most = 80) {
    for (let n = 1; n <= most; n += 1) {
      await this.page.keyboard.press('Tab');
      if (await this.page.evaluate(fits)) return n;
    }
    throw new Error(`${what} cannot be reached with Tab`);
  }

  async leave() {
    await this.context.close();
    if (this.wrong.length) throw new Error([...new Set(this.wrong)].join('\n'));
  }
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };

/** The pages of a folder instead of those in the binary, under the binary's policy. */
async function pagesFrom(folder, context) {
  if (!folder) return;
  await context.route((url) => !/^\/(v1\/|session$)/.test(url.pathname), async (route) => {
    const { pathname, origin } = new URL(route.request().url());
    const file = path.join(folder, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(file)) return route.continue();
    const policy = (await route.fetch({ url: `${origin}/` })).headers()['content-security-policy'];
    return route.fulfill({ headers: { 'content-type': TYPES[path.extname(file)], ...(policy ? { 'content-security-policy': policy } : {}) }, body: readFileSync(file) });
  });
}
