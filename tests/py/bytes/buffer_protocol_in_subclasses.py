class A(bytearray):
    def __buffer__(self, flags):
        return super().__buffer__(flags)

    def __release_buffer__(self, view):
        print("release", view.tobytes())
        super().__release_buffer__(view)

a = A(b"hello")
with memoryview(a) as m:
    print(m.tobytes())  # expect: b'hello'
# expect: release b'hello'
a.append(33)
print(a)  # expect: A(b'hello!')

class B(bytearray):
    def __release_buffer__(self, view):
        try:
            memoryview(view)
        except ValueError as e:
            print(e)  # expect: cannot create new view on restricted memoryview
        print(view.tobytes())  # expect: b'abc'
        super().__release_buffer__(view)

with memoryview(B(b"abc")):
    pass

class C:
    def __init__(self):
        self.view = memoryview(b"kept")

    def __buffer__(self, flags):
        return self.view

c = C()
print(bytes(c), bytes(c))  # expect: b'kept' b'kept'

b = bytearray(b"x,y")

class Evil:
    def __index__(self):
        b.clear()
        return 44

for f in (b.find, b.count, b.index, b.rfind):
    try:
        f(Evil())
    except BufferError as e:
        print(e)  # expect: Existing exports of data: object cannot be re-sized
        # expect: Existing exports of data: object cannot be re-sized
        # expect: Existing exports of data: object cannot be re-sized
        # expect: Existing exports of data: object cannot be re-sized

m = memoryview(b"abc")
h = hash(m)
m.release()
print(hash(m) == h == hash(b"abc"))  # expect: True
m = memoryview(bytearray(b"abcdef"))

class Release:
    def __index__(self):
        m.release()
        return 2

print(bytes(m[:Release()]))  # expect: b'ab'
