"""Building strings: concatenation, join, formatting, splitting."""


def main():
    parts = []
    for i in range(100_000):
        parts.append(f"{i:05d}:{i * 7 % 13}")
    text = ",".join(parts)
    total = 0
    for item in text.split(","):
        head, _, tail = item.partition(":")
        total += len(head) + int(tail)
    grown = ""
    for i in range(50_000):
        grown += "ab" if i % 2 else "c"
    return total, len(grown), grown.count("bc"), text.upper().find("99999:")
