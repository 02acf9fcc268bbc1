// What the script adds: keys, suggestions, copying, colours, panes, live rows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { everyPage, feed, finalExtrinsic, hydrated, launch, open, withIslands } from "./support.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });
const options = { skip: withIslands ? false : "the islands were not built" };

test("no page shifts its layout or complains in the console", options, async () => {
  for (const path of await everyPage()) {
    const { page, problems, close } = await open(browser);
    await page.goto(path);
    await hydrated(page);
    // Long enough for a tick of the clock and a message of the live stream.
    await page.waitForTimeout(path === "/" ? 4_000 : 1_200);
    const shifts = await page.evaluate(() => window.shifts);
    const total = shifts.reduce((sum, shift) => sum + shift.value, 0);
    assert.ok(total < 0.01, `${path} shifts by ${total}: ${JSON.stringify(shifts)}`);
    assert.deepEqual(problems, [], path);
    await close();
  }
});

test("the keyboard reaches search, help, neighbours and sections", options, async () => {
  const { finalized } = await feed();
  const { page, problems, close } = await open(browser);
  await page.goto(`/block/${finalized - 1}`);
  await hydrated(page);
  await page.keyboard.press("p");
  await page.waitForURL(`**/block/${finalized - 2}`);
  await hydrated(page);
  await page.keyboard.press("n");
  await page.waitForURL(`**/block/${finalized - 1}`);
  await hydrated(page);
  await page.keyboard.press("?");
  assert.ok(await page.locator("dialog#help").isVisible());
  await page.keyboard.press("Escape");
  assert.ok(!(await page.locator("dialog#help").isVisible()));
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("pg?");
  assert.equal(await page.locator("#q").inputValue(), "pg?", "keys are text inside a field");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.waitForURL("**/blocks");
  assert.deepEqual(problems, []);
  await close();
});

test("suggestions come while one types and are followed by keys", options, async () => {
  const { finalized } = await feed();
  const { page, problems, close } = await open(browser);
  await page.goto("/");
  await hydrated(page);
  await page.locator("#q").pressSequentially(String(finalized), { delay: 20 });
  const option = page.getByRole("option").first();
  await option.waitFor();
  assert.match(await option.innerText(), /Block/);
  await page.keyboard.press("ArrowDown");
  assert.equal(await option.getAttribute("aria-selected"), "true");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/block/${finalized}`);
  assert.deepEqual(problems, []);
  await close();
});

test("a copy button copies the whole value", options, async () => {
  const { finalized } = await feed();
  const { page, problems, close } = await open(browser);
  await page.goto(`/block/${finalized}`);
  await hydrated(page);
  const button = page.getByRole("button", { name: "Copy hash", exact: true });
  await button.click();
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^0x[0-9a-f]{64}$/);
  assert.equal(copied, await button.getAttribute("data-copy"));
  // By hand, the shortened text is copied whole too.
  const selected = await page.locator(".facts .hex .mid").first().evaluate((node) => {
    getSelection().selectAllChildren(node);
    return getSelection().toString();
  });
  assert.match(selected, /^0x[0-9a-f]{64}$/);
  assert.deepEqual(problems, []);
  await close();
});

test("colours change at once and are remembered by the server", options, async () => {
  const { page, close } = await open(browser);
  await page.goto("/");
  await hydrated(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark colours" }).click();
  assert.notEqual(await background(), light);
  await page.goto("/blocks");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  assert.notEqual(await background(), light);
  await close();
});

test("decoded and raw arguments change places without a new page", options, async () => {
  const wanted = await finalExtrinsic();
  const { page, problems, close } = await open(browser);
  await page.goto(`/extrinsic/${wanted.block}-${wanted.index}`);
  await hydrated(page);
  await page.evaluate(() => { window.same = true; });
  await page.getByRole("link", { name: "Raw JSON" }).click();
  assert.ok(await page.locator("pre.raw").isVisible());
  assert.ok(!(await page.locator("ol.tree").isVisible()));
  assert.match(page.url(), /args=raw/);
  assert.equal(await page.evaluate(() => window.same), true);
  JSON.parse(await page.locator("pre.raw").innerText());
  await page.reload();
  assert.ok(await page.locator("pre.raw").isVisible(), "the link shows what one saw");
  assert.deepEqual(problems, []);
  await close();
});

test("the stream of the home page delivers the feed", options, async () => {
  const { page, close } = await open(browser);
  await page.goto("/help");
  const first = await page.evaluate(() => new Promise((resolve, reject) => {
    const source = new EventSource("/live/blocks");
    source.onmessage = (event) => { source.close(); resolve(JSON.parse(event.data)); };
    source.onerror = () => reject(new Error("no stream"));
  }));
  assert.ok(first.blocks.length > 0);
  assert.ok(first.totals.blocks > 0);
  await close();
});

test("what-if runs the epoch again in the browser, at every keystroke", options, async () => {
  const { page, problems, close } = await open(browser);
  await page.goto("/verification");
  const epoch = page.locator(".strip a[href^='/subnet/2/']").last();
  await page.goto(await epoch.getAttribute("href"));
  await hydrated(page);
  // the server is not asked again: only the inputs are fetched, once
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const form = page.locator("#what-if form");
  await form.locator("[name=kappa]").fill("65535");
  await page.locator("#what-if [aria-live] > *").first().waitFor();
  const first = await page.locator("#what-if [aria-live]").innerText();
  await form.locator("[name=kappa]").fill("70000");
  await page.locator("#what-if .notice.bad").waitFor();
  await form.locator("[name=kappa]").fill("65535");
  await page.locator("#what-if .notice.bad").waitFor({ state: "detached" });
  assert.equal(asked.filter((path) => path.endsWith("/inputs.json")).length, 1);
  assert.equal(asked.filter((path) => !path.endsWith("/inputs.json")).length, 0, asked.join(" "));
  // sent to the server, the same change has the same outcome
  await form.getByRole("button", { name: "Run again" }).click();
  await page.waitForURL("**kappa=65535**");
  assert.equal(await page.locator("#what-if [aria-live]").innerText(), first);
  assert.deepEqual(problems, []);
  await close();
});
