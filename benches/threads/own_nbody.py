"""Independent work: arithmetic on floats that lie in lists."""

PARTS = 4


def shared(threads):
    return None


def work(state, part):
    bodies = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.5], [4.8, -1.2, -0.1, 0.6, 2.8, -0.02, 0.04],
              [8.3, 4.1, -0.4, -1.0, 1.8, 0.008, 0.01], [12.9, -15.1, -0.2, 1.08, 0.87, -0.01, 0.002]]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(65_000):
        for a, b in pairs:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            mag = 0.001 * (dx * dx + dy * dy + dz * dz) ** -1.5
            am, bm = a[6] * mag, b[6] * mag
            a[3] -= dx * bm
            a[4] -= dy * bm
            a[5] -= dz * bm
            b[3] += dx * am
            b[4] += dy * am
            b[5] += dz * am
        for body in bodies:
            body[0] += 0.001 * body[3]
            body[1] += 0.001 * body[4]
            body[2] += 0.001 * body[5]
    return bodies[1][0]


def result(state, results):
    return round(sum(results), 6)
