"""Loops, try, with, and every way out of them."""


class CM:
    def __init__(self, log, swallow=False): self.log, self.swallow = log, swallow
    def __enter__(self): self.log.append("enter"); return self
    def __exit__(self, t, v, tb):
        self.log.append(("exit", t and t.__name__, v and v.args, tb is not None))
        return self.swallow


def f1(n):
    out = []
    for i in range(n):
        try:
            if i == 1: continue
            if i == 4: break
            out.append(i)
        finally:
            out.append(("f", i))
    else:
        out.append("else")
    return out

assert f1(3) == [0, ("f", 0), ("f", 1), 2, ("f", 2), "else"]
assert f1(9) == [0, ("f", 0), ("f", 1), 2, ("f", 2), 3, ("f", 3), ("f", 4)]


def f2(log):
    try:
        return log.append("body") or 1
    finally:
        log.append("finally")

log = []
assert f2(log) == 1 and log == ["body", "finally"]


def f3():
    x = 1
    try:
        return x
    finally:
        x = 2

assert f3() == 1


def f4():
    for i in (1, 2, 3):
        try:
            raise ValueError(i)
        except ValueError as e:
            if e.args[0] == 2:
                return e.args, i
            continue
        finally:
            i += 10

assert f4() == ((2,), 2)


def f5(log):
    with CM(log) as a, CM(log, True):
        raise KeyError(1)
    log.append("after")
    with CM(log) as b:
        return b is not a

log = []
assert f5(log) is True
assert log == ["enter", "enter", ("exit", "KeyError", (1,), True), ("exit", None, None, False), "after",
               "enter", ("exit", None, None, False)], log


def f6(log):
    while True:
        with CM(log):
            try:
                break
            finally:
                log.append("fin")
    for i in range(3):
        with CM(log):
            if i < 2: continue
            log.append(i)
    return len(log)

log = []
assert f6(log) == 2 + 1 + 7, log


def f7():
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise ValueError("second") from None
        finally:
            z = 1
    except ValueError as e2:
        assert isinstance(e2.__context__, ZeroDivisionError) and e2.__cause__ is None and e2.__suppress_context__
        try:
            e
        except UnboundLocalError:
            return z

assert f7() == 1


def f8():
    import sys
    seen = []
    def exc(): return sys.exception() and type(sys.exception()).__name__
    try:
        raise KeyError
    except KeyError:
        seen.append(exc())
        try:
            raise ValueError
        except ValueError:
            seen.append(exc())
        seen.append(exc())
        for _ in (1, 2):
            try:
                raise TypeError
            except TypeError:
                seen.append(exc())
                if _ == 1: continue
                break
        seen.append(exc())
    seen.append(exc())
    return seen

assert f8() == ["KeyError", "ValueError", "KeyError", "TypeError", "TypeError", "KeyError", None], f8()


def f9():
    try:
        raise KeyError("a")
    except KeyError:
        try:
            raise
        except KeyError as e:
            return e.args

assert f9() == ("a",)


def f10():
    try:
        pass
    except E:
        x = 1
    else:
        x = 2
    finally:
        y = x
    while x < 10:
        x += 1
        if x == 5: continue
    else:
        x = 100
    return x, y

assert f10() == (100, 2)


def f11(a):
    if a: x = 1
    try:
        return x
    except UnboundLocalError as e:
        return str(e)

assert f11(1) == 1
assert f11(0) == "cannot access local variable 'x' where it is not associated with a value", f11(0)


def f12():
    x = 1
    del x
    try:
        x
    except UnboundLocalError:
        pass
    else:
        assert 0
    for x in (1, 2):
        if x == 2:
            try:
                y
            except NameError:
                y = 5
            return y
        else:
            y = 3
            del y

assert f12() == 5


def star(*excs):
    out = []
    try:
        try:
            raise ExceptionGroup("g", list(excs))
        except* ValueError as e:
            out.append(("v", len(e.exceptions)))
        except* (KeyError, TypeError) as e:
            out.append(("k", len(e.exceptions)))
            if len(excs) > 3: raise IndexError
        else:
            out.append("else")
        finally:
            out.append("fin")
    except BaseException as e:
        out.append(type(e).__name__)
        if isinstance(e, BaseExceptionGroup): out.append([type(x).__name__ for x in e.exceptions])
    return out

assert star(ValueError()) == [("v", 1), "fin"], star(ValueError())
assert star(ValueError(), KeyError()) == [("v", 1), ("k", 1), "fin"]
assert star(ValueError(), OSError()) == [("v", 1), "fin", "ExceptionGroup", ["OSError"]]
assert star(KeyError(), TypeError(), ValueError(), ValueError())[:2] == [("v", 2), ("k", 2)]


def nested_finally(log):
    for i in range(2):
        try:
            try:
                if i == 0: continue
                return i
            finally:
                log.append(("inner", i))
        finally:
            log.append(("outer", i))

log = []
assert nested_finally(log) == 1
assert log == [("inner", 0), ("outer", 0), ("inner", 1), ("outer", 1)]


def loops():
    out = []
    for i in range(3):
        for j in range(3):
            if j == 1: continue
            if i == 1: break
            out.append((i, j))
        else:
            out.append(i)
    i = 0
    while i < 3:
        i += 1
        if i == 2: continue
        out.append(i)
    while (i := i - 1) > 0:
        out.append(i)
    return out

assert loops() == [(0, 0), (0, 2), 0, (2, 0), (2, 2), 2, 1, 3, 2, 1], loops()


def conds(a, b, c):
    r = []
    if a and b or c: r.append(1)
    if not (a or b) and not c: r.append(2)
    if (a if b else c): r.append(3)
    if a is None or b is not None and c != 1: r.append(4)
    if 0 < a <= 5 != b: r.append(5)
    if a in (1, 2) and b not in {3, 4}: r.append(6)
    r.append(a and b); r.append(a or b); r.append(not a)
    r.append(a < b < c); r.append((a == 1) is True)
    return r

assert conds(1, 2, 3) == [1, 3, 4, 5, 6, 2, 1, False, True, True], conds(1, 2, 3)
assert conds(0, 0, 0) == [2, 4, 0, 0, True, False, False], conds(0, 0, 0)
assert conds(7, 3, 1) == [1, 3, 3, 7, False, False, False], conds(7, 3, 1)
print("ok")
