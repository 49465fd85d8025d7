"""Float arithmetic on the items of lists: five bodies under gravity, in steps of Euler's kind."""


def step(bodies, dt):
    for i, a in enumerate(bodies):
        for b in bodies[i + 1 :]:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            force = dt / (dx * dx + dy * dy + dz * dz) ** 1.5
            ma, mb = a[6] * force, b[6] * force
            a[3] -= dx * mb
            a[4] -= dy * mb
            a[5] -= dz * mb
            b[3] += dx * ma
            b[4] += dy * ma
            b[5] += dz * ma
    for a in bodies:
        a[0] += dt * a[3]
        a[1] += dt * a[4]
        a[2] += dt * a[5]


def energy(bodies):
    total = 0.0
    for i, a in enumerate(bodies):
        total += 0.5 * a[6] * (a[3] ** 2 + a[4] ** 2 + a[5] ** 2)
        for b in bodies[i + 1 :]:
            total -= a[6] * b[6] / ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2) ** 0.5
    return total


def main():
    bodies = [[float(i * 3), float(i * i), float(-i), 0.01 * i, -0.02 * i, 0.005, 1.0 / (i + 1)] for i in range(5)]
    for _ in range(20_000):
        step(bodies, 0.001)
    return round(energy(bodies), 9)
