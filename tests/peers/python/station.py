"""A weather station: the service of `trait Station` in tests/it/typed.rs, as Python writes it."""


def service():
    def measure(place, times=1, unit="metre"):
        if place["name"] == "Atlantis":
            raise ValueError("no such place: Atlantis")
        return {"place": place["name"], "heights": [place.get("height") or 0.5] * times, "unit": unit}

    async def count(n):
        for i in range(n):
            yield i

    async def report(upto, callback):
        for i in range(upto):
            await callback(i)
        return upto

    async def total(numbers):
        return sum([number async for number in numbers])

    def heavy(values):
        return sum(values)

    def whoami(context=None):
        return context["from"]

    return {
        "id": "station",
        "config": {"visibility": "public", "require_context": ["whoami"]},
        "measure": measure,
        "count": count,
        "report": report,
        "total": total,
        "heavy": heavy,
        "whoami": whoami,
    }
