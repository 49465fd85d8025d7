# Messages name native types of modules with their module, classes of programs without.
import array
import collections


class Own:
    pass


def told(f):
    try:
        f()
    except TypeError as e:
        print(e)


for x in (collections.deque(), array.array("i"), Own()):
    told(lambda: "" + x)
    told(lambda: "".join([x]))
    told(lambda: [1][x])
    told(lambda: ord(x))
# expect: can only concatenate str (not "collections.deque") to str
# expect: sequence item 0: expected str instance, collections.deque found
# expect: list indices must be integers or slices, not collections.deque
# expect: ord() expected string of length 1, but collections.deque found
# expect: can only concatenate str (not "array.array") to str
# expect: sequence item 0: expected str instance, array.array found
# expect: list indices must be integers or slices, not array.array
# expect: ord() expected string of length 1, but array.array found
# expect: can only concatenate str (not "Own") to str
# expect: sequence item 0: expected str instance, Own found
# expect: list indices must be integers or slices, not Own
# expect: ord() expected string of length 1, but Own found
