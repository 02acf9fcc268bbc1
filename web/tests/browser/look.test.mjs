// How pages look and whether everyone can use them: phone width, contrast, labels, landmarks, light and dark.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { everyPage, hydrated, launch, open, phone } from "./support.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

test("no page scrolls sideways on a phone", async () => {
  const { page, close } = await open(browser, { viewport: phone });
  for (const path of await everyPage()) {
    await page.goto(path);
    const wide = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      return [...document.querySelectorAll("main *")].filter((node) => node.getBoundingClientRect().right > width + 1).slice(0, 5).map((node) => node.outerHTML.slice(0, 160));
    });
    assert.deepEqual(wide, [], path);
  }
  await close();
});

test("every page has its landmarks, one h1, and names for its controls", async () => {
  const { page, close } = await open(browser);
  for (const path of await everyPage()) {
    await page.goto(path);
    await hydrated(page);
    const faults = await page.evaluate(() => {
      const faults = [];
      const one = (selector) => document.querySelectorAll(selector).length === 1 || faults.push(`not one ${selector}`);
      one("main"); one("h1"); one("header.site"); one("footer.site"); one("nav[aria-label=Sections]"); one("[role=search]");
      if (!document.documentElement.lang) faults.push("no language");
      if (!document.title) faults.push("no title");
      const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
      for (const id of new Set(ids.filter((id, position) => ids.indexOf(id) !== position))) faults.push(`id ${id} twice`);
      for (const control of document.querySelectorAll("input:not([type=hidden]), select, button")) {
        const named = control.ariaLabel || control.labels?.length || control.textContent.trim() || control.title;
        if (!named) faults.push(`no name: ${control.outerHTML.slice(0, 100)}`);
      }
      for (const link of document.querySelectorAll("a[href]")) {
        if (!link.textContent.trim() && !link.ariaLabel && !link.querySelector("title")) faults.push(`no text: ${link.outerHTML.slice(0, 100)}`);
      }
      for (const table of document.querySelectorAll("table")) if (!table.querySelector("th[scope=col]")) faults.push("table without heads");
      for (const reference of document.querySelectorAll("[aria-labelledby]")) {
        if (!document.getElementById(reference.getAttribute("aria-labelledby"))) faults.push(`label missing: ${reference.outerHTML.slice(0, 100)}`);
      }
      return faults;
    });
    assert.deepEqual(faults, [], path);
  }
  await close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`text can be read: contrast of at least 4.5 in ${colorScheme}`, async () => {
    const { page, close } = await open(browser, { colorScheme });
    for (const path of await everyPage()) {
      await page.goto(path);
      const weak = await page.evaluate(() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const rgba = (css) => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = css;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
          return [r, g, b, a / 255];
        };
        const over = (top, under) => top.slice(0, 3).map((part, index) => part * top[3] + under[index] * (1 - top[3]));
        const luminance = (colour) => {
          const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (node) => {
          const chain = [];
          for (let at = node; at; at = at.parentElement) chain.unshift(rgba(getComputedStyle(at).backgroundColor));
          return chain.reduce((under, top) => over(top, under), [255, 255, 255]);
        };
        const opacity = (node) => {
          let all = 1;
          for (let at = node; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
          return all;
        };
        const weak = new Map();
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const node = walker.currentNode.parentElement;
          // Trailing zeros only line the figures up; what cannot be pressed is said to be so by its paleness.
          if (!walker.currentNode.nodeValue.trim() || node.closest(".zeros, [aria-hidden=true], svg, script, style") || !node.checkVisibility()) continue;
          const under = ground(node);
          const [r, g, b, a] = rgba(getComputedStyle(node).color);
          const text = over([r, g, b, a * opacity(node)], under);
          const [light, dark] = [luminance(text), luminance(under)].sort((one, other) => other - one);
          const ratio = (light + 0.05) / (dark + 0.05);
          if (ratio < 4.5) weak.set(`${node.tagName}.${node.className}`, `${ratio.toFixed(2)} “${walker.currentNode.nodeValue.trim().slice(0, 30)}”`);
        }
        return [...weak];
      });
      assert.deepEqual(weak, [], path);
    }
    await close();
  });
}

test("the system's colours are followed", async () => {
  const shade = async (colorScheme) => {
    const { page, close } = await open(browser, { colorScheme });
    await page.goto("/");
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await close();
    return colour;
  };
  assert.notEqual(await shade("light"), await shade("dark"));
});
