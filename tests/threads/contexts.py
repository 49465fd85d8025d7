"""Context variables, more than fit one node of a context: contexts of one thread, contexts that threads copy, tokens."""

import contextvars
import threading

VARIABLES = [contextvars.ContextVar(str(n)) for n in range(90)]


def ROUND(round):
    shared = contextvars.copy_context()
    lock = threading.Lock()

    def fill(rng):
        tokens, expected = [], {}
        for v in rng.sample(VARIABLES, 60):
            new = [v.name, object()]
            tokens.append((v, v.set(new), expected.get(v)))
            expected[v] = new
            assert v.get() is new
        for v, new in expected.items():
            assert v.get() is new and contextvars.copy_context()[v] is new
        rng.shuffle(tokens)
        for v, token, _ in tokens:
            assert token.var is v
            v.reset(token)
        for v in expected:
            assert v.get(None) is None
        return len(expected)

    def inner(rng, index, depth):
        variable = VARIABLES[(index * 7 + depth) % len(VARIABLES)]
        mine = [index, depth]
        token = variable.set(mine)
        if depth < 20:
            contextvars.copy_context().run(inner, rng, index, depth + 1)
        assert variable.get() is mine
        variable.reset(token)

    def work(index, rng):
        done = 0
        while round.go_on():
            op = rng.randrange(4)
            if op == 0:
                done += contextvars.Context().run(fill, rng)
            elif op == 1:
                contextvars.copy_context().run(inner, rng, index, 0)
            elif op == 2:
                with lock:
                    shared.run(VARIABLES[rng.randrange(90)].set, [index])
            else:
                copy = shared.copy()
                assert all(len(v) == 1 and k in VARIABLES for k, v in copy.items()) and len(copy) == len(list(copy))
                assert all(k in copy and copy[k] is v for k, v in copy.items())
        return done

    round.run(work)
