/* The contrast of texts that axe cannot tell, because something is drawn or lies there: what is too faint, a sentence each.
   The ground is the nearest one painted under the text; the faint squares of paper and board count as none. */
(selectors) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const seen = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = ([r, g, b, alpha], ground) => [r, g, b].map((value, channel) => value * alpha + ground[channel] * (1 - alpha));
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (!element) return [1, 1, 1];
    const colour = seen(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(element.parentElement));
  };

  const found = [];
  for (const element of selectors.map((selector) => document.querySelector(selector))) {
    if (element.closest("svg")) continue; // figures on a ruler that is decoration: the row says them in words
    const style = getComputedStyle(element);
    const under = ground(element);
    const pair = [light(over(seen(style.color), under)), light(under)].sort((one, other) => other - one);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) found.push(`contrast ${ratio.toFixed(2)} of ${least}: "${element.innerText.slice(0, 40)}"`);
  }
  return found;
}
