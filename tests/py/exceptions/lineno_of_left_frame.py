# The line of a frame that an exception has left: where it was raised, or what passed it on.
import sys


def lines(f):
    try:
        f()
    except ZeroDivisionError as e:
        frame = e.__traceback__.tb_next.tb_frame
        return frame.f_lineno - frame.f_code.co_firstlineno


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False


def other_clause():
    try:
        1 / 0
    except TypeError:
        pass


def cleaned_up():
    try:
        1 / 0
    finally:
        pass


def in_with():
    with Manager():
        1 / 0


print(lines(other_clause))  # expect: 3
print(lines(cleaned_up))  # expect: 4
print(lines(in_with))  # expect: 2
