/** Where to cut a text at `end` or one unit before, so that no surrogate pair is split. */
export function cutBeforePair(text: string, end: number): number {
  if (end <= 0 || end >= text.length) return end;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
}
