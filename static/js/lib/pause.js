/** Calls `act` once the calls have paused for `wait` milliseconds. */
export function afterPause(act, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}
