"""The few functions of CPython's limited C API that `test.test_bytes` goes through, in terms of operators."""


def sequence_getitem(sequence, index):
    """Read an item the way the C API does."""
    return sequence[index]


def sequence_setitem(sequence, index, value):
    """Replace an item the way the C API does."""
    sequence[index] = value


def sequence_delitem(sequence, index):
    """Delete an item the way the C API does."""
    del sequence[index]


def _py_getbuiltwithassert():
    """Say that this is not a build with assertions."""
    return 0
