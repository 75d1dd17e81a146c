/** What a look is: {styles: {name: share}, strength, stroke_scale, colour}. */

/** The look of one style as it is painted when nothing else is said. */
export function plain(style) {
  return { styles: { [style]: 1 }, strength: 1, stroke_scale: 1, colour: "poster" };
}

/** The styles with the largest share first: [[name, share], …]. */
export function shares(look) {
  return Object.entries(look.styles).sort((a, b) => b[1] - a[1]);
}

/** "blue 70%, fire 30%", with what is not as usual: "blue, strength 50%". */
export function label(look) {
  if (!look) return "no look";
  const styles = shares(look);
  const names =
    styles.length === 1
      ? [styles[0][0]]
      : styles.map(([style, share]) => `${style} ${Math.round(share * 100)}%`);
  if (look.strength !== 1) names.push(`strength ${Math.round(look.strength * 100)}%`);
  if (look.stroke_scale !== 1) names.push(`strokes ×${look.stroke_scale}`);
  if (look.colour !== "poster") names.push("source colour");
  return names.join(", ");
}

/** The look with another style in front; strength, strokes and colour stay, a blend does not. */
export function withStyle(look, style) {
  return { ...(look ?? plain(style)), styles: { [style]: 1 } };
}

/** The look with its first style blended with another; `share` (0 to 1) is the other's. */
export function blended(look, other, share) {
  const [first] = Object.keys(look.styles);
  if (!other || other === first) return { ...look, styles: { [first]: 1 } };
  const rest = Math.round((1 - share) * 100) / 100;
  return { ...look, styles: { [first]: rest, [other]: Math.round(share * 100) / 100 } };
}

/** The same look with its styles in the order that they had, if they are the same ones: the first
 * is the one that the other is blended with, and what comes from the server is sorted by name. */
export function inOrderOf(before, look) {
  const names = Object.keys(before?.styles ?? {});
  const same = look && names.length === shares(look).length && names.every((name) => name in look.styles);
  if (!same) return look;
  return { ...look, styles: Object.fromEntries(names.map((name) => [name, look.styles[name]])) };
}
