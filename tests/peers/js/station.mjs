// A weather station: the service of `trait Station` in tests/it/typed.rs, as JavaScript writes it.

export const service = () => ({
  id: "station",
  config: { visibility: "public", require_context: ["whoami"] },
  measure: (place, times, unit) => {
    if (place.name === "Atlantis") throw new Error("no such place: Atlantis");
    return {
      place: place.name,
      heights: Array(times ?? 1).fill(place.height ?? 0.5),
      unit: unit ?? "metre",
    };
  },
  count: async function* (n) {
    for (let i = 0; i < n; i++) yield i;
  },
  report: async (upto, callback) => {
    for (let i = 0; i < upto; i++) await callback(i);
    return upto;
  },
  total: async (numbers) => {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  },
  heavy: (values) => values.reduce((sum, value) => sum + value, 0),
  whoami: (context) => context.from,
});
