namespace MgcpSipBridge.Console.Tests;

/// <summary>Looks for texts that cannot be read well: WCAG 2.2, 1.4.3 (AA).</summary>
internal static class Readable
{
    /// <summary>A script that answers with the texts whose contrast to their ground is too small: 4.5, for large ones 3.</summary>
    public const string Script = """
        () => {
          const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
          const light = ([r, g, b]) => [r, g, b].map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
          const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3]));
          const ground = node => {
            const layers = [];
            for (let n = node; n; n = n.parentElement) {
              const c = parse(getComputedStyle(n).backgroundColor);
              if (c[3] > 0) layers.push(c);
              if (c[3] === 1) break;
            }
            return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255]);
          };
          const found = [];
          const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const text = texts.currentNode.textContent.trim();
            const node = texts.currentNode.parentElement;
            if (!text || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || node.closest('.hidden, noscript, option, .skip, :disabled')) continue;
            const style = getComputedStyle(node);
            const ink = node instanceof SVGElement ? style.fill : style.color;
            const below = ground(node.closest('svg') ? node.closest('svg').parentElement : node);
            const [a, b] = [light(over(parse(ink), below)), light(below)];
            const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
            if (ratio < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)} (${ink} on ${below.map(Math.round)})`);
          }
          return [...new Set(found)].slice(0, 20);
        }
        """;
}
