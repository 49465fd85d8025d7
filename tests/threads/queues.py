"""Queues and deques: what goes in comes out once, in the order of each producer."""

import collections
import queue
import threading


def ROUND(round):
    def sentinel(put, n):
        for _ in range(n):
            put(None)

    kinds = [queue.Queue(), queue.Queue(7), queue.SimpleQueue(), queue._PySimpleQueue(), queue.LifoQueue()]
    pipe = round.random.choice(kinds)
    ordered = not isinstance(pipe, queue.LifoQueue)
    items, line, bounded = collections.deque(), collections.deque(), collections.deque(maxlen=5)
    default = collections.defaultdict(list)
    left = threading.Semaphore(0)

    def produce(index, rng):
        count = 0
        while round.go_on():
            for _ in range(20):
                pipe.put((index, count))
                items.append((index, count)) if rng.random() < 0.5 else items.appendleft((index, count))
                count += 1
            mess(index, rng)
        left.release()
        return count, None

    def consume(index, rng):
        got, popped = [], []
        done = False
        while not done:
            done = left._value >= producers
            try:
                while True:
                    got.append(pipe.get(timeout=0.01) if rng.random() < 0.01 else pipe.get_nowait())
            except queue.Empty:
                pass
            try:
                while True:
                    popped.append(items.pop() if rng.random() < 0.5 else items.popleft())
            except IndexError:
                pass
            mess(index, rng)
        return got, popped

    def mess(index, rng):
        token = index
        for _ in range(10):
            op = rng.randrange(14)
            try:
                if op < 3:
                    line.append(token)
                elif op == 3:
                    line.extend([token] * 3)
                elif op == 4:
                    line.rotate(rng.randrange(-3, 3))
                elif op == 5:
                    line.pop()
                elif op == 6:
                    line.popleft()
                elif op == 7:
                    for item in line:
                        assert item < round.threads
                elif op == 8:
                    line.remove(token)
                elif op == 9:
                    line.insert(2, token)
                elif op == 10:
                    list(line), line.copy(), line.count(token), line.index(token), line[0]
                elif op == 11:
                    line.clear() if len(line) > 200 else line.reverse()
                elif op == 12:
                    del line[0]
                    line[0] = token
                else:
                    bounded.append(token)
                    assert len(bounded) <= 5
            except (IndexError, ValueError, RuntimeError):
                pass
        default[rng.randrange(5)].append(index)

    producers = (round.threads + 1) // 2
    results = round.run(produce, consume) if round.threads > 1 else [produce_alone(round, produce)]
    made = [(i, n) for i, (count, _) in enumerate(results) if type(count) is int for n in range(count)]
    got, popped = [], list(items)
    for first, second in results:
        if type(first) is not int:
            got += first
            popped += second
            if ordered:
                last = {}
                for owner, number in first:
                    assert last.get(owner, -1) < number, "out of order"
                    last[owner] = number
    while True:
        try:
            got.append(pipe.get_nowait())
        except queue.Empty:
            break
    assert sorted(got) == sorted(made), (len(got), len(made))
    assert sorted(popped) == sorted(made), (len(popped), len(made))
    assert all(type(item) is int and item < round.threads for item in line)


def produce_alone(round, produce):
    return round.run(produce)[0]
