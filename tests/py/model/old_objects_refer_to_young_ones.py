# What is stored into an object that has survived a collection is found by the next minor collection: each kind of
# store that builtin types have, while every 97th allocation collects.
# env: PROTOPY_GC_GENERATIONS=1
# env: PROTOPY_GC_VERIFY=1
# env: PROTOPY_GC_STRESS=97
import array
import collections
import contextvars
import functools
import io
import itertools
import operator
import queue
import sys
import threading
import types
import weakref


class Plain:
    pass


class Slotted:
    __slots__ = ("x", "y")


class Overflow:
    def __init__(self):
        self.a = 0


def young(n):
    """An object that nothing else refers to, and that tells whether it is whole."""
    return ["young", [n, str(n)]]


def whole(v, n):
    return type(v) is list and len(v) == 2 and v[0] == "young" and v[1] == [n, str(n)]


def churn():
    for i in range(60):
        [i, [i]]


kinds = []


def kind(make):
    """`make()` answers a function that stores a value, and one that reads what was stored."""
    kinds.append(make)
    return make


@kind
def list_item():
    o = [None]
    return lambda v: operator.setitem(o, 0, v), lambda: o[0]


@kind
def list_statement():
    o = [None]

    def put(v):
        o[0] = v

    return put, lambda: o[0]


@kind
def list_append():
    o = [None] * 9
    return lambda v: o.append(v), lambda: o[-1]


@kind
def list_insert():
    o = [None] * 3
    return lambda v: o.insert(1, v), lambda: o[1]


@kind
def list_extend():
    o = [None] * 3
    return lambda v: o.extend((v,)), lambda: o[-1]


@kind
def list_slice():
    o = [None] * 5

    def put(v):
        o[1:3] = v, v

    return put, lambda: o[2]


@kind
def list_iadd():
    o = [1]

    def put(v):
        nonlocal o
        o += [v]

    return put, lambda: o[-1]


@kind
def list_sort():
    o = [3, 2, 1]

    def put(v):
        o[:] = 3, 2, 1
        o.sort(key=lambda i: -i)
        o.append(v)
        o.sort(key=lambda i: isinstance(i, list))
        o.reverse()

    return put, lambda: o[0]


@kind
def dict_item():
    o = {1: None}

    def put(v):
        o[1] = v

    return put, lambda: o[1]


@kind
def dict_new_key():
    o = {}
    keys = itertools.count()

    def put(v):
        o["k%d" % next(keys)] = v

    return put, lambda: o[max(o, key=lambda k: int(k[1:]))]


@kind
def dict_key():
    o = {}

    def put(v):
        o.clear()
        o[tuple(map(str, v)), 1] = v

    return put, lambda: next(iter(o.values()))


@kind
def dict_setdefault():
    o = {}

    def put(v):
        o.pop("x", None)
        o.setdefault("x", v)

    return put, lambda: o["x"]


@kind
def dict_update():
    o = {}
    return lambda v: o.update(a=v), lambda: o["a"]


@kind
def dict_ior():
    o = {"a": 1}

    def put(v):
        nonlocal o
        o |= {"a": v}

    return put, lambda: o["a"]


@kind
def set_add():
    o = set()

    def put(v):
        o.clear()
        o.add(("t", v[1][0], v[1][1] + "!"))

    return put, lambda: ["young", [next(iter(o))[1], next(iter(o))[2][:-1]]]


@kind
def attribute():
    o = Plain()
    o.x = None

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def new_attributes():
    o = Overflow()
    names = itertools.count()

    def put(v):
        o.last = "a%d" % next(names)
        setattr(o, o.last, v)

    return put, lambda: getattr(o, o.last)


@kind
def slot():
    o = Slotted()

    def put(v):
        o.y = v

    return put, lambda: o.y


@kind
def instance_dict():
    o = Plain()
    o.__dict__

    def put(v):
        o.x = v

    return put, lambda: o.__dict__["x"]


@kind
def new_instance_dict():
    o = Plain()

    def put(v):
        o.__dict__ = {"x": v}

    return put, lambda: o.x


@kind
def class_attribute():
    o = type("C", (), {})

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def class_of_object():
    o = Plain()

    def put(v):
        o.__class__ = type("D", (Plain,), {"x": v})

    return put, lambda: o.x


@kind
def closure_cell():
    x = None

    def put(v):
        nonlocal x
        x = v

    return put, lambda: x


@kind
def cell_contents():
    o = types.CellType()

    def put(v):
        o.cell_contents = v

    return put, lambda: o.cell_contents


@kind
def module_global():
    def put(v):
        global a_global
        a_global = v

    return put, lambda: a_global


@kind
def function_defaults():
    def o(x=None, *, y=None):
        return x

    def put(v):
        o.__defaults__ = (v,)

    return put, lambda: o()


@kind
def function_kwdefaults():
    def o(*, y=None):
        return y

    def put(v):
        o.__kwdefaults__ = {"y": v}

    return put, lambda: o()


@kind
def function_attribute():
    def o():
        pass

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def exception_fields():
    o = OSError()

    def put(v):
        o.args = (v,)
        o.filename = v
        o.__context__ = Exception(v)

    return put, lambda: o.filename if o.args[0] is o.filename is o.__context__.args[0] else None


@kind
def exception_notes():
    o = Exception()

    def put(v):
        o.__notes__ = v

    return put, lambda: o.__notes__


@kind
def generator_local():
    def run():
        v = None
        while True:
            v = yield v

    o = run()
    next(o)
    last = []

    def put(v):
        last[:] = [v[1][0]]
        o.send(v)

    return put, lambda: next(frame_locals(o, "v"))


def frame_locals(g, name):
    yield g.gi_frame.f_locals[name]


@kind
def deque_append():
    o = collections.deque(maxlen=4)
    return lambda v: o.append(v), lambda: o[-1]


@kind
def deque_left():
    o = collections.deque()
    return lambda v: o.appendleft(v), lambda: o[0]


@kind
def deque_extend():
    o = collections.deque()
    return lambda v: o.extend([v]), lambda: o[-1]


@kind
def deque_insert():
    o = collections.deque([1, 2])
    return lambda v: o.insert(1, v), lambda: o[1]


@kind
def deque_item():
    o = collections.deque([1, 2])

    def put(v):
        o[1] = v

    return put, lambda: o[1]


@kind
def ordered_dict():
    o = collections.OrderedDict()

    def put(v):
        o.pop("x", None)
        o["x"] = v
        o["y"] = 1
        o.move_to_end("x")

    return put, lambda: o["x"]


@kind
def default_dict():
    made = []
    o = collections.defaultdict(lambda: made.pop())

    def put(v):
        o.clear()
        made.append(v)
        o["x"]

    return put, lambda: o["x"]


@kind
def simple_queue():
    o = queue.SimpleQueue()
    return lambda v: o.put(v), lambda: o.get()


@kind
def lru_cache():
    given = []

    @functools.lru_cache(maxsize=2)
    def o(n):
        return given.pop()

    last = []

    def put(v):
        last[:] = [v[1][0]]
        given.append(v)
        o(last[0])

    return put, lambda: o(last[0])


@kind
def unbounded_cache():
    given = []

    @functools.cache
    def o(n):
        return given.pop()

    last = []

    def put(v):
        last[:] = [v[1][0]]
        given.append(v)
        o(last[0])

    return put, lambda: o(last[0])


@kind
def partial_state():
    o = functools.partial(list)

    def put(v):
        o.__setstate__((list, (v,), {}, None))

    return put, lambda: o.args[0]


@kind
def partial_attribute():
    o = functools.partial(list)

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def context_variable():
    o = contextvars.ContextVar("o")
    return lambda v: o.set(v), lambda: o.get()


@kind
def context_run():
    o = contextvars.ContextVar("o")
    ctx = contextvars.copy_context()
    return lambda v: ctx.run(o.set, v), lambda: ctx[o]


@kind
def thread_local():
    o = threading.local()

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def tee_branches():
    source = []
    a, b = itertools.tee(iter(source.pop, None))

    def put(v):
        source.append(v)
        next(a)

    return put, lambda: next(b)


@kind
def cycle_items():
    given = []
    o = itertools.cycle(iter(lambda: given.pop() if given else None, None))

    def put(v):
        given.append(v)
        next(o)

    last = []

    def get():
        nonlocal o
        found = next(o)
        last.append(found)
        o = itertools.cycle(iter(lambda: given.pop() if given else None, None))
        return found

    return put, get


@kind
def accumulated():
    given = []
    o = itertools.accumulate(iter(lambda: given.pop(), None), lambda a, b: b if b else a)

    def put(v):
        given.append(v)
        next(o)

    def get():
        given.append([])
        return next(o)

    return put, get


@kind
def grouped():
    given = []
    o = itertools.groupby(iter(lambda: given.pop(0), None), key=lambda v: v[1])
    group = None

    def put(v):
        nonlocal group
        given.append(v)
        group = next(o)[1]

    return put, lambda: next(group)


@kind
def count_from():
    o = itertools.count(1 << 70, 1 << 70)

    def put(v):
        nonlocal n
        n = v
        next(o)

    n = None
    return put, lambda: n if repr(o).startswith("count(") else None


@kind
def zip_longest():
    given = []
    o = itertools.zip_longest(iter(lambda: given.pop(), None), [1], fillvalue=0)

    def put(v):
        given.append(v)
        last[:] = next(o)

    last = []
    return put, lambda: last[0]


@kind
def bytes_io():
    o = io.BytesIO()

    def put(v):
        o.seek(0)
        o.truncate()
        o.write(repr(v).encode() * 50)

    def get():
        return eval(o.getvalue()[: len(o.getvalue()) // 50])

    return put, get


@kind
def string_io():
    o = io.StringIO()

    def put(v):
        o.seek(0)
        o.truncate()
        o.write(repr(v))

    return put, lambda: eval(o.getvalue())


@kind
def text_over_raw():
    class Raw(io.RawIOBase):
        data = b""

        def readable(self):
            return True

        def readinto(self, b):
            n = min(len(b), len(self.data))
            b[:n] = self.data[:n]
            self.data = self.data[n:]
            return n

    raw = Raw()
    o = io.BufferedReader(raw)

    def put(v):
        raw.data = repr(v).encode()
        o.peek()

    return put, lambda: eval(o.read())


@kind
def bytearray_content():
    o = bytearray()

    def put(v):
        o[:] = repr(v).encode() * 20

    return put, lambda: eval(o[: len(o) // 20])


@kind
def array_content():
    o = array.array("u") if False else array.array("B")

    def put(v):
        del o[:]
        o.frombytes(repr(v).encode())

    return put, lambda: eval(o.tobytes())


@kind
def namespace():
    o = types.SimpleNamespace()

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def module_attribute():
    o = types.ModuleType("o")

    def put(v):
        o.x = v

    return put, lambda: o.x


@kind
def weak_values():
    o = weakref.WeakValueDictionary()
    held = []

    def put(v):
        p = Plain()
        p.x = v
        held[:] = [p]
        o["x"] = p

    return put, lambda: o["x"].x


@kind
def weak_keys():
    o = weakref.WeakKeyDictionary()
    key = Plain()

    def put(v):
        o[key] = v

    return put, lambda: o[key]


@kind
def weak_callback():
    target = Plain()
    refs = []

    def put(v):
        refs[:] = [weakref.ref(target, lambda r, v=v: v)]

    return put, lambda: refs[0].__callback__(None)


@kind
def property_doc():
    o = property(doc=None)

    def put(v):
        o.__doc__ = v

    return put, lambda: o.__doc__


@kind
def traceback_next():
    def fail():
        raise ValueError

    try:
        fail()
    except ValueError as e:
        o = e.__traceback__

    def put(v):
        try:
            x = v
            fail()
        except ValueError as e:
            o.tb_next = e.__traceback__

    return put, lambda: o.tb_next.tb_frame.f_locals["x"]


@kind
def annotations():
    def o():
        pass

    def put(v):
        o.__annotations__ = {"x": v}

    return put, lambda: o.__annotations__["x"]


@kind
def enumerate_far():
    o = enumerate([], 1 << 80)
    kept = []

    def put(v):
        kept[:] = [v]
        list(o)

    return put, lambda: kept[0]


@kind
def interned():
    names = {}

    def put(v):
        names.clear()
        names[sys.intern("name of %d" % v[1][0])] = v

    return put, lambda: names.popitem()[1]


pairs = [(make.__name__, *make()) for make in kinds]
churn()
failed = []
for n in range(100, 103):
    for name, put, get in pairs:
        put(young(n))
    churn()
    for name, put, get in pairs:
        if not whole(get(), n):
            failed.append(name)
    churn()
print(len(pairs), failed)
# expect: 67 []
